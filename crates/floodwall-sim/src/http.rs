//! An HTTP service as the service under test: an axum router, anything of hyper's shape.
//!
//! ```
//! use axum::{Router, body::Body, routing::get};
//! use floodwall::ConcurrencyLimitLayer;
//! use floodwall_sim::{Client, Phase, Scenario, Simulation, http::Http};
//! use std::time::Duration;
//!
//! let ms = Duration::from_millis;
//! let flood = Scenario::new("flood")
//!     .capacity(800.0)
//!     .phase(Phase::new("flood", ms(2_000)).load(3.0))
//!     .client(Client::new("all").share(1.0).deadline(ms(200)));
//!
//! let report = Simulation::new(&flood).run(|_| {
//!     let app: Router = Router::new()
//!         .route("/", get(|| tokio::time::sleep(Duration::from_millis(10))))
//!         .layer(ConcurrencyLimitLayer::new(8));
//!     Http::new(app, |_| axum::http::Request::new(Body::empty()))
//! })?;
//! report.overall().p99().at_most(ms(200));
//! # Ok::<(), floodwall_sim::RunError>(())
//! ```

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use floodwall::http::Refused;
use floodwall::{Now, Reason};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Body;
use pin_project_lite::pin_project;
use tower::util::Oneshot;
use tower_service::Service;

use crate::{Answer, Attempt, IntoAnswer};

/// An HTTP service as the service under test.
///
/// `request` makes a request of an attempt. Bodies of responses are read to their end. 429 and 503
/// are refusals, other statuses from 400 on failures, as are their counterparts in gRPC, and
/// everything else is good: a test whose path has a slip must not be green.
pub struct Http<S, F> {
    service: S,
    request: Arc<F>,
}

impl<S, F> Http<S, F> {
    /// Asks `service` with what `request` makes of an attempt.
    pub fn new<B>(service: S, request: F) -> Self
    where
        F: Fn(&Attempt) -> Request<B>,
    {
        Self {
            service,
            request: Arc::new(request),
        }
    }
}

impl<S: Clone, F> Clone for Http<S, F> {
    fn clone(&self) -> Self {
        Self {
            service: self.service.clone(),
            request: Arc::clone(&self.request),
        }
    }
}

impl<S: fmt::Debug, F> fmt::Debug for Http<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Http").field(&self.service).finish()
    }
}

impl<S, F, B, C> Service<Attempt> for Http<S, F>
where
    S: Service<Request<B>, Response = Response<C>> + Clone,
    F: Fn(&Attempt) -> Request<B>,
    C: Body,
{
    type Response = Answer;
    type Error = Failed<S::Error>;
    type Future = HttpFuture<S, B, C>;

    /// Always ready; the service itself is driven to readiness by the future, as servers do.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, attempt: Attempt) -> Self::Future {
        let request = (self.request)(&attempt);
        HttpFuture::Calling {
            call: Oneshot::new(self.service.clone(), request),
            attempt: Some(attempt),
        }
    }
}

/// The service gave an error instead of a response: the connection would have been closed.
#[derive(Clone, Copy, Debug)]
pub struct Failed<E>(
    /// The error.
    pub E,
);

impl<E> IntoAnswer for Failed<E> {
    fn into_answer(self) -> Answer {
        Answer::Failed
    }
}

pin_project! {
    /// The future of [`Http`]: the head of the response, then its body to the end.
    #[project = HttpProj]
    #[derive(Debug)]
    pub enum HttpFuture<S: Service<Request<B>>, B, C> {
        #[doc(hidden)]
        Calling { #[pin] call: Oneshot<S, Request<B>>, attempt: Option<Attempt> },
        #[doc(hidden)]
        Reading { #[pin] body: C, answer: Answer },
    }
}

impl<S, B, C> Future for HttpFuture<S, B, C>
where
    S: Service<Request<B>, Response = Response<C>>,
    C: Body,
{
    type Output = Result<Answer, Failed<S::Error>>;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match self.as_mut().project() {
                HttpProj::Calling { call, attempt } => {
                    let (head, body) = ready!(call.poll(cx)).map_err(Failed)?.into_parts();
                    let answer = answer(&head);
                    if let (Answer::Good { .. }, Some(attempt)) = (answer, attempt) {
                        attempt.answer_begins();
                    }
                    self.set(Self::Reading { body, answer });
                }
                HttpProj::Reading { mut body, answer } => {
                    match ready!(body.as_mut().poll_frame(cx)) {
                        None => return Poll::Ready(Ok(*answer)),
                        Some(Err(_)) => return Poll::Ready(Ok(Answer::Failed)),
                        Some(Ok(frame)) => {
                            let trailers = frame.trailers_ref();
                            if let Some(bad) = trailers.and_then(|map| of_grpc(map, None)) {
                                *answer = bad;
                            }
                        }
                    }
                }
            }
        }
    }
}

fn answer(head: &http::response::Parts) -> Answer {
    let retry_after = head
        .headers
        .get(http::header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .map(Duration::from_secs);
    // floodwall's own refusals say why.
    let reason = head.extensions.get::<Refused>().map(Refused::reason);
    if let Some(bad) = of_grpc(&head.headers, reason) {
        return bad;
    }
    match head.status {
        StatusCode::TOO_MANY_REQUESTS => {
            Answer::refused_for(reason.unwrap_or(Reason::Quota), retry_after)
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            Answer::refused_for(reason.unwrap_or(Reason::Other), retry_after)
        }
        status if status.is_client_error() || status.is_server_error() => Answer::Failed,
        _ => Answer::Good {
            head: Some(Now::unread().instant()),
        },
    }
}

/// What a gRPC status means, unless all is well or there is none.
fn of_grpc(headers: &HeaderMap, reason: Option<Reason>) -> Option<Answer> {
    let status = headers.get("grpc-status")?.as_bytes();
    let wait = || {
        let millis = headers.get("grpc-retry-pushback-ms")?.to_str().ok()?;
        Some(Duration::from_millis(millis.parse().ok()?))
    };
    match status {
        b"0" => None,
        b"8" => Some(Answer::refused_for(reason.unwrap_or(Reason::Quota), wait())),
        b"14" => Some(Answer::refused_for(reason.unwrap_or(Reason::Other), wait())),
        _ => Some(Answer::Failed),
    }
}
