//! The recommended wall, as one policy: exempt, shed, quotas, queue and limit, in the order that
//! works.
//!
//! | step | what it does | answers |
//! | --- | --- | --- |
//! | stamp | from here on waiting is measured, for the handler and the signals | |
//! | exempt | health checks and preflights pass, under a small limit of their own | 503 |
//! | quotas | each client has its own | 429 |
//! | shed | the least urgent go while the queue stands or something presses | 503 |
//! | queue and limit | the others wait in order of priority, bounded in number and time | 503 |
//!
//! It is one decision: all of them are asked before any is charged. Priority, deadline and whether it
//! is a retry are read once for all. [`Stack::builder`] makes one in code, and [`StackConfig`] is the
//! same as data, to be read from a file (feature `serde`).

mod asked;
mod assemble;
mod builder;
mod check;
mod config;
mod data;
mod describe;
mod explain;
mod handle;
mod key;
mod kind;
mod limit;
mod parts;
mod presets;
mod pressure;
mod priority;
mod quota;
mod wall;

#[cfg(feature = "serde")]
mod limit_text;
#[cfg(feature = "serde")]
mod text;

pub use builder::StackBuilder;
pub use config::{
    ConcurrencyRules, QueueRules, QuotaRules, RoomRule, ShedBy, ShedRules, StackConfig,
};
pub use describe::{Description, Part};
pub use explain::{Explanation, QuotaVerdict, Verdict};
pub use handle::{StackHandle, StackSnapshot};
pub use key::KeyRule;
pub use kind::KindRule;
pub use limit::{AdaptiveRules, LimitRule};
pub use pressure::PressureRules;
pub use priority::{DeadlineRules, HeaderTable, PriorityRule, PriorityRules as PriorityConfig};
pub use wall::{Stack, StackFuture, StackLayer, StackPermit};
