//! Rates: quotas and what enforces them.
//!
//! A [`Quota`] says how much is allowed; a [`Gcra`] enforces one quota for everybody, a
//! [`KeyedGcra`] enforces it for each key in a table of fixed size, and a [`QuotaSet`] enforces
//! several at once, all or none.
//!
//! The algorithm is the virtual scheduling form of the generic cell rate algorithm (ITU-T I.371,
//! annex A): the state is one time, at which all that was let in will have drained at the quota's
//! rate. What is due beyond now is the debt; a request may enter if the debt with its own cost is
//! at most that of the whole burst.
//!
//! ```
//! use floodwall_core::{Moment, rate::{HashSecret, QuotaSet, TableConfig}};
//!
//! let quotas = ["2/s".parse().unwrap(), "60/h burst 3".parse().unwrap()];
//! let set = QuotaSet::keyed(&quotas, &TableConfig::new(10_000)).unwrap();
//! let alice = set.key(&"alice");
//! let now = Moment::ZERO;
//! assert!(set.charge(alice, now, 2).is_ok());
//! let denied = set.charge(alice, now, 1).unwrap_err();
//! assert_eq!(denied.policy.as_str(), "2/s");
//! assert!(set.charge(set.key(&"bob"), now, 1).is_ok());
//! ```

mod atomic;
mod builder;
mod error;
mod gcra;
mod interval;
mod keyed;
#[cfg(all(test, floodwall_loom))]
mod loom_models;
mod parse;
mod quota;
mod set;
mod standing;

pub use builder::{QuotaBuilder, QuotaRequests};
pub use error::QuotaError;
pub use gcra::Gcra;
pub use interval::Effective;
pub use keyed::{HashSecret, KeyHash, KeyHasher, KeyedGcra, TableConfig, TableStats};
pub use quota::Quota;
pub use set::{Charges, QuotaSet, SetDenied, SetStats, Undone};
pub use standing::{Charge, Denied, Standing};
