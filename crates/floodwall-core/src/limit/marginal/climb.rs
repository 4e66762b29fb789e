use std::time::Duration;

use super::controls::{Controls, Look, between, with_slack};
use super::phase::Phase;
use super::seen::Seen;
use super::window::Window;
use crate::limit::{Cause, Change, Why};

/// After so many windows without anybody held back it is a calm day.
const CALM: u32 = 10;

/// Throughput follows if it does so with this part of the step.
const FOLLOWS: f64 = 0.5;
/// It does not follow at all.
const FLAT: f64 = 0.1;
/// The limit was in use if so much of it was taken.
const IN_USE: f64 = 0.7;
/// Nobody is held back, but one more or two would be.
const FULL: f64 = 0.9;
/// So much more, on a logarithm, is more than what a climb found to be all.
const MORE: f64 = 0.2;
/// So many completions for each unit of the squared coefficient of variation.
const ENOUGH: f64 = 30.0;
/// For how long it is believed that more brings nothing.
pub(super) const BELIEVED: Duration = Duration::from_secs(60);

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
            return self.unbound_in_climb(before, &seen);
        }
        if let Some(before) = before {
            let seen = more.map_or(seen, |more| more.and(seen));
            if seen.done < ENOUGH * seen.variation {
                return self.look_longer(Some(before), seen);
            }
            let rise = before.compared_with(&seen);
            let in_use = seen.binding >= 0.8 && seen.taken() >= IN_USE * seen.limit;
            if rise.steepness() < FOLLOWS && !in_use {
                // As many as came, perhaps.
                return self.unbound_in_climb(Some(before), &seen);
            }
            if rise.steepness() < FOLLOWS {
                let may_follow = rise.steepness() + 2.0 * rise.steepness_error() > 0.75;
                if may_follow && seen.done < seen.enough_of(150.0) {
                    // It may be chance.
                    return self.look_longer(Some(before), seen);
                }
                let cause = Cause::new(Why::ThroughputFlat)
                    .throughput(rise.throughput.exp())
                    .latency(seen.slower_than(&before));
                let to = between(with_slack(rise.knee), before.limit, seen.limit);
                self.plan.flat = Some((to, self.now));
                self.plan.brought = Some(seen);
                let change = self.go(to, &seen, cause);
                let needed = self
                    .plan
                    .needed
                    .is_some_and(|needed| (0.7..1.4).contains(&(to / needed)));
                self.plan.both = false;
                self.plan.next = match rise.steepness() {
                    steepness if steepness < 0.3 && !needed => Look::Half,
                    steepness if steepness < FLAT => Look::Down,
                    _ => Look::Up,
                };
                self.watch(None);
                return change;
            }
        } else if self.level() > 2.0 && !self.is_at_floor() {
            let seen = more.map_or(seen, |more| more.and(seen));
            if seen.done < 60.0 {
                return self.look_longer(None, seen);
            }
            if self.begins_too_high(&seen) {
                return None;
            }
        }
        if self.applied() >= self.settings.ceiling || self.most() <= self.level() {
            self.watch(None);
            return None;
        }
        let seen = more.map_or(seen, |more| more.and(seen));
        if seen.done < ENOUGH * seen.variation {
            return self.look_longer(before, seen);
        }
        self.climb_from(Some(seen));
        let to = (seen.limit * 2.0).min(self.most());
        self.go(to, &seen, Cause::new(Why::SlowStart))
    }

    /// People wait outside though nobody is in another's way inside: doubles, and looks what comes of
    /// it. Not where that was tried already.
    pub(super) fn climbs_again(&mut self, seen: &Seen) -> Option<Change> {
        let tried = self.plan.flat.is_some_and(|(flat, at)| {
            (0.7..1.4).contains(&(self.level() / flat)) && self.now.since(at) < BELIEVED
        });
        if tried {
            return None;
        }
        self.climbs_from(seen)
    }

    /// More comes out than what ended the climb, though no more are inside: something else held it up
    /// then, as another limit behind this one.
    pub(super) fn climbs_on(&mut self, seen: &Seen) -> Option<Change> {
        let brought = self.plan.brought?;
        let more = (seen.throughput() / brought.throughput()).ln();
        let error = brought.compared_with(seen).error;
        if seen.limit > brought.limit || more < (3.0 * error).max(MORE) {
            return None;
        }
        self.climbs_from(seen)
    }

    fn climbs_from(&mut self, seen: &Seen) -> Option<Change> {
        self.plan.flat = None;
        self.plan.brought = None;
        self.plan.enough = None;
        self.plan.quiet = 0;
        self.climb_from(Some(*seen));
        let ease = self.profile.at_ease().unwrap_or(seen.service);
        let cause = Cause::new(Why::LatencyLow).latency(seen.service / ease.max(1e-9));
        self.go(self.level() * 2.0, seen, cause)
    }

    fn look_longer(&mut self, before: Option<Seen>, seen: Seen) -> Option<Change> {
        let more = Some(seen);
        self.phase = Phase::Climb { before, more };
        self.window = Window::new(self.now);
        None
    }

    /// The limit is beyond what is asked for. Of the last step only as much is kept as was of use.
    fn unbound_in_climb(&mut self, before: Option<Seen>, seen: &Seen) -> Option<Change> {
        self.window = Window::new(self.now);
        let slow = |before: &Seen| {
            let ease = self.profile.at_ease().unwrap_or(before.service);
            seen.service > 1.2 * ease
        };
        if let Some(before) = before.filter(slow) {
            let rise = before.compared_with(seen);
            let to = between(with_slack(rise.knee), before.limit, seen.limit);
            let cause = Cause::new(Why::ThroughputFlat)
                .throughput(rise.throughput.exp())
                .latency(seen.slower_than(&before));
            let change = self.go(to, seen, cause);
            self.plan.bound = 0;
            self.plan.next = Look::Up;
            self.watch(None);
            return change;
        }
        if before.is_none() && (self.tries_less_unbound(seen) || self.is_full_at_first(seen)) {
            return None;
        }
        self.plan.unbound = self.plan.unbound.saturating_add(1);
        if self.level() > 2.0 && self.plan.unbound >= CALM {
            // Nobody waits for more: from now on bursts are not taken for a flood.
            self.watch(None);
        }
        None
    }

    /// As many come as it lets in, and nobody is held back: clients who come again when they were
    /// answered. It may begin too high all the same.
    fn is_full_at_first(&mut self, seen: &Seen) -> bool {
        let all = self.plan.idle.unwrap_or(*seen);
        let is_full = all.inside() >= FULL * all.limit && all.worked >= 0.5 && all.done >= 300.0;
        is_full && self.level() > 2.0 && !self.is_at_floor() && self.begins_too_high(&all)
    }

    /// Whether less is tried first: latency hints at it, or does not speak against it.
    fn begins_too_high(&mut self, seen: &Seen) -> bool {
        let quarter = (self.level() / 4.0).round();
        let hint = self
            .hint(seen, 8.0)
            .map(|hint| hint.max(self.level() / 8.0));
        let easy = self.profile.is_easy(seen.limit, seen.service, 1.3);
        let is_far = hint.is_some_and(|hint| hint < self.level() / 1.25);
        if easy == Some(true) && !is_far {
            return false;
        }
        self.try_less(hint.unwrap_or(quarter).min(quarter), seen, true);
        true
    }
}
