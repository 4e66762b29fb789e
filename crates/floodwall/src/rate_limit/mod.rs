//! How much may come in a stretch of time: quotas, for all or for each key.
//!
//! Quotas are enforced by the generic cell rate algorithm (GCRA, ITU-T I.371): over any stretch of
//! time `t`, at most `burst + rate * t` is let in. It does not promise "never more than N in any
//! window"; a burst at the end of one window and one at the start of the next are both within it.
//!
//! Keys live in a table of fixed memory: no sweeper, no growth, whatever strangers send.

mod builder;
mod core;
mod handle;
mod pace;
mod permit;
mod policy;
mod spend;

pub use builder::RateLimitBuilder;
pub use floodwall_core::rate::{Quota, QuotaBuilder, QuotaError};
pub use handle::{RateLimitHandle, RateSnapshot};
pub use permit::RatePermit;
pub use policy::RateLimit;
pub use spend::Spend;
