use std::time::Duration;

use super::ShedSettings;
use super::pressure::PressureRule;
use super::rate::Rate;

/// What happened since the controller was asked the last time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Interval {
    /// How long it was.
    pub length: Duration,
    /// How many requests came, shed ones included.
    pub arrivals: u64,
    /// The highest pressure of all sources, 0 to 1.
    pub pressure: f64,
    /// The queue behind the shedder, if there is one.
    pub queue: Option<Queued>,
}

/// The balance of a queue over an interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Queued {
    /// How many waited at the best moment of the interval: what never went away.
    pub lowest: u32,
    /// How many wait now.
    pub now: u32,
    /// How many may wait.
    pub places: u32,
    /// How many went in.
    pub granted: u64,
    /// How many found no place or waited too long.
    pub refused: u64,
}

impl Interval {
    /// An interval in which nothing came and nothing pressed.
    pub fn of(length: Duration) -> Self {
        Self {
            length,
            ..Self::default()
        }
    }

    /// With arrivals.
    #[must_use]
    pub const fn arrivals(mut self, arrivals: u64) -> Self {
        self.arrivals = arrivals;
        self
    }

    /// With a pressure.
    #[must_use]
    pub const fn pressure(mut self, pressure: f64) -> Self {
        self.pressure = pressure;
        self
    }

    /// With a queue.
    #[must_use]
    pub const fn queue(mut self, queue: Queued) -> Self {
        self.queue = Some(queue);
        self
    }
}

/// Turns pressure and the balance of the queue into the share of arrivals to shed.
///
/// Two rules, and the larger share counts.
///
/// **Queue.** A queue that stood for a whole interval says that more comes in than goes out. What
/// goes out is the capacity; so the share that keeps the queue where it is, is 1 - out / in, and to
/// that a PI rule adds what brings the queue to its target: `(q - target) / (out * 0.6 s)` and an
/// integral of it, both clamped. (Cinnamon's error, inflow against outflow, written so that the answer to a
/// step is right at once.) It ends by itself: when less comes in than goes out, the share is zero.
///
/// **Pressure.** A PI rule with a clamped integral on the highest pressure.
///
/// Rates are smoothed over three seconds, and believed at once when they jump.
///
/// ```
/// use floodwall_core::shed::{Controller, Interval, Queued, ShedSettings};
/// use std::time::Duration;
///
/// let mut controller = Controller::new(ShedSettings::default());
/// let tick = Duration::from_millis(100);
/// assert_eq!(controller.tick(&Interval::of(tick).arrivals(70)), 0.0);
/// let share = controller.tick(&Interval::of(tick).pressure(1.0));
/// assert!(share > 0.5);
/// ```
#[derive(Clone, Debug)]
pub struct Controller {
    settings: ShedSettings,
    arriving: Rate,
    leaving: Rate,
    overloaded: bool,
    /// For how long the queue has been empty since then.
    empty: Duration,
    trim: f64,
    pressure: PressureRule,
    share: f64,
    by_queue: bool,
}

/// In what time the queue is to be brought to its target, and at most by how much of the capacity
/// where it is too long. Half of it keeps a hundredth more of a flood's goodput, and lets the share
/// sway by eight points from second to second instead of five.
const CORRECTION_SECONDS: f64 = 0.6;
const CORRECTION: f64 = 0.08;
/// How fast the integral moves, and how far.
const TRIM_PER_SECOND: f64 = 0.2;
const TRIM: f64 = 0.04;
/// How much more than the known capacity may be let in, to find out that there is more.
const LET_IN_MORE: f64 = 0.5;
/// A queue that is empty for so long says that the capacity is not what was believed: of a service
/// that stood still one learns that it can do nothing, and who lets nothing in never learns more.
const EMPTY_FOR_TOO_LONG: Duration = Duration::from_secs(1);
/// A class of which less than this part of the capacity would be shed for the queue's sake is left
/// whole: more than both corrections together.
const WHOLE: f64 = 0.15;

impl Controller {
    /// At rest.
    pub const fn new(settings: ShedSettings) -> Self {
        Self {
            settings,
            arriving: Rate::UNKNOWN,
            leaving: Rate::UNKNOWN,
            overloaded: false,
            empty: Duration::ZERO,
            trim: 0.0,
            pressure: PressureRule { integral: 0.0 },
            share: 0.0,
            by_queue: false,
        }
    }

