use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{Answer, Attempt, IntoAnswer};

/// A service whose responses and errors are read as [`Answer`]s, so that it fits in front of a
/// simulated tier.
///
/// ```
/// use floodwall::{ConcurrencyLimit, admit};
/// use floodwall_sim::{Answered, Client, Phase, Scenario, Simulation, Tier, TierService, Times};
/// use std::time::Duration;
/// use tower::Layer;
///
/// let ms = Duration::from_millis;
/// let chain = Scenario::new("chain")
///     .tier(Tier::new("web", 50, Times::constant(ms(1))).calls("database", 2))
///     .tier(Tier::new("database", 10, Times::exponential(ms(5))))
///     .capacity(1_000.0)
///     .phase(Phase::new("calm", ms(2_000)).load(0.5))
///     .client(Client::new("all").share(1.0));
/// let report = Simulation::new(&chain).run(|stage| {
///     stage.backend_behind(|_, tier| {
///         let limit = admit::AdmitLayer::new(ConcurrencyLimit::new(20));
///         TierService::new(Answered::new(limit.layer(tier)))
///     })
/// })?;
/// report.no_false_refusals();
/// # Ok::<(), floodwall_sim::RunError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Answered<S>(S);

impl<S> Answered<S> {
    /// Reads what `service` gives back.
    pub const fn new(service: S) -> Self {
        Self(service)
    }
}

impl<S> Service<Attempt> for Answered<S>
where
    S: Service<Attempt> + Clone,
    S::Response: IntoAnswer,
    S::Error: IntoAnswer,
{
    type Response = Answer;
    type Error = Infallible;
    type Future = AnsweredFuture<S>;

    /// Always ready; the service itself is driven to readiness by the future, as servers do.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, attempt: Attempt) -> AnsweredFuture<S> {
        AnsweredFuture {
            call: tower::util::Oneshot::new(self.0.clone(), attempt),
        }
    }
}

pin_project! {
    /// The future of [`Answered`].
    #[derive(Debug)]
    pub struct AnsweredFuture<S: Service<Attempt>> {
        #[pin]
        call: tower::util::Oneshot<S, Attempt>,
    }
}

impl<S> Future for AnsweredFuture<S>
where
    S: Service<Attempt>,
    S::Response: IntoAnswer,
    S::Error: IntoAnswer,
{
    type Output = Result<Answer, Infallible>;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(match ready!(self.project().call.poll(cx)) {
            Ok(response) => response.into_answer(),
            Err(error) => error.into_answer(),
        }))
    }
}
