mod profile;
mod settings;
mod window;

pub use settings::MarginalBuilder;

use super::{Cause, Change, LimitAlgorithm, Sample, Teaches, Why};
use crate::{Moment, Outcome};
use profile::Profile;
use settings::Settings;
use std::time::Duration;
use window::{Seen, Window, seconds};

/// Floodwall's own: climbs while more inside brings more out.
#[derive(Clone, Debug)]
pub struct Marginal {
    settings: Settings,
    /// The limit that it works with; trials deviate from it.
    level: f64,
    applied: u32,
    state: State,
    window: Window,
    /// Nothing is counted until then.
    skip_until: Moment,
    now: Moment,
    profile: Profile,
    /// What the limit is over throughput times service time at ease, where it was found good.
    slack: f64,
    ratio: f64,
    calm: u32,
    plan: u32,
    rounds: u32,
    retest_wait: f64,
}

#[derive(Clone, Debug)]
enum State {
    /// The first climb.
    Climb {
        before: Option<Seen>,
        more: Option<Seen>,
    },
    /// Less is tried: is it as good?
    Less {
        before: Seen,
        bold: bool,
        so_far: Option<Seen>,
    },
    /// Two limits are compared in turn, until it is clear.
    Test {
        up: bool,
        turn: usize,
        more: Option<Seen>,
        less: Option<Seen>,
    },
    /// It is clear, until something changes.
    Settled {
        known: Option<Seen>,
        recent: Option<Seen>,
        since: Moment,
    },
}

pub(super) fn p(i: usize) -> f64 {
    static P: std::sync::OnceLock<Vec<f64>> = std::sync::OnceLock::new();
    P.get_or_init(|| {
        std::env::var("MP")
            .map(|s| s.split(',').map(|x| x.parse().unwrap()).collect())
            .unwrap_or_else(|_| {
                vec![
                    1.2, 1.3, 0.1, 2.5, 0.15, 40.0, 20.0, 1.6, 0.05, 5.0, 0.15, 0.6, 3.0,
                ]
            })
    })[i]
}
fn between(value: f64, least: f64, most: f64) -> f64 {
    value.min(most).max(least)
}

/// In which turns the level itself is in force.
const TURNS: [bool; 4] = [true, false, false, true];

impl Marginal {
    /// With the defaults, which each method of the builder tells.
    pub fn new() -> Self {
        Self::with(Settings::default())
    }

    /// Begins with the defaults, which each method tells.
    pub fn builder() -> MarginalBuilder {
        MarginalBuilder::default()
    }

    fn with(settings: Settings) -> Self {
        Self {
            level: f64::from(settings.start),
            applied: settings.start,
            state: State::Climb {
                before: None,
                more: None,
            },
            window: Window::new(Moment::ZERO),
            skip_until: Moment::ZERO,
            now: Moment::ZERO,
            profile: Profile::default(),
            slack: 1.2,
            ratio: 1.5,
            calm: 0,
            plan: 0,
            rounds: 0,
            retest_wait: 10.0,
            settings,
        }
    }

    fn clamp(&self, limit: f64) -> f64 {
        limit.clamp(
            f64::from(self.settings.floor),
            f64::from(self.settings.ceiling),
        )
    }

    fn round(limit: f64) -> u32 {
        limit.round().max(1.0) as u32
    }

    /// Puts another limit in force, and waits until what was inside under the old one has left.
    fn apply(&mut self, limit: f64, seen: &Seen) {
        let limit = Self::round(self.clamp(limit));
        let drain =
            (f64::from(self.applied) - f64::from(limit)).max(0.0) / seen.throughput().max(1e-3);
        if limit != self.applied {
            let wait = (1.5 * seen.held).max(1.2 * drain).min(60.0);
            self.skip_until = self.now + Duration::from_secs_f64(wait);
        }
        self.applied = limit;
        self.window = Window::new(self.now.max(self.skip_until));
    }

    fn go(&mut self, to: f64, seen: &Seen, cause: Cause) -> Option<Change> {
        let from = Self::round(self.level);
        self.level = self.clamp(to);
        self.apply(self.level, seen);
        let to = Self::round(self.level);
        (from != to).then(|| Change::new(from, to, cause))
    }

    fn hint(&self, seen: &Seen, enough: f64) -> Option<f64> {
        let ease = self.profile.at_ease_from(enough)?;
        Some((self.slack * seen.throughput() * ease).max(1.0))
    }

    fn other(&self, up: bool) -> f64 {
        let level = f64::from(Self::round(self.level));
        if up {
            self.clamp((level * self.ratio).round().max(level + 1.0))
        } else {
            self.clamp((level / self.ratio).round().min(level - 1.0).max(1.0))
        }
    }

