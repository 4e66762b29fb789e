use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::ThreadId;

/// Which future.
pub(crate) type SlotId = u32;

/// The futures of the requests under way, and which of them were woken, in order.
///
/// A slot keeps its memory and its waker when its future ends, so a run allocates as much as it
/// ever had requests under way.
pub(crate) struct Slots<F> {
    slots: Vec<Slot<F>>,
    free: Vec<SlotId>,
    ready: Arc<Ready>,
}

struct Slot<F> {
    future: Pin<Box<Option<F>>>,
    signal: Arc<Signal>,
    waker: Waker,
}

/// Who was woken.
pub(crate) struct Ready {
    queue: Mutex<VecDeque<SlotId>>,
    /// The driver has gone idle and wants to be woken.
    idle: AtomicBool,
    driver: Mutex<Option<Waker>>,
    thread: ThreadId,
    /// Somebody was woken from another thread.
    foreign: AtomicBool,
}

struct Signal {
    id: SlotId,
    queued: AtomicBool,
    ready: Arc<Ready>,
}

impl<F: Future> Slots<F> {
    pub(crate) fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            ready: Arc::new(Ready {
                queue: Mutex::default(),
                idle: AtomicBool::new(false),
                driver: Mutex::new(None),
                thread: std::thread::current().id(),
                foreign: AtomicBool::new(false),
            }),
        }
    }

    pub(crate) fn ready(&self) -> &Arc<Ready> {
        &self.ready
    }

    /// Gives `future` a slot; it has not been polled yet.
    pub(crate) fn put(&mut self, future: F) -> SlotId {
        let id = self.free.pop().unwrap_or_else(|| self.grow());
        self.slots[id as usize].future.as_mut().set(Some(future));
        id
    }

    fn grow(&mut self) -> SlotId {
        let id = SlotId::try_from(self.slots.len()).expect("fewer than 4 billion requests at once");
        let signal = Arc::new(Signal {
            id,
            queued: AtomicBool::new(false),
            ready: Arc::clone(&self.ready),
        });
        self.slots.push(Slot {
            future: Box::pin(None),
            waker: Waker::from(Arc::clone(&signal)),
            signal,
        });
        id
    }

    /// Polls the future of a slot; when it is ready, the slot is free. A slot whose future is gone
    /// was woken too late, and is pending.
    pub(crate) fn poll(&mut self, id: SlotId) -> Poll<F::Output> {
        let slot = &mut self.slots[id as usize];
        slot.signal.queued.store(false, Ordering::Release);
        let Some(future) = slot.future.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        let polled = future.poll(&mut Context::from_waker(&slot.waker));
        if polled.is_ready() {
            self.drop_future(id);
        }
        polled
    }

    /// The caller has left.
    pub(crate) fn drop_future(&mut self, id: SlotId) {
        self.slots[id as usize].future.as_mut().set(None);
        self.free.push(id);
    }

    pub(crate) fn next_woken(&self) -> Option<SlotId> {
        lock(&self.ready.queue).pop_front()
    }
}

impl Ready {
    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.queue).is_empty()
    }

    /// Whether a request was woken by another thread, which virtual time knows nothing of.
    pub(crate) fn was_foreign(&self) -> bool {
        self.foreign.load(Ordering::Acquire)
    }

    /// From now until [`busy`](Ready::busy), whoever is woken wakes the driver.
    pub(crate) fn go_idle(&self, driver: &Waker) {
        let mut stored = lock(&self.driver);
        if !stored.as_ref().is_some_and(|old| old.will_wake(driver)) {
            *stored = Some(driver.clone());
        }
        self.idle.store(true, Ordering::Release);
    }

    pub(crate) fn busy(&self) {
        self.idle.store(false, Ordering::Release);
    }

    pub(crate) fn wake_driver(&self) {
        if let Some(driver) = &*lock(&self.driver) {
            driver.wake_by_ref();
        }
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let ready = &self.ready;
        if std::thread::current().id() != ready.thread {
            ready.foreign.store(true, Ordering::Release);
            ready.wake_driver();
        }
        if !self.queued.swap(true, Ordering::AcqRel) {
            lock(&ready.queue).push_back(self.id);
            if ready.idle.load(Ordering::Acquire) {
                ready.wake_driver();
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
