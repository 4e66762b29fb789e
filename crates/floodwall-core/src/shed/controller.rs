use std::time::Duration;

use super::ShedSettings;
use super::pressure::PressureRule;

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
/// that a PI rule adds what brings the queue to its target: `(q - target) / (in * 0.3 s)` and a
/// clamped integral of it. (Cinnamon's error, inflow against outflow, written so that the answer to a
/// step is right at once.) It ends by itself: when less comes in than goes out, the share is zero.
///
/// **Pressure.** A PI rule with a clamped integral on the highest pressure.
///
/// Rates are smoothed over a second, and believed at once when they jump.
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
    trim: f64,
    pressure: PressureRule,
    share: f64,
}

/// In what time a queue that is too long is to be brought down.
const CORRECTION_SECONDS: f64 = 0.3;
/// How fast the integral moves, and how far.
const TRIM_PER_SECOND: f64 = 0.5;
const TRIM: f64 = 0.05;

impl Controller {
    /// At rest.
    pub const fn new(settings: ShedSettings) -> Self {
        Self {
            settings,
            arriving: Rate::UNKNOWN,
            leaving: Rate::UNKNOWN,
            overloaded: false,
            trim: 0.0,
            pressure: PressureRule { integral: 0.0 },
            share: 0.0,
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
        self.share = pressure.max(queue);
        self.share
    }

    /// The share that it decided last.
    pub const fn share(&self) -> f64 {
        self.share
    }

    /// How many requests come per second, as far as is known.
    pub const fn arrivals_per_second(&self) -> Option<f64> {
        self.arriving.0
    }

    /// How many the service takes per second, as far as is known.
    pub const fn capacity_per_second(&self) -> Option<f64> {
        self.leaving.0
    }

    fn queue_share(&mut self, queue: &Queued, length: Duration) -> f64 {
        self.learn_capacity(queue, length);
        let (Some(arriving), Some(leaving)) = (self.arriving.0, self.leaving.0) else {
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
        if arriving <= 0.0 {
            return self.at_ease();
        }
        let wanted = leaving * self.settings.target.as_secs_f64();
        let target = wanted.min(places / 2.0).max(1.0);
        let error = (f64::from(queue.now) - target) / (arriving * CORRECTION_SECONDS);
        let seconds = length.as_secs_f64().min(1.0);
        self.trim = (self.trim + TRIM_PER_SECOND * error * seconds).clamp(-TRIM, TRIM);
        let share = 1.0 - leaving / arriving + error + self.trim;
        if share <= 0.0 && queue.lowest == 0 {
            return self.at_ease();
        }
        share.clamp(0.0, 1.0)
    }

    fn at_ease(&mut self) -> f64 {
        self.overloaded = false;
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

/// Events per second, smoothed over a second; a jump is believed at once.
#[derive(Clone, Copy, Debug)]
struct Rate(Option<f64>);

impl Rate {
    const UNKNOWN: Self = Self(None);
    const SMOOTHED_SECONDS: f64 = 1.0;

    fn learn(&mut self, events: u64, length: Duration) {
        let (seen, seconds) = (count(events), length.as_secs_f64());
        let Some(rate) = self.0 else {
            self.0 = Some(seen / seconds);
            return;
        };
        // As far from what was expected as chance alone hardly ever is (a Poisson stream).
        let expected = rate * seconds;
        let jumped = (seen - expected).abs() > 4.0 * expected.sqrt() + 4.0;
        let weight = if jumped {
            1.0
        } else {
            1.0 - (-seconds / Self::SMOOTHED_SECONDS).exp()
        };
        self.0 = Some(rate + weight * (seen / seconds - rate));
    }

    fn is_surely_below(self, events: u64, length: Duration) -> bool {
        let seen = count(events);
        self.0.is_none_or(|rate| {
            let expected = rate * length.as_secs_f64();
            seen > expected + 2.0 * expected.sqrt() + 2.0
        })
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a count of requests in an interval"
)]
fn count(events: u64) -> f64 {
    events as f64
}
