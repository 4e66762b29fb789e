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
//! With [`adaptive`] the limit finds itself: an [algorithm](crate::limit) learns from each request
//! that has left, and says why it moves ([`ConcurrencyLimitHandle::history`]).
//!
//! For handlers that block the thread of their runtime there is the [`WaitingRoom`].

mod acquire;
mod adaptive;
mod builder;
mod core;
mod fair;
mod gate;
mod handle;
mod keyed;
mod load;
mod partitioned;
mod permit;
mod policy;
mod queue_choice;
mod room;
mod shadow;
mod tenants;

pub use acquire::Acquire;
#[cfg(feature = "http")]
pub(crate) use adaptive::Bounds;
#[cfg(any(feature = "http", floodwall_loom))]
pub(crate) use adaptive::LimitChoice;
pub use adaptive::{PastChange, adaptive};
pub use builder::ConcurrencyLimitBuilder;
pub use floodwall_core::queue::{FairQueues, QueueConfig, QueueConfigBuilder, Tenant};
pub use handle::{AdaptiveSnapshot, ConcurrencyLimitHandle, ConcurrencySnapshot, Drained};
pub use keyed::{
    KeyedAcquire, KeyedConcurrencyLimit, KeyedConcurrencyLimitBuilder, KeyedConcurrencyLimitHandle,
    KeyedConcurrencySnapshot,
};
pub(crate) use load::{LimitLoad, WeakLimit};
pub use partitioned::{
    Everything, PartitionOf, PartitionSnapshot, Partitioned, PartitionedAcquire,
    PartitionedBuilder, PartitionedHandle, PartitionedPermit, PartitionedSnapshot,
};
pub use permit::ConcurrencyPermit;
pub use policy::ConcurrencyLimit;
pub(crate) use queue_choice::Line;
pub use queue_choice::QueueChoice;
pub use room::WaitingRoom;
pub use tenants::{Alike, TenantOf, Tenants};

#[cfg(all(test, target_pointer_width = "64"))]
mod tests {
    use super::*;

    /// Whatever holds them moves them about with each request.
    #[test]
    fn what_every_request_holds_is_small() {
        assert!(size_of::<Acquire>() <= 64);
        assert!(size_of::<ConcurrencyPermit>() <= 64);
        assert!(size_of::<floodwall_core::Rejection>() <= 64);
    }
}
