use super::controls::{Controls, FIRST_WAIT, Look};
use super::phase::Phase;
use super::seen::{Seen, seconds};
use super::window::Window;
use crate::limit::Change;

/// So many windows in a row must be bound before anything is tried: the bursts of a calm day are
/// shorter.
const STEADY: u32 = 16;
/// Looking upwards where nobody is in another's way does no harm.
const STEADY_UP: u32 = 6;
const MOST_WAIT: f64 = 60.0;
/// After so many windows without anybody held back, what holds somebody back is a new load.
const QUIET: u32 = 10;

impl Controls {
    /// Looks again when something has changed, or when it is time.
    pub(super) fn watched(
        &mut self,
        known: Option<Seen>,
        recent: Option<Seen>,
        seen: Seen,
        bound: bool,
    ) -> Option<Change> {
        self.window = Window::new(self.now);
        if !bound {
            if self.tries_less_unbound(&seen) {
                return None;
            }
            self.plan.bound = 0;
            self.plan.quiet = self.plan.quiet.saturating_add(1);
            self.phase = Phase::Watch {
                known,
                recent: None,
            };
            return None;
        }
        self.plan.bound = self.plan.bound.saturating_add(1);
        if self.is_far_off(&seen) && self.try_hint(&seen, 50.0, false) {
            return None;
        }
        let recent = recent.map_or(seen, |recent| recent.and(seen));
        self.phase = Phase::Watch {
            known,
            recent: Some(recent),
        };
        if recent.done >= recent.enough_of(40.0) {
            let change = self.climbs_on(&recent);
            if change.is_some() {
                return change;
            }
        }
        let Some(known) = known else {
            let fresh = self.plan.quiet >= QUIET && self.plan.bound >= 4;
            if fresh && recent.done >= recent.enough_of(40.0) && self.is_easy(&recent) {
                let change = self.climbs_again(&recent);
                if change.is_some() {
                    return change;
                }
            }
            let up = self.plan.next == Look::Up && self.is_easy(&recent);
            let steady = if up { STEADY_UP } else { STEADY };
            if self.plan.bound >= steady && recent.done >= recent.enough_of(100.0) {
                self.look(&recent);
            }
            return None;
        };
        let change = recent.slower_than(&known).ln();
        let error = known.compared_with(&recent).error;
        if change.abs() > (3.0 * error).max(0.15) {
            self.plan.wait = FIRST_WAIT;
            self.plan.enough = None;
            self.plan.flat = None;
            self.plan.next = if change < 0.0 { Look::Up } else { Look::Half };
            self.look(&recent);
            return None;
        }
        let waited = seconds(self.now.since(self.plan.since));
        if waited > self.plan.wait && recent.done >= recent.enough_of(100.0) {
            self.look_again(&recent);
        } else if recent.done > recent.enough_of(300.0) {
            self.phase = Phase::Watch {
                known: Some(known),
                recent: None,
            };
        }
        None
    }

    fn look_again(&mut self, recent: &Seen) {
        self.plan.wait = (self.plan.wait * 1.5).min(MOST_WAIT);
        self.plan.rounds = self.plan.rounds.wrapping_add(1);
        self.plan.next = match self.plan.rounds % 4 {
            _ if self.is_easy(recent) => Look::Up,
            0 => Look::Half,
            2 => Look::Up,
            _ => Look::Down,
        };
        self.look(recent);
    }

    fn look(&mut self, recent: &Seen) {
        self.plan.quiet = 0;
        if self.try_hint(recent, 50.0, false) {
            return;
        }
        if self.plan.next == Look::Half {
            self.plan.both = false;
            self.plan.next = if self.is_easy(recent) {
                Look::Up
            } else {
                Look::Down
            };
            if !self.is_at_floor() && !self.is_easy(recent) {
                let half = (self.level() / 2.0).floor().max(1.0);
                self.try_less(half, recent, true);
                return;
            }
        }
        self.compare(self.plan.next == Look::Up, recent);
    }
}
