use std::time::Duration;

use super::climb::BELIEVED;
use super::phase::{Phase, Test, Trial};
use super::profile::Profile;
use super::seen::Seen;
use super::settings::Settings;
use super::window::Window;
use crate::Moment;
use crate::limit::{Cause, Change};

/// What is answered faster than this was answered by something before the service.
pub(super) const FAST: Duration = Duration::from_micros(100);
/// A time that lies further back is believed, and all that was counted before is forgotten.
pub(super) const CLOCK_BACK: Duration = Duration::from_secs(10);
/// So many times the square root of the places that can be used are added to them: a place that
/// stands empty for a moment is lost, and the more there are, the more even it is.
const SLACK: f64 = 0.4;
/// Upwards nothing is tried beyond so many times what was found enough ...
const MOST_UP: f64 = 1.6;
/// ... so short a while ago.
const FRESH: Duration = Duration::from_secs(120);
/// Between the two limits of a comparison.
const STEP: f64 = 1.2;
const LEAST_STEP: f64 = 1.15;

/// The limit, what is known, and what can be done about it.
#[derive(Clone, Debug)]
pub(super) struct Controls {
    pub(super) settings: Settings,
    pub(super) now: Moment,
    /// Nothing is counted until then: those who came in under another limit are still inside.
    pub(super) skip_until: Moment,
    pub(super) window: Window,
    pub(super) profile: Profile,
    pub(super) phase: Phase,
    pub(super) plan: Plan,
    /// What it works with; trials deviate from it.
    level: f64,
    applied: u32,
    /// The level over throughput times service time at ease, where it was found good.
    pub(super) slack: f64,
    below: Option<(f64, Moment)>,
}

/// When to look again, and at what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) next: Look,
    pub(super) rounds: u32,
    /// How often more was worth it, without a break: the steps grow with it.
    pub(super) ups: u32,
    /// Windows in a row in which the limit held somebody back.
    pub(super) bound: u32,
    /// Windows without anybody held back since it was looked at last.
    pub(super) quiet: u32,
    /// What was seen while it did not.
    pub(super) idle: Option<Seen>,
    /// Windows in a row in which it took several times as long as at ease, without anybody held back.
    pub(super) slow: u32,
    /// Windows of the first climb in which it did not.
    pub(super) unbound: u32,
    /// The limit of which half was not enough, when that was tried last.
    pub(super) needed: Option<f64>,
    /// More than the level was worth it, and when that was found: so many are, surely.
    pub(super) worth: Option<(f64, Moment)>,
    /// One of upwards and downwards was looked at.
    pub(super) both: bool,
    /// Where a climb ended because more brought nothing.
    pub(super) flat: Option<(f64, Moment)>,
    /// What the higher limit brought then.
    pub(super) brought: Option<Seen>,
    /// The least limit that was found to bring as much as more did, and when.
    pub(super) enough: Option<(f64, Moment)>,
    /// Since when all is thought to be well.
    pub(super) since: Moment,
    /// How many seconds until the next look.
    pub(super) wait: f64,
}

/// What is looked at next while watching.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Half as many: nearly all of what comes in too high is found here.
    Half,
    /// A little more.
    Up,
    /// A little less.
    Down,
    /// All three were looked at.
    Rest,
}

/// Seconds until the first look again; each wait is longer than the one before.
pub(super) const FIRST_WAIT: f64 = 10.0;

