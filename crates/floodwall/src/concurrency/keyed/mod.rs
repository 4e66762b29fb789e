//! A limit for each key, such as an upstream or a tenant, in a fixed number of slots.

mod builder;
mod future;
mod handle;
mod policy;
mod shared;
mod table;

pub use builder::KeyedConcurrencyLimitBuilder;
pub use future::KeyedAcquire;
pub use handle::{KeyedConcurrencyLimitHandle, KeyedConcurrencySnapshot};
pub use policy::KeyedConcurrencyLimit;
