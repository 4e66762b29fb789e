//! Policies for `tower::retry::Retry`.

mod builder;
mod judge;
mod policy;
mod wait;

#[cfg(feature = "http")]
mod http;
#[cfg(feature = "http")]
mod told;

pub use builder::RetryPolicyBuilder;
#[cfg(feature = "http")]
#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
pub use http::{HttpRetry, Outgoing};
pub use judge::{Again, NoMark, RetryFn, Retryable, Verdict, retry_fn};
pub use policy::RetryPolicy;
pub use wait::RetryWait;
