#![cfg_attr(docsrs, feature(doc_cfg))]
//! Overload protection for any `tower::Service`.

pub mod admission;
pub mod admit;
mod clock;
pub mod concurrency;
mod error;
pub mod extract;
#[cfg(feature = "http")]
pub mod http;
mod mode;
mod observe;
pub mod rate_limit;

pub use admission::{
    Admission, All, BoxAdmission, End, Exempting, Matches, Permit, Unused, all, exempt, match_fn,
};
pub use clock::Now;
pub use concurrency::ConcurrencyLimit;
pub use error::BuildError;
pub use floodwall_core::rate::Quota;
pub use floodwall_core::{
    Level, Outcome, PolicyName, PolicyNameError, Priority, QuotaReport, Reason, Rejection, Report,
};
#[cfg(feature = "http")]
pub use http::{ConcurrencyLimitLayer, RateLimitLayer};
pub use mode::{Mode, ModeError};
pub use rate_limit::RateLimit;
