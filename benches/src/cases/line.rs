//! A limit of one place that is taken, and those who wait for it.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use floodwall::concurrency::{Acquire, ConcurrencyPermit};
use floodwall::{ConcurrencyLimit, End, Outcome, Permit, QueueConfig};
use tokio::runtime::Runtime;

use super::work::{now_or_never, runtime};
use crate::stopwatch::time;

/// So many at once, so that reading the clock costs nothing beside them; few beside a thousand.
const BATCH: usize = 100;

pub(super) struct Line {
    /// A slot for each who waits. They go before the runtime that has their timers.
    slots: Vec<Option<Pin<Box<Acquire>>>>,
    wakers: Vec<Waker>,
    free: VecDeque<usize>,
    inside: Option<ConcurrencyPermit>,
    woken: Arc<AtomicUsize>,
    come: Box<dyn FnMut() -> Acquire + Send>,
    runtime: Runtime,
    batch: usize,
}

/// Tells whose turn it is.
struct Woken {
    slot: usize,
    last: Arc<AtomicUsize>,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.last.store(self.slot, Ordering::Release);
    }
    fn wake_by_ref(self: &Arc<Self>) {
        self.last.store(self.slot, Ordering::Release);
    }
}

impl Line {
    /// So many wait; `come` is one more who asks the limit.
    pub(super) fn new(waiting: usize, come: impl FnMut() -> Acquire + Send + 'static) -> Self {
        let batch = BATCH.min(waiting.div_ceil(2));
        let woken = Arc::new(AtomicUsize::new(usize::MAX));
        let waker = |slot| {
            let last = Arc::clone(&woken);
            Waker::from(Arc::new(Woken { slot, last }))
        };
        let slots = waiting + batch;
        let mut line = Self {
            slots: (0..slots).map(|_| None).collect(),
            wakers: (0..slots).map(waker).collect(),
            free: (0..slots).collect(),
            inside: None,
            woken,
            come: Box::new(come),
            runtime: runtime(),
            batch,
        };
        line.inside = now_or_never((line.come)()).ok();
        assert!(line.inside.is_some(), "the first one finds a place");
        let first = line.comers(waiting);
        line.wait(first);
        line
    }

    /// How long it takes so many to come and find no place.
    pub(super) fn enter(&mut self, times: u64) -> Duration {
        self.in_batches(times, |line, count| {
            let comers = line.comers(count);
            let (took, came) = time(|| line.wait(comers));
            for slot in came {
                line.slots[slot] = None;
                line.free.push_front(slot);
            }
            took
        })
    }

    /// How long it takes so many to give up.
    pub(super) fn leave(&mut self, times: u64) -> Duration {
        self.in_batches(times, |line, count| {
            let comers = line.comers(count);
            let came = line.wait(comers);
            let leaving: Vec<_> = came.iter().map(|&slot| line.slots[slot].take()).collect();
            line.free.extend(came);
            time(|| drop(leaving)).0
        })
    }

    /// How long it takes until so many have been served, one after the other.
    pub(super) fn serve(&mut self, times: u64) -> Duration {
        self.in_batches(times, |line, count| {
            let took = time(|| {
                for _ in 0..count {
                    line.next();
                }
            })
            .0;
            let comers = line.comers(count);
            line.wait(comers);
            took
        })
    }

    fn in_batches(&mut self, times: u64, batch: impl Fn(&mut Self, usize) -> Duration) -> Duration {
        let mut took = Duration::ZERO;
        let mut left = times;
        while left > 0 {
            let count = left.min(self.batch as u64);
            took += batch(self, count as usize);
            left -= count;
        }
        took
    }

    fn comers(&mut self, count: usize) -> Vec<Pin<Box<Acquire>>> {
        (0..count).map(|_| Box::pin((self.come)())).collect()
    }

    /// Lets them wait, and says in which slots.
    fn wait(&mut self, comers: Vec<Pin<Box<Acquire>>>) -> Vec<usize> {
        let _inside = self.runtime.enter();
        let mut slots = Vec::with_capacity(comers.len());
        for mut comer in comers {
            let slot = self.free.pop_front().expect("there are enough slots");
            let polled = comer
                .as_mut()
                .poll(&mut Context::from_waker(&self.wakers[slot]));
            assert!(polled.is_pending(), "the place is taken");
            self.slots[slot] = Some(comer);
            slots.push(slot);
        }
        slots
    }

    /// Who is inside leaves, and whoever is woken by that enters.
    fn next(&mut self) {
        if let Some(permit) = self.inside.take() {
            permit.complete(&End::new(Outcome::Success));
        }
        let slot = self.woken.load(Ordering::Acquire);
        let waiting = self.slots.get_mut(slot).and_then(Option::take);
        let mut waiting = waiting.expect("somebody waits, and is woken");
        let polled = waiting
            .as_mut()
            .poll(&mut Context::from_waker(&self.wakers[slot]));
        let Poll::Ready(Ok(permit)) = polled else {
            panic!("whoever is woken has the place");
        };
        self.inside = Some(permit);
        self.free.push_back(slot);
    }
}

/// A limit of one place with room for so many to wait, for as long as it takes.
pub(super) fn queue(waiting: usize) -> floodwall::concurrency::QueueConfigBuilder {
    let capacity = u32::try_from(waiting + BATCH).unwrap_or(u32::MAX);
    QueueConfig::builder()
        .capacity(capacity)
        .max_wait(QueueConfig::MAX_WAIT)
        .newest_first(false)
}

/// The usual one.
pub(super) fn plain(waiting: usize) -> Line {
    let limit = ConcurrencyLimit::builder(1).queue(queue(waiting)).build();
    let limit = limit.expect("these settings are sound");
    Line::new(waiting, move || {
        floodwall::Admission::admit(&limit, &7_u64, &floodwall::Now::unread())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_wait_after_each_as_before() {
        let mut line = plain(10);
        for work in [Line::enter, Line::leave, Line::serve] {
            work(&mut line, 23);
            let waiting = line.slots.iter().flatten().count();
            assert_eq!(waiting, 10);
            assert_eq!(line.free.len(), line.slots.len() - 10);
        }
    }
}
