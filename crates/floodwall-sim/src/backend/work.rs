use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::pool::{Entered, Pool, Worked};

/// Waits for a worker and for its work; dropped before that, it leaves.
pub(super) struct Work {
    pool: Arc<Pool>,
    id: Option<u32>,
    full: bool,
}

/// A worker that was kept; given back when dropped.
pub(super) struct Kept {
    pool: Arc<Pool>,
    id: u32,
}

impl Work {
    pub(super) fn new(pool: Arc<Pool>, work: f64, keeps: bool) -> Self {
        let (id, full) = match pool.enter(work, keeps) {
            Entered::Job(id) => (Some(id), false),
            Entered::Full => (None, true),
        };
        Self { pool, id, full }
    }

    /// The worker, if it was kept.
    pub(super) fn keep(pool: &Arc<Pool>, id: u32) -> Kept {
        Kept {
            pool: Arc::clone(pool),
            id,
        }
    }
}

impl Future for Work {
    /// How it went and the number of the job; `None` if the line was full.
    type Output = Option<(Worked, u32)>;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.full {
            return Poll::Ready(None);
        }
        let id = self.id.expect("polled to its end once");
        let worked = std::task::ready!(self.pool.poll_worked(id, cx));
        self.id = None;
        Poll::Ready(Some((worked, id)))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            self.pool.cancel(id);
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.pool.release(self.id);
    }
}
