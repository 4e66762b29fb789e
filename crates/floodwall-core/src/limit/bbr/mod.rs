mod buckets;
mod builder;
mod gate;

pub use builder::BbrBuilder;

use super::bounds::change;
use super::{Cause, Change, LimitAlgorithm, Sample, Why};
use crate::{Moment, Outcome};
use buckets::{Best, Buckets};
use builder::{Flavour, Settings};
use gate::Gate;

/// The most that came out of late, times the shortest time that it took: what was inside when it went
/// best.
///
/// Sources: Sentinel (`SystemRuleManager.checkBbr`), kratos (`aegis/ratelimit/bbr`) and go-zero
/// (`core/load/adaptiveshedder`), which differ in what they count:
///
/// - [`sentinel`](Self::sentinel): the shortest single time and the best half second of the last
///   second, the one that is not over included;
/// - [`kratos`](Self::kratos): the best mean of 100 ms in 10 s, kept for 100 ms;
/// - [`go_zero`](Self::go_zero): the best mean of 100 ms in 5 s, and it refuses only if the mean of
///   those inside is above the limit as well, which the busier the CPU is, is the smaller.
///
/// In all of them the limit counts only while the CPU is busy: tell it by [`cpu`](Self::cpu). While
/// that gate is shut, the limit is the ceiling. All three ask how many are inside before the one that
/// comes, and refuse it if these are more than the estimate (and more than one): so one more than the
/// estimate can be inside, and at least two, with which they begin.
///
/// As there, times are whole milliseconds: they are not made for less. Errors count in Sentinel and
/// kratos, and not in go-zero; requests that were given up or refused further in count in none.
///
/// ```
/// use floodwall_core::limit::{Bbr, LimitAlgorithm, Sample};
/// use floodwall_core::Moment;
/// use std::time::Duration;
///
/// let ms = Duration::from_millis(1);
/// let mut bbr = Bbr::kratos().build().unwrap();
/// for k in 0..200 {
///     bbr.sample(&Sample::new(Moment::ZERO + ms * k, ms * 20).in_flight(20));
/// }
/// let now = Moment::ZERO + ms * 200;
/// assert_eq!(bbr.limit(), 1_000);
/// bbr.cpu(950, now);
/// assert_eq!(bbr.max_in_flight(now), 20); // 100 in 100 ms, each 20 ms
/// assert_eq!(bbr.limit(), 21);
/// ```
#[derive(Clone, Debug)]
pub struct Bbr {
    settings: Settings,
    limit: u32,
    buckets: Buckets,
    gate: Option<Gate>,
    /// What was found last, and when.
    found: Option<(Moment, Best)>,
    /// Whether anything was ever found.
    known: bool,
    mean_in_flight: f64,
}

impl Bbr {
    /// As Sentinel has it.
    pub fn sentinel() -> BbrBuilder {
        BbrBuilder::new(Flavour::Sentinel)
    }

    /// As kratos has it.
    pub fn kratos() -> BbrBuilder {
        BbrBuilder::new(Flavour::Kratos)
    }

    /// As go-zero has it.
    pub fn go_zero() -> BbrBuilder {
        BbrBuilder::new(Flavour::GoZero)
    }

    fn with(settings: Settings) -> Self {
        let count = usize::try_from(settings.buckets).unwrap_or(usize::MAX);
        let gate = |threshold| Gate::new(settings.flavour, threshold);
        let gate = settings.threshold.map(gate);
        let bounds = settings.bounds;
        Self {
            limit: if gate.is_some() {
                bounds.ceiling
            } else {
                bounds.start
            },
            buckets: Buckets::new(settings.window, count),
            gate,
            found: None,
            known: false,
            mean_in_flight: 0.0,
            settings,
        }
    }

    /// How busy the CPU is, in permille; in Sentinel's flavour, the load in the unit of the threshold.
    /// kratos smooths it before, as 0.95 of what it was and 0.05 of what is read each half second:
    /// that is up to whoever reads it.
    pub fn cpu(&mut self, permille: u32, now: Moment) -> Option<Change> {
        if let Some(gate) = &mut self.gate {
            gate.cpu(permille);
        }
        self.move_limit(now)
    }

    /// Whether one that comes now, when `in_flight` are inside already, is to be refused. A refusal
    /// is taken note of: the gate stays open for up to a second more.
    pub fn should_drop(&mut self, in_flight: u32, now: Moment) -> bool {
        if !self.is_open(now) {
            return false;
        }
        let most = self.most(now);
        let inside = f64::from(in_flight);
        let drop = match self.settings.flavour {
            Flavour::Sentinel | Flavour::Kratos => in_flight > 1 && inside > most,
            Flavour::GoZero => inside > most && self.mean_in_flight > most,
        };
        if drop {
            self.note_refusal(now);
        }
        drop
    }

