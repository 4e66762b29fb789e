//! What latency hints at. It decides nothing by itself: what it hints at is tried.

use super::controls::{Controls, between, with_slack};
use super::phase::{Phase, Test};
use super::seen::Seen;

/// At most so much above throughput times service time at ease, however good it was found.
const MOST_SLACK: f64 = 1.33;
/// So much more inside than latency hints at is of no use, where nobody is held back.
const SPARE: f64 = 1.3;
/// Several times as long as at ease is no burst of a calm day if it is so in so many windows in a row.
const NO_BURST: u32 = 3;
/// Where the squared coefficient of variation is less, all take about as long, and few tell how long that is.
const EVEN: f64 = 0.5;
/// A hint less than so far from the level is looked at by a comparison: one look is too little for it.
const NEAR: f64 = 1.6;

impl Controls {
    /// How many places would do, by Little's law, if a request took as long as at ease.
    pub(super) fn hint(&self, seen: &Seen, enough: f64) -> Option<f64> {
        let ease = self.profile.at_ease_from(enough)?;
        Some(with_slack(self.slack * seen.throughput() * ease).max(1.0))
    }

    /// Tries what latency hints at, if that is far less than the level; an eighth at least.
    pub(super) fn try_hint(&mut self, seen: &Seen, enough: f64, bold: bool) -> bool {
        let level = self.level();
        let Some(hint) = self.hint(seen, enough) else {
            return false;
        };
        let to = hint.max(level / 8.0);
        if to >= level / 1.25 || to.round() >= level || self.is_at_floor() {
            return false;
        }
        // To compare, both limits have to hold somebody back.
        if bold || level / to > NEAR || !seen.is_bound() {
            self.try_less(to, seen, bold);
            return true;
        }
        self.phase = Phase::Compare(Test {
            step: level / to.round(),
            ..Test::default()
        });
        self.apply(level, seen);
        true
    }

    /// Whether latency says that a third would do: by how long it takes, and by Little's law.
    pub(super) fn is_far_off(&self, seen: &Seen) -> bool {
        self.is_off(seen, 2.5, 3.0)
    }

    /// Whether it takes so many times as long as at ease, and so small a part of the level would do.
    fn is_off(&self, seen: &Seen, slow: f64, part: f64) -> bool {
        let ease = self.profile.at_ease();
        let is_slow = ease.is_some_and(|ease| seen.service > slow * ease);
        let hint = self.hint(seen, 50.0);
        is_slow && hint.is_some_and(|hint| hint < self.level() / part)
    }

    /// Many places are taken though nobody is held back, and a good part of them seems to be of no
    /// use: soon if it takes several times as long as at ease, otherwise after a good look.
    pub(super) fn tries_less_unbound(&mut self, seen: &Seen) -> bool {
        if !seen.is_nearly_bound() || !self.is_far_off(seen) {
            self.plan.slow = 0;
        } else {
            self.plan.slow = self.plan.slow.saturating_add(1);
            let no_burst = self.plan.slow >= NO_BURST || self.is_off(seen, 4.0, 6.0);
            if no_burst && self.try_hint(seen, 50.0, true) {
                return true;
            }
        }
        // The quiet moments belong to it: busy ones alone look like too many places on any day.
        let idle = self.plan.idle.map_or(*seen, |idle| idle.and(*seen));
        self.plan.idle = Some(idle);
        if idle.done < (5.0 * idle.inside()).max(1_000.0) {
            return false;
        }
        self.plan.idle = None;
        let at_ease = if idle.variation < EVEN { 50.0 } else { 300.0 };
        let hint = self.hint(&idle, at_ease);
        let of_no_use = hint.is_some_and(|hint| idle.inside() > SPARE * hint);
        of_no_use && idle.is_nearly_bound() && self.try_hint(&idle, 50.0, false)
    }

    /// Whether requests take about as long as with few inside.
    pub(super) fn is_easy(&self, seen: &Seen) -> bool {
        let easy = self.profile.is_easy(seen.limit, seen.service, 1.1);
        easy == Some(true)
    }

    /// Learns how much above the hint a limit that was found good is.
    pub(super) fn calibrate(&mut self, known: &Seen) {
        if let Some(ease) = self.profile.at_ease() {
            let usable = with_slack(known.throughput() * ease).max(1e-9);
            self.slack = between(known.limit / usable, 1.0, MOST_SLACK);
        }
    }
}
