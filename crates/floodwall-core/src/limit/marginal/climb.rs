use super::controls::{Controls, Look, SLACK, between};
use super::phase::Phase;
use super::seen::Seen;
use super::window::Window;
use crate::limit::{Cause, Change, Why};

impl Controls {
    /// Doubles as long as throughput follows. What begins too high is found by trying less first.
    pub(super) fn climb(
        &mut self,
        before: Option<Seen>,
        more: Option<Seen>,
        seen: Seen,
        bound: bool,
    ) -> Option<Change> {
        if !bound {
            self.window = Window::new(self.now);
            return None;
        }
        if let Some(before) = before {
            let seen = more.map_or(seen, |more| more.and(seen));
            let rise = before.compared_with(&seen);
            if rise.steepness() < 0.6 {
                if rise.steepness() + rise.steepness_error() > 0.75 && seen.done < 150.0 {
                    // It may be chance: another look.
                    let (before, more) = (Some(before), Some(seen));
                    self.phase = Phase::Climb { before, more };
                    self.window = Window::new(self.now);
                    return None;
                }
                let cause = Cause::new(Why::ThroughputFlat)
                    .throughput(rise.throughput.exp())
                    .latency(seen.slower_than(&before));
                let to = between(rise.knee * SLACK, before.limit, seen.limit);
                let change = self.go(to, &seen, cause);
                self.plan.next = if rise.steepness() < 0.3 {
                    Look::Half
                } else {
                    Look::Up
                };
                self.watch(None);
                return change;
            }
        } else if self.begins_too_high(&seen) {
            return None;
        }
        if self.applied() >= self.settings.ceiling {
            self.watch(None);
            return None;
        }
        self.climb_from(Some(seen));
        self.go(seen.limit * 2.0, &seen, Cause::new(Why::SlowStart))
    }

    /// Whether less is tried first: latency hints at it, or does not speak against it.
    fn begins_too_high(&mut self, seen: &Seen) -> bool {
        if self.try_hint(seen, 8.0, true) {
            return true;
        }
        let easy = self.profile.is_easy(seen.limit, seen.service, 1.3);
        let is_easy = easy == Some(true);
        if self.level() <= 2.0 || self.is_at_floor() || is_easy {
            return false;
        }
        self.try_less((self.level() / 4.0).round(), seen, true);
        true
    }
}
