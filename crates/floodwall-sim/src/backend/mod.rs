//! The simulated service: tiers of workers, and what goes wrong in them.
//!
//! Reading order: [`job`] is one request, [`pool`] the workers and the line before them, [`sharing`] the processor if
//! they share one, [`work`] the
//! future of a request, [`service`] a tier as a `Service`, [`tiers`] all of them together, [`faults`]
//! what changes when, [`capacity`] what is left of the capacity then.

mod capacity;
mod faults;
mod job;
mod pool;
mod service;
mod sharing;
mod tiers;
mod work;

pub(crate) use capacity::Capacity;
pub(crate) use pool::{Pool, Pools, Standing};
pub use service::Backend;
pub(crate) use service::BackendFuture;
pub use tiers::TierService;
pub(crate) use tiers::build;