    fn test(&mut self, up: bool, ratio: f64, seen: &Seen) {
        self.ratio = ratio;
        self.state = State::Test {
            up,
            turn: 0,
            more: None,
            less: None,
        };
        self.apply(self.level, seen);
    }

    fn settle(&mut self, known: Option<Seen>) {
        self.state = State::Settled {
            known,
            recent: None,
            since: self.now,
        };
        self.calm = 0;
        self.window = Window::new(self.now.max(self.skip_until));
    }

    fn try_less(&mut self, to: f64, seen: &Seen, bold: bool) {
        let mut before = *seen;
        before.limit = f64::from(self.applied);
        self.state = State::Less {
            before,
            bold,
            so_far: None,
        };
        self.apply(to, seen);
    }

    fn try_hint(&mut self, seen: &Seen, enough: f64, bold: bool) -> bool {
        let level = f64::from(Self::round(self.level));
        if let Some(hint) = self.hint(seen, enough) {
            let to = hint.max(level / 8.0);
            if to < level / 1.25 && Self::round(to) < Self::round(level) {
                self.try_less(to, seen, bold);
                return true;
            }
        }
        false
    }

    fn step(&mut self, mut seen: Seen) -> Option<Change> {
        seen.limit = f64::from(self.applied);
        let bound = seen.binding >= p(11);
        if let (true, Some(ceiling)) = (bound, self.settings.latency_ceiling) {
            let over = seen.service / seconds(ceiling).max(1e-9);
            if over > 1.0 && self.applied > self.settings.floor {
                let to =
                    (f64::from(self.applied) / over.min(2.0)).min(f64::from(self.applied) - 1.0);
                self.state = State::Settled {
                    known: None,
                    recent: None,
                    since: self.now,
                };
                return self.go(to, &seen, Cause::new(Why::LatencyCeiling).latency(over));
            }
        }
        match std::mem::replace(
            &mut self.state,
            State::Climb {
                before: None,
                more: None,
            },
        ) {
            State::Climb { before, more } => self.climb(before, more, seen, bound),
            State::Less {
                before,
                bold,
                so_far,
            } => self.tried_less(before, bold, so_far, seen, bound),
            State::Test {
                up,
                turn,
                more,
                less,
            } => self.tested(up, turn, more, less, seen, bound),
            State::Settled {
                known,
                recent,
                since,
            } => self.watched(known, recent, since, seen, bound),
        }
    }

    fn climb(
        &mut self,
        before: Option<Seen>,
        more: Option<Seen>,
        seen: Seen,
        bound: bool,
    ) -> Option<Change> {
        self.state = State::Climb { before, more };
        if !bound {
            self.window = Window::new(self.now);
            return None;
        }
        match before {
            None => {
                let level = f64::from(Self::round(self.level));
                if self.try_hint(&seen, 8.0, true) {
                    return None;
                }
                let easy = self
                    .profile
                    .at_ease_from(16.0)
                    .is_some_and(|ease| seen.service < 1.3 * ease);
                if level > 2.0 && level > f64::from(self.settings.floor) && !easy {
                    self.try_less((level / 4.0).round(), &seen, true);
                    return None;
                }
            }
            Some(before) => {
                let seen = more.map_or(seen, |more| more.and(seen));
                let (rise, error) = before.elasticity(&seen);
                if rise < 0.6 {
                    if rise + error > 0.75 && seen.done < 150.0 {
                        self.state = State::Climb {
                            before: Some(before),
                            more: Some(seen),
                        };
                        self.window = Window::new(self.now);
                        return None;
                    }
                    let cause = Cause::new(Why::ThroughputFlat)
                        .throughput(seen.throughput() / before.throughput())
                        .latency(seen.service / before.service.max(1e-9));
                    let (knee, _) = before.knee(&seen);
                    let to = between(knee * p(0), before.limit, seen.limit);
                    let change = self.go(to, &seen, cause);
                    self.plan = 1;
                    self.settle(None);
                    return change;
                }
            }
        }
        if f64::from(self.applied) >= f64::from(self.settings.ceiling) {
            self.settle(None);
            return None;
        }
        self.state = State::Climb {
            before: Some(seen),
            more: None,
        };
        self.go(seen.limit * 2.0, &seen, Cause::new(Why::SlowStart))
    }

