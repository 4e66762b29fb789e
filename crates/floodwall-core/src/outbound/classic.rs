use std::collections::VecDeque;
use std::time::Duration;

use super::unsound::{Unsound, check};
use super::window::Window;
use crate::Moment;

/// Over which calls a [`Classic`] breaker counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Over {
    /// The last so many.
    Calls(u32),
    /// Those of the last so long.
    Time(Duration),
}

/// What a [`Classic`] breaker is tuned with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassicConfig {
    /// It opens when this share of the calls fails, above 0 to 1.
    pub failure_rate: f64,
    /// Over which calls that is counted.
    pub over: Over,
    /// It never opens on fewer calls.
    pub min_calls: u32,
    /// How long it stays open.
    pub open_for: Duration,
    /// How many calls find out afterwards whether it is better.
    pub probes: u32,
}

impl ClassicConfig {
    /// Half of the last hundred calls; open for a minute; ten probes. The defaults of resilience4j.
    pub const fn by_calls() -> Self {
        Self {
            failure_rate: 0.5,
            over: Over::Calls(100),
            min_calls: 100,
            open_for: Duration::from_secs(60),
            probes: 10,
        }
    }

    /// A tenth of at least a hundred calls in 30 seconds; open for 5 seconds; one probe. The defaults
    /// of Polly.
    pub const fn by_time() -> Self {
        Self {
            failure_rate: 0.1,
            over: Over::Time(Duration::from_secs(30)),
            min_calls: 100,
            open_for: Duration::from_secs(5),
            probes: 1,
        }
    }
}

/// What a [`Classic`] breaker does at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a breaker has these three")]
pub enum BreakerState {
    /// Calls go through.
    Closed,
    /// A few calls find out whether it is better.
    HalfOpen,
    /// No call goes through.
    Open,
}

/// A call that was let through, to be handed back with its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(u64);

/// The on-off breaker: closed, open, half-open.
///
/// It opens when too many calls fail, refuses all for a while, then lets a few through: if fewer of them
/// fail, it closes, else it opens again. A probe whose result teaches nothing makes room for another. If
/// the probes have no result for as long as it would stay open, there are new ones, so that calls that
/// hang cannot keep it half-open for ever. What was let through in an earlier state is not counted.
///
/// After Michael Nygard, "Release It!", chapter "Stability Patterns".
///
/// ```
/// use floodwall_core::{Moment, outbound::{BreakerState, Classic, ClassicConfig}};
///
/// let mut breaker = Classic::new(ClassicConfig::by_calls()).unwrap();
/// let now = Moment::ZERO;
/// for _ in 0..100 {
///     let ticket = breaker.admit(now).unwrap();
///     breaker.ended(ticket, now, Some(true));
/// }
/// assert_eq!(breaker.state(now), BreakerState::Open);
/// assert_eq!(breaker.admit(now), Err(ClassicConfig::by_calls().open_for));
/// ```
#[derive(Clone, Debug)]
pub struct Classic {
    config: ClassicConfig,
    calls: Calls,
    state: State,
    // Counts changes of state; a ticket bears the one of its own time.
    generation: u64,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Closed,
    Open { until: Moment },
    HalfOpen { since: Moment, probes: Probes },
}

#[derive(Clone, Copy, Debug, Default)]
struct Probes {
    running: u32,
    ended: u32,
    errors: u32,
}

impl Classic {
    /// The most calls over which one can count.
    pub const MAX_CALLS: u32 = 10_000;

    /// A closed one.
    ///
    /// # Errors
    ///
    /// If the rate is not above 0 and at most 1, a number or a time is 0 or too large, or more calls
    /// are needed than are counted.
    pub fn new(config: ClassicConfig) -> Result<Self, Unsound> {
        let rate = config.failure_rate;
        let is_rate = rate > 0.0 && rate <= 1.0;
        check(is_rate, "failure_rate", "write more than 0, and 1 at most")?;
        check(
            config.probes > 0,
            "probes",
            "write at least 1, or it never closes again",
        )?;
        check(config.min_calls > 0, "min_calls", "write at least 1")?;
        let is_time = !config.open_for.is_zero();
        check(is_time, "open_for", "write more than 0, or it never opens")?;
        let calls = match config.over {
            Over::Calls(n) => {
                let is_number = (1..=Self::MAX_CALLS).contains(&n);
                check(
                    is_number,
                    "over",
                    "count 1 to 10000 calls, or those of a time",
                )?;
                let is_enough = config.min_calls <= n;
                check(
                    is_enough,
                    "min_calls",
                    "write at most as many as are counted",
                )?;
                Calls::Last {
                    most: n as usize,
                    results: VecDeque::new(),
                    errors: 0,
                }
            }
            Over::Time(time) => {
                let is_time = time >= Duration::from_millis(1);
                check(is_time, "over", "count the calls of at least 1 ms")?;
                Calls::During(Window::new(time / BUCKETS, BUCKETS as usize))
            }
        };
        Ok(Self {
            config,
            calls,
            state: State::Closed,
            generation: 0,
        })
    }

