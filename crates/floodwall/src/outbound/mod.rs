//! For calls to others: a breaker, a throttle, a budget for retries.
//!
//! They make a flood shorter from the caller's side. [`Breaker`] holds back calls to what fails,
//! [`Throttle`] those to what refuses; both are policies like any other, for
//! [`http::AdmitLayer`](crate::http::AdmitLayer) or [`admit::AdmitLayer`](crate::admit::AdmitLayer)
//! around a client. [`RetryBudget`] bounds how much is tried again; with the feature `retry`,
//! [`RetryPolicy`] makes a policy of it for `tower::retry::Retry`.
//!
//! ```
//! use floodwall::{admit, outbound::Breaker};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # tokio_test::block_on(async {
//! let client = ServiceBuilder::new()
//!     .layer(admit::AdmitLayer::new(Breaker::new()))
//!     .service(service_fn(async |to: String| Ok::<_, std::io::Error>(to.len())));
//! assert_eq!(client.oneshot("somewhere".to_owned()).await.unwrap(), 9);
//! # });
//! ```
//!
//! The order, outermost first: retries, then breaker or throttle, then a timeout, then the client. So
//! each attempt is judged, a refusal of the breaker is not tried again, and a call that takes too long
//! is a failure and not somebody who left.
//!
//! # What they learn from
//!
//! [`Outcome::Failure`](crate::Outcome::Failure) and [`Outcome::Overload`](crate::Outcome::Overload)
//! are errors, [`Outcome::Success`](crate::Outcome::Success) is none. Calls that floodwall itself
//! refused, here or further in, and calls whose caller left teach nothing.
//!
//! Over HTTP a success is one when its body has been read to the end, and an error when its head has
//! come. A client that never reads bodies leaves all of its successes early, so that only errors would
//! be seen: give it [`HoldUntil::Headers`](crate::http::HoldUntil::Headers).

pub(crate) mod breaker;
mod budget;
mod chance;
#[cfg(feature = "retry")]
mod retry;
pub(crate) mod throttle;

pub use breaker::{
    Breaker, BreakerBuilder, BreakerDecision, BreakerHandle, BreakerPermit, BreakerSnapshot,
};
pub use budget::{
    BudgetedCall, RetryBudget, RetryBudgetBuilder, RetryBudgetHandle, RetryBudgetSnapshot,
};
pub use floodwall_core::outbound::{
    BreakerState, ClassicConfig, Over, PidConfig, ProportionalConfig,
};
#[cfg(feature = "retry")]
#[cfg_attr(docsrs, doc(cfg(feature = "retry")))]
pub use retry::*;
pub use throttle::{
    Throttle, ThrottleBuilder, ThrottleDecision, ThrottleHandle, ThrottlePermit, ThrottleSnapshot,
};

impl From<floodwall_core::outbound::Unsound> for crate::BuildError {
    fn from(unsound: floodwall_core::outbound::Unsound) -> Self {
        Self::new(unsound.field(), unsound.fix())
    }
}
