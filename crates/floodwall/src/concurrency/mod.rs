//! A bound on how many requests are inside at once, with a waiting line in front of it.
//!
//! Uncontended, entering is one compare-and-swap and leaving another. When the limit is reached,
//! requests wait in a queue that is bounded in length and in time and ordered by priority; what
//! finds no place there, or loses it to something more urgent, is refused at once.
//!
//! The limit can be changed while requests run ([`ConcurrencyLimitHandle::set_limit`]): growing
//! lets waiters in, shrinking takes no place away from anybody, it gives back none until the number
//! inside is below the new limit.
//!
//! For handlers that block the thread of their runtime there is the [`WaitingRoom`].

mod acquire;
mod builder;
mod core;
mod fair;
mod gate;
mod handle;
mod load;
mod permit;
mod policy;
mod room;
mod shadow;
mod tenants;

pub use acquire::Acquire;
pub use builder::ConcurrencyLimitBuilder;
pub use floodwall_core::queue::{FairQueues, QueueConfig, QueueConfigBuilder, Tenant};
pub use handle::{ConcurrencyLimitHandle, ConcurrencySnapshot, Drained};
pub(crate) use load::{LimitLoad, WeakLimit};
pub use permit::ConcurrencyPermit;
pub use policy::ConcurrencyLimit;
pub use room::WaitingRoom;
pub use tenants::{Alike, TenantOf, Tenants};