impl Controls {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            now: Moment::ZERO,
            skip_until: Moment::ZERO,
            window: Window::new(Moment::ZERO),
            profile: Profile::default(),
            phase: Phase::Climb {
                before: None,
                more: None,
            },
            plan: Plan {
                next: Look::Half,
                rounds: 0,
                ups: 0,
                bound: 0,
                quiet: 0,
                idle: None,
                slow: 0,
                unbound: 0,
                needed: None,
                worth: None,
                both: false,
                flat: None,
                brought: None,
                enough: None,
                since: Moment::ZERO,
                wait: FIRST_WAIT,
            },
            level: f64::from(settings.start),
            applied: settings.start,
            slack: 1.0,
            below: None,
            settings,
        }
    }

    /// The limit in force.
    pub(super) const fn applied(&self) -> u32 {
        self.applied
    }

    /// The limit that it works with, in whole places.
    pub(super) fn level(&self) -> f64 {
        self.level.round().max(1.0)
    }

    pub(super) fn is_at_floor(&self) -> bool {
        self.level() <= f64::from(self.settings.floor)
    }

    pub(super) fn restart_clock(&mut self, now: Moment) {
        self.now = now;
        self.skip_until = now;
        self.window = Window::new(now);
        self.plan.since = now;
        self.below = None;
    }

    /// Not as many as `limit` for a while.
    pub(super) fn keep_below(&mut self, limit: f64, time: Duration) {
        self.below = Some((limit - 1.0, self.now + time));
    }

    pub(super) fn clamp(&self, limit: f64) -> f64 {
        let floor = f64::from(self.settings.floor);
        let mut ceiling = f64::from(self.settings.ceiling);
        if let Some((below, until)) = self.below {
            if self.now < until {
                ceiling = ceiling.min(below);
            }
        }
        between(limit, floor, ceiling)
    }

    /// Puts a limit in force, and counts from when those of the old one have left.
    pub(super) fn apply(&mut self, limit: f64, seen: &Seen) {
        let limit = self.clamp(limit).round() as u32;
        let fewer = f64::from(self.applied.saturating_sub(limit));
        if limit != self.applied {
            let wait = (1.5 * seen.held).max(1.2 * fewer / seen.throughput());
            self.skip_until = self.now + Duration::from_secs_f64(wait.min(60.0));
        }
        self.applied = limit;
        self.window = Window::new(self.now.max(self.skip_until));
    }

    /// Works with another limit from now on.
    pub(super) fn go(&mut self, to: f64, seen: &Seen, cause: Cause) -> Option<Change> {
        let from = self.level() as u32;
        self.level = self.clamp(to);
        self.apply(self.level, seen);
        let to = self.level() as u32;
        (from != to).then(|| Change::new(from, to, cause))
    }

    pub(super) fn go_back(&mut self, seen: &Seen) {
        self.apply(self.level, seen);
    }

    pub(super) fn climb_from(&mut self, before: Option<Seen>) {
        self.phase = Phase::Climb { before, more: None };
    }

    pub(super) fn watch(&mut self, known: Option<Seen>) {
        self.phase = Phase::Watch {
            known,
            recent: None,
        };
        self.plan.since = self.now;
        self.window = Window::new(self.now.max(self.skip_until));
    }

    pub(super) fn compare(&mut self, up: bool, seen: &Seen) {
        let ups = if up { self.plan.ups } else { 0 };
        let step = step(self.level()).powf(f64::from(1 + ups)).min(2.0);
        self.phase = Phase::Compare(Test {
            up,
            step,
            ..Test::default()
        });
        self.apply(self.level, seen);
    }

    /// So many were found to bring as much as more did.
    pub(super) fn found_enough(&mut self, limit: f64) {
        let least = self.known_enough();
        if least.is_none_or(|least| limit <= least) {
            self.plan.enough = Some((limit, self.now));
        }
    }

    fn known_enough(&self) -> Option<f64> {
        self.plan
            .enough
            .filter(|(_, at)| self.now.since(*at) < FRESH)
            .map(|(limit, _)| limit)
    }

    /// More than so many are not looked at for now.
    pub(super) fn most(&self) -> f64 {
        self.known_enough().map_or(f64::INFINITY, |enough| {
            (MOST_UP * enough).max(enough + 2.0).floor()
        })
    }

    /// The limit that the level is compared with.
    pub(super) fn other(&self, test: &Test) -> f64 {
        let (level, step) = (self.level(), test.step);
        let other = if test.up {
            // Of few places a step less is too little to be seen.
            (level * step - 0.05)
                .ceil()
                .min(self.most())
                .max(level + if level > 1.0 { 2.0 } else { 1.0 })
        } else {
            (level / step).round().min(level - 1.0).max(1.0)
        };
        self.clamp(other)
    }

    pub(super) fn try_less(&mut self, to: f64, seen: &Seen, bold: bool) {
        let before = Seen {
            limit: f64::from(self.applied),
            ..*seen
        };
        self.plan.idle = None;
        self.plan.slow = 0;
        self.phase = Phase::Less(Trial {
            before,
            bold,
            so_far: None,
        });
        self.apply(to, seen);
    }

    /// So many places are worth it, as far as it was seen a short while ago; 0 if it was not.
    pub(super) fn surely_worth(&self) -> f64 {
        self.plan
            .worth
            .filter(|(_, at)| self.now.since(*at) < BELIEVED)
            .map_or(0.0, |(worth, _)| worth)
    }
}

/// Between the level and what it is compared with: less where there are many places.
pub(super) fn step(level: f64) -> f64 {
    (1.0 + (STEP - 1.0) * (20.0 / level).sqrt()).clamp(LEAST_STEP, STEP)
}

/// What should be inside if so many places can be used.
pub(super) fn with_slack(places: f64) -> f64 {
    places + SLACK * places.max(0.0).sqrt()
}

/// `clamp` that bears bounds in the wrong order: the lower one wins.
pub(super) fn between(value: f64, least: f64, most: f64) -> f64 {
    value.min(most).max(least)
}
