use super::tenant::Tenant;

/// One waiter, linked with its neighbours in the same tenant's queue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) older: u32,
    pub(super) younger: u32,
    pub(super) queue: u32,
    pub(super) tenant: Tenant,
    /// In which order they came.
    pub(super) number: u64,
}
