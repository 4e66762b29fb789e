use std::sync::{Mutex, TryLockError};

use crossbeam_utils::CachePadded;

use crate::atomic::{AtomicU32, AtomicU64, Ordering};
use crate::{Level, Moment, Priority};

use super::cohort::place;
use super::{Controller, CutOff, Distribution, Interval, Queued, ShedSettings};

/// Decides by a cut-off, counts what comes, and makes the cut-off anew every
/// [`ShedSettings::INTERVAL`], or at once when more comes than was to be expected.
///
/// There is no task and no timer: whoever arrives when it is time makes the new cut-off, while
/// others go on with the old one. A long silence is an interval like any other, so nothing is held
/// over from before it.
///
/// ```
/// use floodwall_core::{Moment, Priority, shed::{ShedSettings, Shedder}};
/// use std::time::Duration;
///
/// let shedder = Shedder::new(ShedSettings::default(), Moment::ZERO);
/// let level = shedder.next_level(Priority::NORMAL, false);
/// shedder.arrived(level);
/// assert!(shedder.cut_off().admits(level));
///
/// let later = Moment::ZERO + Duration::from_millis(100);
/// assert!(shedder.is_due(later));
/// shedder.tick(later, 1.0, None);
/// assert!(shedder.state().share > 0.5);
/// ```
#[derive(Debug)]
pub struct Shedder {
    cut: AtomicU64,
    /// In nanoseconds; 0 once a step was seen.
    due: AtomicU64,
    /// The count of arrivals at which a step is seen.
    step: AtomicU64,
    /// On a line of its own: each arrival writes it, and only reads what is above.
    arrived: CachePadded<AtomicU64>,
    lowest: AtomicU32,
    fresh: Box<[AtomicU32]>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    controller: Controller,
    distribution: Distribution,
    last: Moment,
    arrived: u64,
    backlog: Option<Backlog>,
    pressure: f64,
}

/// The queue behind a shedder at one moment; the counts are totals since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// How many wait.
    pub waiting: u32,
    /// How many may wait.
    pub places: u32,
    /// How many have gone in so far.
    pub granted: u64,
    /// How many have found no place or waited too long, so far.
    pub refused: u64,
}

/// A shedder at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ShedState {
    /// The part of the arrivals that is to be shed, 0 to 1.
    pub share: f64,
    /// The highest pressure that was read last, 0 to 1.
    pub pressure: f64,
    /// From where on requests are shed.
    pub cut_off: CutOff,
    /// How many come per second, if that is known.
    pub arrivals_per_second: Option<f64>,
    /// How many the queue lets out per second, if that is known.
    pub capacity_per_second: Option<f64>,
}

impl Shedder {
    /// At rest since `now`.
    pub fn new(settings: ShedSettings, now: Moment) -> Self {
        Self {
            cut: AtomicU64::new(CutOff::OPEN.bits()),
            due: AtomicU64::new((now + ShedSettings::INTERVAL).as_nanos()),
            step: AtomicU64::new(FIRST_STEP),
            arrived: CachePadded::new(AtomicU64::new(0)),
            lowest: AtomicU32::new(u32::MAX),
            fresh: (0..Level::COUNT).map(|_| AtomicU32::new(0)).collect(),
            inner: Mutex::new(Inner {
                controller: Controller::new(settings),
                distribution: Distribution::new(),
                last: now,
                arrived: 0,
                backlog: None,
                pressure: 0.0,
            }),
        }
    }

    /// From where on requests are shed, now.
    pub fn cut_off(&self) -> CutOff {
        CutOff::from_bits(self.cut.load(Ordering::Relaxed))
    }

    /// The level of a request that nobody tells apart from others of its class: requests take the
    /// cohorts in an even sequence.
    pub fn next_level(&self, priority: Priority, retry: bool) -> Level {
        const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
        let next = self.arrived.load(Ordering::Relaxed);
        place(priority, next.wrapping_mul(GOLDEN), retry)
    }

    /// Counts an arrival, whatever became of it. Each one once.
    pub fn arrived(&self, level: Level) {
        self.fresh[level.index()].fetch_add(1, Ordering::Relaxed);
        let arrived = self.arrived.fetch_add(1, Ordering::Relaxed) + 1;
        if arrived >= self.step.load(Ordering::Relaxed) {
            self.see_step(arrived);
        }
    }

