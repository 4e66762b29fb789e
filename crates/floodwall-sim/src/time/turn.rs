use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::runtime::Handle;

/// Lets tasks run that a service has spawned, until none of them has anything to do.
///
/// The runtime calls a hook before it parks, which is when all tasks wait. The hook wakes the
/// driver only if it asked: a runtime whose driver is awake does not move its clock.
#[derive(Clone, Default)]
pub(crate) struct Turn(Arc<Inner>);

#[derive(Default)]
struct Inner {
    asked: AtomicBool,
    blocking: AtomicBool,
    driver: Mutex<Option<Waker>>,
}

impl Turn {
    /// Ready at once if there are no tasks, otherwise when all of them wait.
    pub(crate) fn poll_taken(&self, waits: &mut bool, cx: &Context<'_>) -> Poll<()> {
        if *waits {
            if self.0.asked.load(Ordering::Acquire) {
                // Woken by somebody else, while the tasks still had something to do.
                return Poll::Pending;
            }
            *waits = false;
            return Poll::Ready(());
        }
        if Handle::current().metrics().num_alive_tasks() == 0 {
            return Poll::Ready(());
        }
        self.remember(cx.waker());
        self.0.asked.store(true, Ordering::Release);
        *waits = true;
        Poll::Pending
    }

    pub(crate) fn remember(&self, driver: &Waker) {
        let mut stored = self.lock();
        if !stored.as_ref().is_some_and(|old| old.will_wake(driver)) {
            *stored = Some(driver.clone());
        }
    }

    /// All tasks wait.
    pub(crate) fn parks(&self) {
        if self.0.asked.swap(false, Ordering::AcqRel) {
            self.wake();
        }
    }

    /// A thread was started for blocking work.
    pub(crate) fn blocks(&self) {
        self.0.blocking.store(true, Ordering::Release);
        self.wake();
    }

    pub(crate) fn was_blocked(&self) -> bool {
        self.0.blocking.load(Ordering::Acquire)
    }

    fn wake(&self) {
        if let Some(driver) = &*self.lock() {
            driver.wake_by_ref();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Waker>> {
        self.0.driver.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