    /// The most that came out in one bucket of late; 1 if nothing did.
    pub fn max_pass(&mut self, now: Moment) -> u64 {
        self.best(now).passed
    }

    /// The shortest time of late, in milliseconds, as the flavour has it.
    pub fn min_rt(&mut self, now: Moment) -> f64 {
        self.best(now).millis
    }

    /// How many were inside when it went best, by these two.
    pub fn max_in_flight(&mut self, now: Moment) -> u64 {
        self.estimate(now) as u64
    }

    fn best(&mut self, now: Moment) -> Best {
        let keep = match self.settings.flavour {
            Flavour::Kratos => self
                .found
                .filter(|(at, _)| now >= *at && now.since(*at) < self.buckets.length()),
            // Until a bucket is over, there is nothing new.
            Flavour::GoZero => self
                .found
                .filter(|(at, _)| self.buckets.turn(*at) == self.buckets.turn(now)),
            Flavour::Sentinel => None,
        };
        if let Some((_, best)) = keep {
            return best;
        }
        let best = self.buckets.best(now, self.settings.flavour);
        self.known |= best.any;
        self.found = Some((now, best));
        best
    }

    fn estimate(&mut self, now: Moment) -> f64 {
        let best = self.best(now);
        let per_second = match self.settings.flavour {
            Flavour::Kratos => self.buckets.per_second().floor(),
            Flavour::Sentinel | Flavour::GoZero => self.buckets.per_second(),
        };
        let estimate = best.passed as f64 * best.millis * per_second / 1_000.0;
        match self.settings.flavour {
            Flavour::Sentinel => estimate,
            Flavour::Kratos => estimate.floor(),
            Flavour::GoZero => estimate.max(1.0),
        }
    }

    fn most(&mut self, now: Moment) -> f64 {
        let factor = self.gate.as_ref().map_or(1.0, Gate::factor);
        self.estimate(now) * factor
    }

    fn is_open(&mut self, now: Moment) -> bool {
        self.gate.as_mut().is_none_or(|gate| gate.is_open(now))
    }

    fn note_refusal(&mut self, now: Moment) {
        if let Some(gate) = &mut self.gate {
            gate.refused(now);
        }
    }

    fn move_limit(&mut self, now: Moment) -> Option<Change> {
        let open = self.is_open(now);
        let from = self.limit;
        let bounds = self.settings.bounds;
        let most = if open { self.most(now) } else { 0.0 };
        let never_refuses = self.settings.flavour == Flavour::GoZero && self.mean_in_flight <= most;
        self.limit = if !open || (self.known && never_refuses) {
            bounds.ceiling
        } else if self.known {
            bounds.clamp_real(most.floor().max(1.0) + 1.0) as u32
        } else {
            bounds.start
        };
        let why = if open { "estimate" } else { "cpu_at_ease" };
        change(from, self.limit, || Cause::new(Why::Other(why)))
    }

    fn counts(&self, outcome: Outcome) -> bool {
        match outcome {
            Outcome::Success => true,
            Outcome::Failure | Outcome::Overload => self.settings.flavour != Flavour::GoZero,
            Outcome::Cancelled | Outcome::Refused => false,
        }
    }
}

impl LimitAlgorithm for Bbr {
    fn limit(&self) -> u32 {
        self.limit
    }

    fn sample(&mut self, sample: &Sample) -> Option<Change> {
        let left = f64::from(sample.in_flight.saturating_sub(1));
        self.mean_in_flight = self.mean_in_flight * 0.9 + left * 0.1;
        if self.counts(sample.outcome) {
            let nanos = sample.service.as_nanos();
            let millis = match self.settings.flavour {
                Flavour::GoZero => nanos.div_ceil(1_000_000),
                Flavour::Sentinel | Flavour::Kratos => nanos / 1_000_000,
            };
            let millis = u64::try_from(millis).unwrap_or(u64::MAX);
            self.buckets.add(sample.at, millis);
        }
        if sample.binding && self.is_open(sample.at) {
            self.note_refusal(sample.at);
        }
        self.move_limit(sample.at)
    }

    fn name(&self) -> &'static str {
        match self.settings.flavour {
            Flavour::Sentinel => "bbr_sentinel",
            Flavour::Kratos => "bbr_kratos",
            Flavour::GoZero => "bbr_go_zero",
        }
    }
}
