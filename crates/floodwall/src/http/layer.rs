use std::sync::Arc;

use tower_layer::Layer;

use super::answer::Answers;
use super::classify::Classify;
use super::{Admit, HandOn, HoldUntil};

/// Puts a policy in front of any HTTP service; refusals are responses, errors stay as they are.
///
/// The state is in the policy: every service that this layer or a clone of it makes shares it,
/// however many routes and connections there are. Two layers built separately share nothing.
///
/// ```
/// use floodwall::{ConcurrencyLimit, RateLimit, all, http::{AdmitLayer, HoldUntil}};
///
/// let layer = AdmitLayer::around(all((RateLimit::new("100/s")?, ConcurrencyLimit::new(64))))
///     .hold_until(HoldUntil::Headers);
/// # let _ = layer;
/// # Ok::<(), floodwall::BuildError>(())
/// ```
#[derive(Debug)]
pub struct AdmitLayer<A> {
    shared: Arc<Shared<A>>,
}

/// What all services of one layer share.
#[derive(Debug)]
pub(super) struct Shared<A> {
    pub(super) policy: A,
    pub(super) rim: Rim,
}

/// How decisions become HTTP, and HTTP becomes outcomes.
#[derive(Clone, Debug)]
pub(super) struct Rim {
    pub(super) answers: Answers,
    pub(super) classify: Classify,
    pub(super) hold: HoldUntil,
    pub(super) hold_streams: bool,
    pub(super) tell_handler: bool,
    pub(super) hand_on: Option<HandOn>,
}

impl<A> AdmitLayer<A> {
    /// Protects with `policy`; several become one with [`all`](crate::all).
    pub fn around(policy: A) -> Self {
        let rim = Rim {
            answers: Answers::default(),
            classify: Classify::default(),
            hold: HoldUntil::default(),
            hold_streams: false,
            tell_handler: false,
            hand_on: None,
        };
        Self {
            shared: Arc::new(Shared { policy, rim }),
        }
    }

    /// The policy.
    pub fn policy(&self) -> &A {
        &self.shared.policy
    }

    /// Sets what refusals look like, and which fields answers carry.
    #[must_use]
    pub fn answers(self, answers: Answers) -> Self
    where
        A: Clone,
    {
        self.with(|rim| rim.answers = answers)
    }

    /// Sets how responses count for the policy: success, failure, or overload.
    #[must_use]
    pub fn classify(self, classify: Classify) -> Self
    where
        A: Clone,
    {
        self.with(|rim| rim.classify = classify)
    }

    /// Sets how long a request holds its place. Default: until the end of the body.
    ///
    /// # Panics
    ///
    /// If `at_most` is zero: every body would be overdue at once. Say [`HoldUntil::Headers`] for
    /// that.
    #[must_use]
    #[track_caller]
    pub fn hold_until(self, hold: HoldUntil) -> Self
    where
        A: Clone,
    {
        let at_most = match hold {
            HoldUntil::End { at_most } => at_most,
            HoldUntil::Headers => None,
        };
        assert!(
            at_most != Some(std::time::Duration::ZERO),
            "hold_until: an `at_most` of 0 makes every body overdue at once; use `HoldUntil::Headers`"
        );
        self.with(|rim| rim.hold = hold)
    }

    /// Whether event streams (`text/event-stream`) hold their place to the end, too. Default: no,
    /// they may last for hours and would pin the limit. Upgrades never do; streams
    /// of gRPC always do, because how they ended is in their trailers.
    #[must_use]
    pub fn hold_streams(self, hold: bool) -> Self
    where
        A: Clone,
    {
        self.with(|rim| rim.hold_streams = hold)
    }

    /// Whether the handler finds an [`Admitted`](super::Admitted) among the request's extensions.
    /// Default: no, because it costs an allocation.
    #[must_use]
    pub fn tell_handler(self, tell: bool) -> Self
    where
        A: Clone,
    {
        self.with(|rim| rim.tell_handler = tell)
    }

    /// Tells the inner service the priority that counts here; see [`hand_on`](super::hand_on).
    /// Default: no.
    #[must_use]
    pub fn hand_on_priority(self, hand_on: HandOn) -> Self
    where
        A: Clone,
    {
        self.with(|rim| rim.hand_on = Some(hand_on))
    }

    fn with(mut self, change: impl FnOnce(&mut Rim)) -> Self
    where
        A: Clone,
    {
        match Arc::get_mut(&mut self.shared) {
            Some(shared) => change(&mut shared.rim),
            // Others have it already: they keep their answers, and the policy's state stays common.
            None => {
                let mut rim = self.shared.rim.clone();
                change(&mut rim);
                self.shared = Arc::new(Shared {
                    policy: self.shared.policy.clone(),
                    rim,
                });
            }
        }
        self
    }
}

impl<A> From<A> for AdmitLayer<A> {
    fn from(policy: A) -> Self {
        Self::around(policy)
    }
}

impl<A> Clone for AdmitLayer<A> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<S, A> Layer<S> for AdmitLayer<A> {
    type Service = Admit<S, A>;
    fn layer(&self, inner: S) -> Self::Service {
        Admit::new(inner, Arc::clone(&self.shared))
    }
}
