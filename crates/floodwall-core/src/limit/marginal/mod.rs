mod climb;
mod compare;
mod controls;
mod hint;
mod less;
mod phase;
mod profile;
mod seen;
mod settings;
mod watch;
mod window;

use std::time::Duration;

pub use settings::MarginalBuilder;

use self::controls::{CLOCK_BACK, Controls, FAST};
use self::phase::Phase;
use self::seen::{Seen, seconds};
use self::settings::Settings;
use super::{Cause, Change, LimitAlgorithm, Sample, Teaches, Why};
use crate::Outcome;

/// Floodwall's own algorithm, and its default: more work inside is worth it only while more comes out.
///
/// There is no parameter that one must know. It learns from what it sees *while the limit holds
/// somebody back*; a limit that does not bind teaches nothing, so it stays.
///
/// - **It climbs** by doubling from where it begins, as long as throughput follows.
/// - **It compares.** Two limits are in force in turn, and their throughputs are compared until the
///   difference is clearer than chance (a sequential test). More is kept if it brings more, less if
///   it brings as much.
/// - **Latency may hint, never decide.** Service times are kept by how many were inside. If those of
///   now are far above those at ease, Little's law says how many places would do; that many are
///   tried, and throughput says whether it was true. If not, the time at ease is what is wrong: a
///   service that has become slower is no reason for fewer places.
/// - **It watches.** While nothing changes it only looks again now and then; a change of the service
///   time starts the comparison at once.
///
/// Fast failures, refusals, cancellations and answers in less than 100 µs teach nothing. How it came
/// about, what was tried and where its limits are is told in `docs/adaptive.md` of the repository.
///
/// ```
/// use floodwall_core::limit::{LimitAlgorithm, Marginal, Sample};
/// use floodwall_core::Moment;
/// use std::time::Duration;
///
/// // A service that does 100 per second whatever is inside, with a line before it.
/// let mut limit = Marginal::builder().start(40).build()?;
/// let mut now = Moment::ZERO;
/// for _ in 0..6_000 {
///     now = now + Duration::from_millis(10);
///     let inside = limit.limit();
///     let service = Duration::from_millis(10) * inside;
///     limit.sample(&Sample::new(now, service).in_flight(inside).binding(true));
/// }
/// assert!(limit.limit() <= 2);
/// # Ok::<(), floodwall_core::limit::LimitError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Marginal {
    controls: Controls,
}

impl Marginal {
    /// With the defaults, which each method of the builder tells.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Settings::default())
    }

    /// Begins with the defaults, which each method tells.
    pub fn builder() -> MarginalBuilder {
        MarginalBuilder::default()
    }

    fn with(settings: Settings) -> Self {
        Self {
            controls: Controls::new(settings),
        }
    }

    fn step(&mut self, seen: Seen, bound: bool) -> Option<Change> {
        let controls = &mut self.controls;
        if bound {
            if let Some(change) = controls.latency_ceiling(&seen) {
                return Some(change);
            }
        }
        let change = match controls.phase {
            Phase::Climb { before, more } => controls.climb(before, more, seen, bound),
            Phase::Less(trial) => controls.tried_less(trial, seen, bound),
            Phase::Compare(test) => controls.compared(test, seen, bound),
            Phase::Watch { known, recent } => controls.watched(known, recent, seen, bound),
        };
        change.filter(|change| change.from != change.to)
    }
}

impl Default for Marginal {
    fn default() -> Self {
        Self::new()
    }
}

impl LimitAlgorithm for Marginal {
    fn limit(&self) -> u32 {
        self.controls.applied()
    }

    fn sample(&mut self, sample: &Sample) -> Option<Change> {
        let controls = &mut self.controls;
        if controls.now.since(sample.at) > CLOCK_BACK {
            // It had run ahead: what was counted until then has no duration.
            controls.restart_clock(sample.at);
        }
        controls.now = controls.now.max(sample.at);
        if sample.at < controls.skip_until {
            return None;
        }
        controls.window.left(controls.now, sample.binding);
        if !teaches(controls, sample) {
            return None;
        }
        controls.window.done(sample);
        if sample.outcome == Outcome::Success {
            let service = seconds(sample.service);
            controls.profile.add(sample.in_flight, service);
        }
        let least = controls.phase.least(f64::from(controls.applied()));
        if !controls.window.is_enough(controls.now, least) {
            return None;
        }
        let seen = controls.window.close(controls.applied(), controls.now);
        let bound = seen.is_bound();
        self.step(seen, bound)
    }

    fn name(&self) -> &'static str {
        "marginal"
    }
}

/// A failure counts as work unless it was far faster than work is.
fn teaches(controls: &Controls, sample: &Sample) -> bool {
    match sample.teaches() {
        Teaches::Latency => sample.service >= FAST,
        Teaches::Dropped | Teaches::Nothing => {
            let tenth = controls.profile.at_ease().map(|ease| ease / 10.0);
            sample.outcome == Outcome::Failure
                && sample.service >= FAST
                && tenth.is_some_and(|tenth| seconds(sample.service) > tenth)
        }
    }
}

impl Controls {
    /// Comes down by as much as the service is slower than it may be, and stays below for a while.
    fn latency_ceiling(&mut self, seen: &Seen) -> Option<Change> {
        let ceiling = seconds(self.settings.latency_ceiling?);
        let over = seen.service / ceiling;
        if over <= 1.0 || self.applied() <= self.settings.floor {
            return None;
        }
        let applied = f64::from(self.applied());
        self.keep_below(applied, Duration::from_secs(30));
        let to = (applied / over.min(2.0)).min(applied - 1.0);
        let cause = Cause::new(Why::LatencyCeiling).latency(over);
        let change = self.go(to, seen, cause);
        self.watch(None);
        change
    }
}