    /// `before` under the level, `seen` under less.
    fn tried_less(
        &mut self,
        before: Seen,
        bold: bool,
        so_far: Option<Seen>,
        seen: Seen,
        bound: bool,
    ) -> Option<Change> {
        if !bound {
            self.apply(self.level, &seen);
            self.settle(None);
            return None;
        }
        let cause = Cause::new(Why::ThroughputFlat)
            .throughput(before.throughput() / seen.throughput().max(1e-9))
            .latency(before.service / seen.service.max(1e-9));
        let seen = so_far.map_or(seen, |so_far| so_far.and(seen));
        let (rise, error) = seen.elasticity(&before);
        if error > 0.3 && (rise - 0.2).abs() < error && seen.done < 150.0 {
            self.state = State::Less {
                before,
                bold,
                so_far: Some(seen),
            };
            self.window = Window::new(self.now);
            return None;
        }
        if rise < 0.2 {
            let change = self.go(seen.limit, &seen, cause);
            if self.try_hint(&seen, 50.0, bold) {
            } else if bold && seen.limit > 1.0 {
                self.try_less((seen.limit / 3.0).round(), &seen, true);
            } else {
                self.plan = 0;
                self.settle(None);
            }
            return change;
        }
        let (knee, _) = seen.knee(&before);
        let to = between(knee * p(0), seen.limit, before.limit);
        if rise > 0.6 {
            // Throughput says that the time at ease is not what it was.
            self.profile.correct(seen.service);
        }
        if rise > 0.85 && bold {
            self.apply(self.level, &seen);
            self.state = State::Climb {
                before: Some(seen),
                more: None,
            };
            return None;
        }
        let change = self.go(to, &seen, cause);
        self.plan = u32::from(rise > 0.55);
        self.settle(None);
        change
    }

    fn tested(
        &mut self,
        up: bool,
        turn: usize,
        more: Option<Seen>,
        less: Option<Seen>,
        seen: Seen,
        bound: bool,
    ) -> Option<Change> {
        let own = TURNS[turn];
        if !bound {
            if up && !own {
                if let Some(less) = less {
                    if seen.throughput() > 1.05 * less.throughput() {
                        let cause = Cause::new(Why::ThroughputRose)
                            .throughput(seen.throughput() / less.throughput());
                        let change = self.go(seen.limit, &seen, cause);
                        self.settle(None);
                        return change;
                    }
                }
            }
            self.apply(self.level, &seen);
            self.settle(None);
            return None;
        }
        let own_so_far = if up { less } else { more };
        if let (true, Some(so_far)) = (own, own_so_far) {
            let change = (seen.service / so_far.service.max(1e-9)).ln();
            if change.abs() > (p(12) * seen.error(&so_far)).max(0.3) {
                self.apply(self.level, &seen);
                self.plan = u32::from(change < 0.0);
                self.settle(None);
                return None;
            }
        }
        let join = |old: Option<Seen>| Some(old.map_or(seen, |old| old.and(seen)));
        let (more, less) = if own == up {
            (more, join(less))
        } else {
            (join(more), less)
        };
        let turn = turn + 1;
        if turn < TURNS.len() {
            let level = f64::from(Self::round(self.level));
            let next = if TURNS[turn] { level } else { self.other(up) };
            if next == level && !TURNS[turn] {
                // There is nothing beyond.
                self.apply(self.level, &seen);
                self.settle(Some(seen));
                return None;
            }
            self.state = State::Test {
                up,
                turn,
                more,
                less,
            };
            self.apply(next, &seen);
            return None;
        }
        let (Some(h), Some(l)) = (more, less) else {
            self.settle(None);
            return None;
        };
        let known = if up { l } else { h };
        let span = (h.limit / l.limit).ln();
        let rise = (h.throughput().max(1e-9) / l.throughput().max(1e-9)).ln();
        let error = l.error(&h);
        let cause = |why| {
            Cause::new(why)
                .throughput(rise.exp())
                .latency(h.service / l.service.max(1e-9))
        };
        let (knee, _) = l.knee(&h);
        let off = rise - if up { p(2) } else { p(8) } * span;
        let sure = off.abs() > p(3) * error;
        if !sure && error > p(4) * span && h.done < 3_000.0 {
            self.state = State::Test {
                up,
                turn: 0,
                more: Some(h),
                less: Some(l),
            };
            self.apply(self.level, &seen);
            return None;
        }
        if up && off > 0.0 {
            if rise - 0.6 * span > 2.0 * error {
                let change = self.go(h.limit * self.ratio, &seen, cause(Why::ThroughputRose));
                self.state = State::Climb {
                    before: Some(h),
                    more: None,
                };
                return change;
            }
            let change = self.go(
                between(knee * p(0), self.level + 1.0, h.limit),
                &seen,
                cause(Why::ThroughputRose),
            );
            self.plan = 1;
            self.settle(None);
            return change;
        }
        if !up && off < 0.0 {
            let why = if rise < -0.03 {
                Why::ThroughputFell
            } else {
                Why::ThroughputFlat
            };
            let change = self.go(l.limit.min(self.level - 1.0), &seen, cause(why));
            self.plan = 0;
            self.settle(None);
            return change;
        }
        self.plan += 1;
        if self.plan <= 2 {
            self.settle(None);
        } else {
            self.calibrate(&known);
            if self
                .profile
                .at_ease()
                .is_some_and(|ease| known.service < 1.15 * ease)
            {
                self.retest_wait = self.retest_wait.min(p(9));
            }
            self.settle(Some(known));
        }
        None
    }