    /// Unless somebody has made a new cut-off meanwhile: then the step is another.
    #[cold]
    fn see_step(&self, arrived: u64) {
        let due = self.due.load(Ordering::Acquire);
        if due > 0 && arrived >= self.step.load(Ordering::Relaxed) {
            let _ = self
                .due
                .compare_exchange(due, 0, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// Tells how many wait in the queue right now: the lowest of an interval is what counts.
    pub fn saw_waiting(&self, waiting: u32) {
        if waiting < self.lowest.load(Ordering::Relaxed) {
            self.lowest.fetch_min(waiting, Ordering::Relaxed);
        }
    }

    /// Whether it is time for a new cut-off.
    pub fn is_due(&self, now: Moment) -> bool {
        now.as_nanos() >= self.due.load(Ordering::Relaxed)
    }

    /// Makes the cut-off anew, unless somebody else is at it. `pressure` is the highest of all
    /// sources; what is no number from 0 to 1 counts as the nearest one, and NaN as none.
    pub fn tick(&self, now: Moment, pressure: f64, backlog: Option<Backlog>) {
        let mut inner = match self.inner.try_lock() {
            Ok(inner) => inner,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        let length = now.since(inner.last);
        if length.is_zero() {
            return;
        }
        let arrived = self.arrived.load(Ordering::Relaxed);
        let arrivals = arrived.saturating_sub(inner.arrived);
        let pressure = if pressure.is_nan() {
            0.0
        } else {
            pressure.clamp(0.0, 1.0)
        };
        let mut interval = Interval::of(length).arrivals(arrivals).pressure(pressure);
        if let Some(backlog) = backlog {
            let lowest = self.lowest.swap(u32::MAX, Ordering::Relaxed);
            let before = inner.backlog.unwrap_or(backlog);
            interval = interval.queue(Queued {
                // Nobody came who could have looked: then it need not have stood.
                lowest: if arrivals == 0 {
                    0
                } else {
                    lowest.min(backlog.waiting)
                },
                now: backlog.waiting,
                places: backlog.places,
                granted: backlog.granted.saturating_sub(before.granted),
                refused: backlog.refused.saturating_sub(before.refused),
            });
        }
        inner.backlog = backlog;
        inner.last = now;
        inner.arrived = arrived;
        inner.pressure = pressure;
        inner
            .distribution
            .absorb(|level| take(&self.fresh[level.index()]));
        inner.controller.tick(&interval);
        self.cut_again(&inner);
        let expected = inner.controller.arrivals_per_second().unwrap_or(0.0)
            * ShedSettings::INTERVAL.as_secs_f64();
        self.step.store(
            arrived.saturating_add(step_after(expected)),
            Ordering::Relaxed,
        );
        // Who sees this sees the new step.
        self.due
            .store((now + ShedSettings::INTERVAL).as_nanos(), Ordering::Release);
    }

    /// The limit behind the queue lets in so many times as many as before; see
    /// [`Controller::limit_grew`].
    pub fn limit_grew(&self, times: f64) {
        // Who makes a new cut-off at this moment has seen it, or will soon.
        let mut inner = match self.inner.try_lock() {
            Ok(inner) => inner,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        inner.controller.limit_grew(times);
        self.cut_again(&inner);
    }

    fn cut_again(&self, inner: &Inner) {
        let controller = &inner.controller;
        let share = controller.share();
        let shares = controller.settings().shares();
        let keep = shares.map(|part| part * (1.0 - share));
        let cut = inner.distribution.cut(share, &keep, controller.whole());
        self.cut.store(cut.bits(), Ordering::Relaxed);
    }

    /// How things stand.
    pub fn state(&self) -> ShedState {
        let inner = self
            .inner
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        ShedState {
            share: inner.controller.share(),
            pressure: inner.pressure,
            cut_off: self.cut_off(),
            arrivals_per_second: inner.controller.arrivals_per_second(),
            capacity_per_second: inner.controller.capacity_per_second(),
        }
    }

    /// How many have come so far, shed ones included.
    pub fn arrivals(&self) -> u64 {
        self.arrived.load(Ordering::Relaxed)
    }
}

/// Most levels had no arrivals, and reading is much cheaper than swapping.
fn take(fresh: &AtomicU32) -> u32 {
    if fresh.load(Ordering::Relaxed) == 0 {
        0
    } else {
        fresh.swap(0, Ordering::Relaxed)
    }
}

/// Before anything is known about the rate.
const FIRST_STEP: u64 = 64;

/// That many arrivals before the interval is over are a step: half as much again as expected, and
/// more than chance brings.
fn step_after(expected: f64) -> u64 {
    let most = expected + (0.5 * expected).max(5.0 * expected.sqrt()).max(16.0);
    most.ceil() as u64
}

#[cfg(all(test, not(floodwall_loom)))]
mod tests {
    use super::super::distribution::level_at;
    use super::*;

    #[test]
    fn every_level_has_a_place_in_the_counts() {
        let shedder = Shedder::new(ShedSettings::default(), Moment::ZERO);
        for index in 0..Level::COUNT {
            assert_eq!(level_at(index).index(), index);
            shedder.arrived(level_at(index));
        }
        assert!(shedder.fresh.iter().all(|n| n.load(Ordering::Relaxed) == 1));
    }

    #[test]
    fn a_step_is_seen_before_the_interval_is_over_and_noise_is_not() {
        assert_eq!(step_after(0.0), 16);
        assert!(
            step_after(70.0) < 4 * 70 / 2,
            "a step to fourfold load within half an interval"
        );
        assert!(step_after(100.0) as f64 >= 100.0 + 4.0 * 10.0);
    }

    #[test]
    fn a_step_is_due_at_once_and_until_somebody_made_a_new_cut_off() {
        let shedder = Shedder::new(ShedSettings::default(), Moment::ZERO);
        let come = |times: u32| {
            for _ in 0..times {
                shedder.arrived(shedder.next_level(Priority::NORMAL, false));
            }
        };
        let at = |millis: u64| Moment::from_nanos(millis * 1_000_000);
        come(20);
        assert!(!shedder.is_due(at(99)) && shedder.is_due(at(100)));
        shedder.tick(at(100), 0.0, None);

        // Half as many again as are expected, and sixteen more at least, are a step.
        come(35);
        assert!(!shedder.is_due(at(101)));
        come(10);
        assert!(shedder.is_due(at(101)));
        shedder.tick(at(101), 0.0, None);
        assert!(!shedder.is_due(at(102)), "the next is due in an interval");
        assert!(shedder.is_due(at(201)));
    }
}
