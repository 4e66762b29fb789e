//! One limit whose places are shared out to partitions, with guarantees and borrowing.

mod builder;
mod future;
mod handle;
mod line;
mod permit;
mod policy;
mod shared;

pub use builder::{Everything, PartitionedBuilder};
pub use future::PartitionedAcquire;
pub use handle::{PartitionSnapshot, PartitionedHandle, PartitionedSnapshot};
pub use permit::PartitionedPermit;
pub use policy::{PartitionOf, Partitioned};