    /// Lets a call through.
    ///
    /// # Errors
    ///
    /// How long it stays open, or zero if it is half-open and has probes enough.
    pub fn admit(&mut self, now: Moment) -> Result<Ticket, Duration> {
        self.peek(now)?;
        self.move_to(now);
        if let State::HalfOpen { probes, .. } = &mut self.state {
            probes.running += 1;
        }
        Ok(Ticket(self.generation))
    }

    /// Whether a call would be let through, changing nothing.
    ///
    /// # Errors
    ///
    /// As [`admit`](Classic::admit).
    pub fn peek(&self, now: Moment) -> Result<(), Duration> {
        match self.state {
            State::Open { until } if now < until => Err(until.since(now)),
            State::HalfOpen { since, probes }
                if probes.running + probes.ended >= self.config.probes
                    && now < since + self.config.open_for =>
            {
                Err(Duration::ZERO)
            }
            _ => Ok(()),
        }
    }

    /// A call has ended: with an error, without one, or in a way that teaches nothing.
    pub fn ended(&mut self, ticket: Ticket, now: Moment, is_error: Option<bool>) {
        if ticket.0 != self.generation {
            return;
        }
        match &mut self.state {
            State::Closed => {
                let Some(is_error) = is_error else { return };
                let (calls, errors) = self.calls.count(now, is_error);
                if calls >= u64::from(self.config.min_calls) && self.too_many(calls, errors) {
                    self.open(now);
                }
            }
            State::HalfOpen { probes, .. } => {
                probes.running = probes.running.saturating_sub(1);
                let Some(is_error) = is_error else { return };
                probes.ended += 1;
                probes.errors += u32::from(is_error);
                let Probes { ended, errors, .. } = *probes;
                if ended < self.config.probes {
                    return;
                }
                if self.too_many(u64::from(ended), u64::from(errors)) {
                    self.open(now);
                } else {
                    self.enter(State::Closed);
                }
            }
            State::Open { .. } => {}
        }
    }

    /// What it does at `now`.
    pub fn state(&self, now: Moment) -> BreakerState {
        match self.state {
            State::Closed => BreakerState::Closed,
            State::Open { until } if now < until => BreakerState::Open,
            State::Open { .. } | State::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    fn move_to(&mut self, now: Moment) {
        let half_open = State::HalfOpen {
            since: now,
            probes: Probes::default(),
        };
        match self.state {
            State::Open { until } if now >= until => self.enter(half_open),
            State::HalfOpen { since, probes }
                if probes.running + probes.ended >= self.config.probes
                    && now >= since + self.config.open_for =>
            {
                self.enter(half_open);
            }
            _ => {}
        }
    }

    fn open(&mut self, now: Moment) {
        let until = now + self.config.open_for;
        self.enter(State::Open { until });
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.generation = self.generation.wrapping_add(1);
        self.calls.clear();
    }

    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    fn too_many(&self, calls: u64, errors: u64) -> bool {
        errors as f64 >= self.config.failure_rate * calls as f64
    }
}

/// Fine enough that the window moves without jerks.
const BUCKETS: u32 = 30;

#[derive(Clone, Debug)]
enum Calls {
    Last {
        most: usize,
        results: VecDeque<bool>,
        errors: u64,
    },
    During(Window<2>),
}

impl Calls {
    /// Counts one more, and tells how many there are and how many of them failed.
    fn count(&mut self, now: Moment, is_error: bool) -> (u64, u64) {
        match self {
            Self::Last {
                most,
                results,
                errors,
            } => {
                if results.len() == *most {
                    *errors -= u64::from(results.pop_front() == Some(true));
                }
                results.push_back(is_error);
                *errors += u64::from(is_error);
                (results.len() as u64, *errors)
            }
            Self::During(window) => {
                window.move_to(now);
                window.add(usize::from(is_error));
                let (successes, errors) = (window.sum(0), window.sum(1));
                (successes + errors, errors)
            }
        }
    }

    fn clear(&mut self) {
        match self {
            Self::Last {
                results, errors, ..
            } => {
                results.clear();
                *errors = 0;
            }
            Self::During(window) => window.clear(),
        }
    }
}
