use std::sync::Arc;

use tower::limit::ConcurrencyLimit;
use tower::load_shed::LoadShed;

use crate::Answered;
use crate::backend::{Backend, TierService};

/// tower's own: a shared `ConcurrencyLimit`, and `LoadShed` for whoever would have to wait.
pub(super) fn tower(backend: Backend, limit: usize) -> TierService {
    let places = Arc::new(tokio::sync::Semaphore::new(limit));
    let limited = ConcurrencyLimit::with_semaphore(backend, places);
    TierService::new(Answered::new(LoadShed::new(limited)))
}