    fn calibrate(&mut self, known: &Seen) {
        if let Some(ease) = self.profile.at_ease() {
            self.slack = between(
                known.limit / (known.throughput() * ease).max(1e-9),
                p(0),
                p(7),
            );
        }
    }

    fn watched(
        &mut self,
        known: Option<Seen>,
        recent: Option<Seen>,
        since: Moment,
        seen: Seen,
        bound: bool,
    ) -> Option<Change> {
        self.state = State::Settled {
            known,
            recent,
            since,
        };
        self.window = Window::new(self.now);
        if !bound {
            self.calm = 0;
            self.state = State::Settled {
                known,
                recent: None,
                since,
            };
            return None;
        }
        self.calm += 1;
        let level = f64::from(Self::round(self.level));
        // Far off: at once.
        if let Some(hint) = self.hint(&seen, 50.0) {
            if hint < level / 2.0 && self.try_hint(&seen, 50.0, false) {
                return None;
            }
        }
        let recent = recent.map_or(seen, |recent| recent.and(seen));
        let waited = seconds(self.now.since(since));
        let Some(known) = known else {
            self.state = State::Settled {
                known: None,
                recent: Some(recent),
                since,
            };
            if self.calm >= 5 && recent.done >= 100.0 {
                self.next(&recent);
            }
            return None;
        };
        let change = (recent.service / known.service.max(1e-9)).ln();
        let error = recent.error(&known);
        if change.abs() > (3.0 * error).max(0.15) {
            self.retest_wait = 10.0;
            self.plan = u32::from(change < 0.0);
            self.next(&recent);
            return None;
        }
        if waited > self.retest_wait && recent.done > 100.0 {
            self.retest_wait = (self.retest_wait * 1.5).min(60.0);
            self.rounds += 1;
            let easy = self.easy(&recent);
            self.plan = if easy {
                1
            } else if self.rounds % 4 == 0 {
                0
            } else {
                1 + self.rounds % 2
            };
            self.next(&recent);
            return None;
        }
        let recent = if recent.done > 300.0 {
            None
        } else {
            Some(recent)
        };
        self.state = State::Settled {
            known: Some(known),
            recent,
            since,
        };
        None
    }

    /// What is tried next: half as many, then a little more, then a little less.
    fn next(&mut self, recent: &Seen) {
        if self.try_hint(recent, 50.0, false) {
            return;
        }
        let level = f64::from(Self::round(self.level));
        if self.plan == 0 {
            self.plan = 1;
            if level > f64::from(self.settings.floor) && !self.easy(recent) {
                self.try_less((level / 2.0).floor().max(1.0), recent, true);
                return;
            }
        }
        self.test(self.plan == 1, p(1), recent);
    }

    fn easy(&self, seen: &Seen) -> bool {
        self.profile
            .at_ease_from(16.0)
            .is_some_and(|ease| seen.service < 1.1 * ease)
    }
}

impl Default for Marginal {
    fn default() -> Self {
        Self::new()
    }
}

impl LimitAlgorithm for Marginal {
    fn limit(&self) -> u32 {
        self.applied
            .clamp(self.settings.floor, self.settings.ceiling)
    }

    fn sample(&mut self, sample: &Sample) -> Option<Change> {
        self.now = self.now.max(sample.at);
        let service = seconds(sample.service);
        let counts = match sample.teaches() {
            Teaches::Latency => sample.service >= Duration::from_micros(100),
            _ => {
                sample.outcome == Outcome::Failure
                    && service > 0.5 * self.profile.at_ease().unwrap_or(f64::MAX)
            }
        };
        if sample.at < self.skip_until {
            return None;
        }
        self.window.left(self.now, sample.binding);
        if !counts {
            return None;
        }
        self.window.done(sample);
        if sample.outcome == Outcome::Success {
            self.profile.add(sample.in_flight, service);
        }
        let (count, least, turns) = match self.state {
            State::Climb { .. } => (p(6), 0.01, 1.0),
            State::Less { .. } => (50.0, 0.05, 2.0),
            State::Test { .. } => (p(5), 0.1, 2.0),
            State::Settled { .. } => (30.0, 0.1, 1.0),
        };
        if self.window.count() < count || !self.window.is_long(self.now, least, turns) {
            return None;
        }
        let seen = self.window.close(f64::from(self.applied), self.now);
        self.step(seen)
    }

    fn name(&self) -> &'static str {
        "marginal"
    }
}
