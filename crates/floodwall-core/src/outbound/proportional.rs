use std::time::Duration;

use super::pid::{ErrorBaseline, Pid, PidConfig};
use super::unsound::{Unsound, check};
use super::window::Window;
use crate::Moment;

/// What a [`Proportional`] breaker is tuned with. The defaults are Semian's, but for the last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProportionalConfig {
    /// How its controller is tuned.
    pub pid: PidConfig,
    /// The error rate that is taken for usual at first: 0.05.
    pub usual: f64,
    /// With fewer calls than that in ten seconds, refused ones included, nothing is wrong: 10. Else one
    /// failure in a quiet night would stop everything.
    pub min_calls: u32,
}

impl Default for ProportionalConfig {
    fn default() -> Self {
        Self {
            pid: PidConfig::default(),
            usual: ErrorBaseline::START,
            min_calls: 10,
        }
    }
}

/// A breaker that holds back a part of the calls, and not all or none of them.
///
/// Each second a [`Pid`] controller looks at the error rate of the last ten and moves the share that is
/// held back; an [`ErrorBaseline`] learns what is usual. When a fifth of the calls fails, an on-off
/// breaker refuses most of what would have succeeded; this one refuses about as much as fails. Nothing
/// runs in the background: the steps that are due are made by the next call.
///
/// After Shopify's Semian, with two things of our own: `min_calls`, and that a second without results
/// counts as usual, not as one without errors; so a quiet night leaves no trace.
///
/// ```
/// use floodwall_core::{Moment, outbound::Proportional};
/// use std::time::Duration;
///
/// let mut breaker = Proportional::default();
/// let mut now = Moment::ZERO;
/// for n in 0..1_000 {
///     now = now + Duration::from_millis(10);
///     if !breaker.refuses(now, 0.999) {
///         breaker.ended(now, n % 2 == 0);
///     }
/// }
/// let share = breaker.rejected(now);
/// assert!(share > 0.5 && share <= 1.0, "{share}");
/// ```
#[derive(Clone, Debug)]
pub struct Proportional {
    window: Window<3>,
    pid: Pid,
    config: PidConfig,
    usual: ErrorBaseline,
    min_calls: u32,
    error_rate: f64,
}

const SUCCESSES: usize = 0;
const ERRORS: usize = 1;
const REFUSALS: usize = 2;

impl Proportional {
    /// How often the share is moved.
    pub const STEP: Duration = Duration::from_secs(1);
    /// Over how many steps errors are counted.
    pub const STEPS: usize = 10;

    /// One that holds nothing back.
    ///
    /// # Errors
    ///
    /// If a setting is negative or not finite, or `usual` above 1.
    pub fn new(config: ProportionalConfig) -> Result<Self, Unsound> {
        let PidConfig {
            kp,
            ki,
            kd,
            dead_zone,
            integral_bound,
        } = config.pid;
        for (x, field) in [
            (kp, "kp"),
            (ki, "ki"),
            (kd, "kd"),
            (dead_zone, "dead_zone"),
            (integral_bound, "integral_bound"),
        ] {
            check(x.is_finite() && x >= 0.0, field, "write 0 or more")?;
        }
        let is_usual = (0.0..=1.0).contains(&config.usual);
        check(is_usual, "usual", "write 0 to 1, as 0.05 for one in twenty")?;
        Ok(Self {
            window: Window::new(Self::STEP, Self::STEPS),
            pid: Pid::new(config.pid),
            config: config.pid,
            usual: ErrorBaseline::new(config.usual),
            min_calls: config.min_calls,
            error_rate: 0.0,
        })
    }

    /// Whether a call is refused, where `draw` is a random number of at least 0 and below 1.
    pub fn refuses(&mut self, now: Moment, draw: f64) -> bool {
        let refuses = self.would_refuse(now, draw);
        if refuses {
            self.window.add(REFUSALS);
        }
        refuses
    }

    /// The same without counting.
    pub fn would_refuse(&mut self, now: Moment, draw: f64) -> bool {
        draw < self.rejected(now)
    }

    /// A call has ended.
    pub fn ended(&mut self, now: Moment, is_error: bool) {
        self.move_to(now);
        self.window.add(if is_error { ERRORS } else { SUCCESSES });
    }

    /// The share of calls that is held back, 0 to 1.
    pub fn rejected(&mut self, now: Moment) -> f64 {
        self.move_to(now);
        self.pid.rejected()
    }

    /// The error rate at the last step.
    pub const fn error_rate(&self) -> f64 {
        self.error_rate
    }

    /// The error rate that is taken for usual.
    pub const fn usual(&self) -> f64 {
        self.usual.rate()
    }

    fn move_to(&mut self, now: Moment) {
        let due = self.window.due(now);
        if due > FORGET {
            self.window.turn(due);
            self.pid = Pid::new(self.config);
            self.error_rate = 0.0;
            return;
        }
        for _ in 0..due {
            self.step();
            self.window.turn(1);
        }
    }

    fn step(&mut self) {
        let (successes, errors) = (self.window.sum(SUCCESSES), self.window.sum(ERRORS));
        let results = successes + errors;
        let calls = results + self.window.sum(REFUSALS);
        if results == 0 || calls < u64::from(self.min_calls) {
            self.error_rate = 0.0;
            // Neither better nor worse than usual: only the feedback works, and lets go.
            self.pid.step(self.usual.rate(), self.usual.rate());
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let rate = errors as f64 / results as f64;
        self.error_rate = rate;
        self.usual.observe(rate);
        self.pid.step(rate, self.usual.rate());
    }
}

/// After so many steps without a call there is nothing left to hold back for, and a long night would
/// be long to step through.
const FORGET: u64 = 120;

impl Default for Proportional {
    fn default() -> Self {
        Self::new(ProportionalConfig::default()).expect("these settings are sound")
    }
}
