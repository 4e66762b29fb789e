use super::controls::{Controls, Look, between, with_slack};
use super::phase::{Phase, Trial};
use super::seen::Seen;
use super::window::Window;
use crate::limit::{Cause, Change, Why};

/// Below this steepness less was as good.
const AS_GOOD: f64 = 0.2;
/// So much slower than at ease, those inside are in one another's way.
const BENDS: f64 = 1.15;
/// Above it the time at ease that hinted at less was wrong.
const WRONG: f64 = 0.6;

impl Controls {
    /// Less was in force: throughput says whether it is enough.
    pub(super) fn tried_less(&mut self, trial: Trial, seen: Seen, bound: bool) -> Option<Change> {
        if !bound {
            self.plan.bound = 0;
            self.go_back(&seen);
            self.watch(None);
            return None;
        }
        let Trial { before, bold, .. } = trial;
        let seen = trial.so_far.map_or(seen, |so_far| so_far.and(seen));
        let rise = seen.compared_with(&before);
        let (steepness, error) = (rise.steepness(), rise.steepness_error());
        if error > 0.15
            && (steepness - AS_GOOD).abs() < 1.5 * error
            && seen.done < seen.enough_of(200.0)
        {
            let so_far = Some(seen);
            self.phase = Phase::Less(Trial { so_far, ..trial });
            self.window = Window::new(self.now);
            return None;
        }
        let cause = Cause::new(Why::ThroughputFlat)
            .throughput(rise.throughput.exp())
            .latency(before.slower_than(&seen));
        if steepness < AS_GOOD {
            self.plan.worth = None;
            self.found_enough(seen.limit);
            let change = self.go(seen.limit, &seen, cause);
            if self.try_hint(&seen, 50.0, bold) {
                return change;
            }
            if bold && !self.is_at_floor() && seen.limit > 1.0 {
                self.try_less((seen.limit / 3.0).round(), &seen, true);
            } else {
                self.plan.next = Look::Half;
                self.watch(None);
            }
            return change;
        }
        let surely = steepness - error > 0.3;
        // Once may be chance.
        let again = self
            .plan
            .needed
            .is_some_and(|needed| (0.7..1.4).contains(&(before.limit / needed)));
        if surely {
            self.plan.needed = Some(before.limit);
        }
        if steepness > WRONG {
            self.profile.correct(seen.service);
        }
        if steepness > 0.7 && bold && before.slower_than(&seen) < 1.15 {
            self.go_back(&seen);
            self.climb_from(Some(seen));
            return None;
        }
        let knee = between(with_slack(rise.knee), seen.limit, before.limit);
        // Where half as many are in one another's way already, there is no knee: it bends slowly.
        let bends = self
            .profile
            .at_ease()
            .is_some_and(|ease| seen.service > BENDS * ease);
        let to = if bends {
            (knee * before.limit).sqrt()
        } else {
            knee
        };
        let to = to.max(self.surely_worth().min(before.limit));
        let change = self.go(to, &seen, cause);
        self.plan.next = if surely && again {
            Look::Up
        } else {
            Look::Half
        };
        self.watch(None);
        change
    }
}