    /// How it is set up.
    pub const fn settings(&self) -> &ShedSettings {
        &self.settings
    }

    /// The share to shed, 0 to 1, after `interval`.
    pub fn tick(&mut self, interval: &Interval) -> f64 {
        if interval.length.is_zero() {
            return self.share;
        }
        let pressure =
            self.pressure
                .share(interval.pressure, interval.length, self.settings.at_most);
        self.arriving.learn(interval.arrivals, interval.length);
        let queue = interval
            .queue
            .map_or(0.0, |queue| self.queue_share(&queue, interval.length));
        self.by_queue = queue > pressure;
        self.share = pressure.max(queue);
        self.share
    }

    /// So many times as many may be inside as before: until the queue has shown what comes of it, the
    /// capacity counts as so much larger, and so much more is let in. Who went on shedding for the
    /// old capacity would never learn of the new one, and nor would what moved the limit.
    pub fn limit_grew(&mut self, times: f64) {
        if !times.is_finite() || times <= 1.0 || !self.by_queue {
            return;
        }
        self.leaving.scale(times);
        self.share = (1.0 - (1.0 - self.share) * times).max(0.0);
    }

    /// The share that it decided last.
    pub const fn share(&self) -> f64 {
        self.share
    }

    /// Below what part of the arrivals a class is not split, for [`Distribution::cut`]: the queue,
    /// which sees who is there at the moment, chooses better than a cut-off that moves ten times a
    /// second. Pressure knows no queue, so nothing is left whole for it.
    ///
    /// [`Distribution::cut`]: super::Distribution::cut
    pub fn whole(&self) -> f64 {
        if self.by_queue {
            WHOLE * (1.0 - self.share)
        } else {
            0.0
        }
    }

    /// How many requests come per second, as far as is known.
    pub const fn arrivals_per_second(&self) -> Option<f64> {
        self.arriving.per_second()
    }

    /// How many the service takes per second, as far as is known.
    pub const fn capacity_per_second(&self) -> Option<f64> {
        self.leaving.per_second()
    }

    fn queue_share(&mut self, queue: &Queued, length: Duration) -> f64 {
        self.learn_capacity(queue, length);
        let (Some(arriving), Some(leaving)) =
            (self.arriving.per_second(), self.leaving.per_second())
        else {
            return 0.0;
        };
        let places = f64::from(queue.places);
        let lowest = f64::from(queue.lowest);
        if !self.overloaded {
            let long = lowest >= (leaving * self.settings.start.as_secs_f64()).max(1.0);
            let full = queue.refused > 0 && lowest >= (places / 4.0).max(1.0);
            if !long && !full {
                return 0.0;
            }
            self.overloaded = true;
            self.trim = 0.0;
        }
        self.empty = if queue.lowest == 0 && queue.now == 0 {
            self.empty.saturating_add(length)
        } else {
            Duration::ZERO
        };
        if arriving <= 0.0 || self.empty >= EMPTY_FOR_TOO_LONG {
            return self.at_ease();
        }
        let wanted = leaving * self.settings.target.as_secs_f64();
        let target = wanted.min(places * 0.8).max(1.0);
        // All in parts of the capacity; what is not let in of it is the share.
        let too_long = f64::from(queue.now) - target;
        let error = too_long / (leaving * CORRECTION_SECONDS).max(1.0);
        let error = error.clamp(-LET_IN_MORE, CORRECTION);
        let seconds = length.as_secs_f64().min(1.0);
        self.trim = (self.trim + TRIM_PER_SECOND * error * seconds).clamp(-LET_IN_MORE, TRIM);
        let share = 1.0 - leaving / arriving * (1.0 - error - self.trim);
        if share <= 0.0 && queue.lowest == 0 {
            return self.at_ease();
        }
        share.clamp(0.0, 1.0)
    }

    fn at_ease(&mut self) -> f64 {
        self.overloaded = false;
        self.empty = Duration::ZERO;
        self.trim = 0.0;
        0.0
    }

    /// Only a queue that never went away shows what the service can do; otherwise it may have had
    /// nothing to do. More than was thought possible is always news.
    fn learn_capacity(&mut self, queue: &Queued, length: Duration) {
        if queue.lowest > 0 || self.leaving.is_surely_below(queue.granted, length) {
            self.leaving.learn(queue.granted, length);
        }
    }
}
