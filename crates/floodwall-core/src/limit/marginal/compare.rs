use super::controls::{Controls, Look, between, step, with_slack};
use super::phase::{Phase, Test};
use super::seen::{Rise, Seen};
use crate::limit::{Cause, Change, Why};

/// From this steepness on more is worth it.
const WORTH_MORE: f64 = 0.15;
/// Up to this steepness less is as good.
const AS_GOOD: f64 = 0.08;
/// From this steepness on what was found enough is so no more.
const MISSED: f64 = 0.5;
/// A difference of so many standard errors ends the test at once.
const SURE: f64 = 2.5;
/// It ends when the steepness is known as well as this.
const CLEAR: f64 = 0.15;
/// It ends after so many, however unclear.
const MOST: f64 = 3_000.0;

impl Controls {
    /// One turn of a comparison is over.
    pub(super) fn compared(&mut self, mut test: Test, seen: Seen, bound: bool) -> Option<Change> {
        if !bound {
            return self.unbound_in_test(&test, &seen);
        }
        if test.is_level() {
            if let Some(level) = test.level {
                let change = seen.slower_than(&level).ln();
                let error = level.compared_with(&seen).error;
                if change.abs() > (3.0 * error).max(0.3) {
                    // The service has changed meanwhile: what was collected compares nothing.
                    self.go_back(&seen);
                    self.plan.next = if change < 0.0 { Look::Up } else { Look::Half };
                    self.watch(None);
                    return None;
                }
            }
        }
        let arm = if test.is_level() {
            &mut test.level
        } else {
            &mut test.other
        };
        *arm = Some(arm.map_or(seen, |so_far| so_far.and(seen)));
        test.turn += 1;
        if !test.is_round_over() {
            let other = self.other(&test);
            let next = if test.is_level() { self.level() } else { other };
            if other == self.level() {
                // There is nothing beyond.
                self.go_back(&seen);
                self.watch(Some(seen));
                return None;
            }
            self.phase = Phase::Compare(test);
            self.apply(next, &seen);
            return None;
        }
        let (Some(level), Some(other)) = (test.level, test.other) else {
            self.watch(None);
            return None;
        };
        let (low, high) = if test.up {
            (level, other)
        } else {
            (other, level)
        };
        self.judge(test, low, high, &seen)
    }

    fn judge(&mut self, mut test: Test, low: Seen, high: Seen, seen: &Seen) -> Option<Change> {
        let rise = low.compared_with(&high);
        let bar = if test.up { WORTH_MORE } else { AS_GOOD };
        let off = rise.throughput - bar * rise.span;
        let sure = off.abs() > SURE * rise.error;
        if !sure && rise.steepness_error() > CLEAR && high.done < MOST {
            test.turn = 0;
            self.phase = Phase::Compare(test);
            self.go_back(seen);
            return None;
        }
        let cause = |why| {
            Cause::new(why)
                .throughput(rise.throughput.exp())
                .latency(high.slower_than(&low))
        };
        if test.up && off > 0.0 {
            if sure && rise.steepness() > MISSED {
                self.plan.enough = None;
            }
            return self.up(&rise, &high, seen, cause(Why::ThroughputRose));
        }
        self.plan.ups = 0;
        if test.up || off < 0.0 {
            self.found_enough(low.limit);
        }
        if !test.up && off < 0.0 {
            let fell = rise.throughput < -0.03;
            let why = if fell {
                Why::ThroughputFell
            } else {
                Why::ThroughputFlat
            };
            let change = self.go(low.limit.min(self.level() - 1.0), seen, cause(why));
            self.plan.worth = None;
            self.plan.next = Look::Half;
            self.watch(None);
            return change;
        }
        self.stays(if test.up { low } else { high });
        None
    }

    fn up(&mut self, rise: &Rise, high: &Seen, seen: &Seen, cause: Cause) -> Option<Change> {
        if rise.steepness() > 0.75 && rise.throughput - 0.5 * rise.span > 2.5 * rise.error {
            // As good as in proportion: far from the knee.
            let change = self.go(high.limit * step(high.limit), seen, cause);
            self.climb_from(Some(*high));
            return change;
        }
        let to = self.of_use(rise, high.limit);
        self.plan.worth = Some((self.level() + 1.0, self.now));
        self.plan.ups = (self.plan.ups + 1).min(3);
        let change = self.go(to, seen, cause);
        self.plan.next = Look::Up;
        self.watch(None);
        change
    }

    /// As much of more as was of use.
    fn of_use(&self, rise: &Rise, most: f64) -> f64 {
        between(
            with_slack(rise.knee),
            self.level() + 1.0,
            most.min(self.most()),
        )
    }

    /// The level was found good on this side.
    fn stays(&mut self, level: Seen) {
        self.plan.next = match self.plan.next {
            Look::Half => Look::Up,
            Look::Up if !self.plan.both => Look::Down,
            Look::Down if !self.plan.both => Look::Up,
            Look::Up | Look::Down | Look::Rest => Look::Rest,
        };
        if self.plan.next != Look::Rest {
            self.plan.both = true;
            self.watch(None);
            return;
        }
        self.calibrate(&level);
        let easy = self.profile.is_easy(level.limit, level.service, 1.15);
        if easy == Some(true) {
            // Nobody is in another's way inside while people wait outside: more may soon be worth it.
            self.plan.wait = self.plan.wait.min(5.0);
        }
        self.watch(Some(level));
    }

    /// The limit did not bind in a turn: whatever was less is not put in force again.
    fn unbound_in_test(&mut self, test: &Test, seen: &Seen) -> Option<Change> {
        self.plan.bound = 0;
        let mut change = None;
        match test.level {
            Some(level)
                if test.up && !test.is_level() && seen.throughput() > 1.05 * level.throughput() =>
            {
                let rise = level.compared_with(seen);
                let cause = Cause::new(Why::ThroughputRose).throughput(rise.throughput.exp());
                change = self.go(self.of_use(&rise, seen.limit), seen, cause);
            }
            _ => self.go_back(seen),
        }
        self.watch(None);
        change
    }
}
