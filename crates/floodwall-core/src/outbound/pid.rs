/// What a [`Pid`] is tuned with. The defaults are Semian's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PidConfig {
    /// How strongly it answers what is wrong now: 1.
    pub kp: f64,
    /// How strongly it answers what has been wrong for long: 0.2.
    pub ki: f64,
    /// How strongly it answers change: 0.
    pub kd: f64,
    /// Up to this share of the usual error rate above it, nothing is wrong: 0.25.
    pub dead_zone: f64,
    /// The sum of what was wrong stays within so much of 0: 10.
    pub integral_bound: f64,
}

impl Default for PidConfig {
    fn default() -> Self {
        Self {
            kp: 1.0,
            ki: 0.2,
            kd: 0.0,
            dead_zone: 0.25,
            integral_bound: 10.0,
        }
    }
}

/// Turns an error rate into the share of calls to hold back, one step a second.
///
/// The controller of Shopify's Semian (`pid_controller.rb`, 2026). With `delta` the error rate above
/// the usual one, what is wrong is `delta - (1 - delta) * rejected`, and the share moves by
/// `kp * wrong + ki * sum of wrong + kd * change of wrong`. At rest it holds back
/// `delta / (1 - delta)`: as many calls as fail too often.
///
/// ```
/// use floodwall_core::outbound::{Pid, PidConfig};
///
/// let mut pid = Pid::new(PidConfig::default());
/// let share = pid.step(0.21, 0.01);
/// assert!(share > 0.19 && share < 0.25);
/// ```
#[derive(Clone, Debug)]
pub struct Pid {
    config: PidConfig,
    rejected: f64,
    integral: f64,
    wrong: f64,
}

impl Pid {
    /// One that holds nothing back.
    pub const fn new(config: PidConfig) -> Self {
        Self {
            config,
            rejected: 0.0,
            integral: 0.0,
            wrong: 0.0,
        }
    }

    /// The share of calls to hold back, 0 to 1.
    pub const fn rejected(&self) -> f64 {
        self.rejected
    }

    /// A second has passed in which `error_rate` of the calls failed, where `usual` is what fails
    /// anyway. A rate that is no number counts as nothing wrong.
    pub fn step(&mut self, error_rate: f64, usual: f64) -> f64 {
        let above = error_rate.clamp(0.0, 1.0) - usual.clamp(0.0, 1.0);
        // Below the usual rate it passes on what it sees, so that it recovers.
        let is_noise = above > 0.0 && above <= usual * self.config.dead_zone;
        let delta = if is_noise || above.is_nan() {
            0.0
        } else {
            above
        };
        let wrong = delta - (1.0 - delta) * self.rejected;
        let change = wrong - self.wrong;
        self.wrong = wrong;
        let PidConfig { kp, ki, kd, .. } = self.config;
        let integral = self.integral + wrong;
        let signal = kp * wrong + ki * integral + kd * change;
        self.rejected = (self.rejected + signal).clamp(0.0, 1.0);
        let bound = self.config.integral_bound;
        self.integral = integral.clamp(-bound, bound);
        self.rejected
    }
}

/// The error rate that is usual: slow to rise, so that an incident is not taken for it, quick to fall.
///
/// Semian's smoother: begins at 5 %, never learns from a rate above 10 %, takes 0.17 % of what is
/// higher and 7.8 % of what is lower, and half of that after 30 minutes of steps.
///
/// ```
/// use floodwall_core::outbound::ErrorBaseline;
///
/// let mut usual = ErrorBaseline::default();
/// usual.observe(0.8);
/// assert_eq!(usual.rate(), 0.05);
/// usual.observe(0.0);
/// assert!(usual.rate() < 0.047);
/// ```
#[derive(Clone, Debug)]
pub struct ErrorBaseline {
    rate: f64,
    steps: u32,
}

impl ErrorBaseline {
    /// Where it begins unless told otherwise.
    pub const START: f64 = 0.05;
    const CAP: f64 = 0.1;
    const RISE: f64 = 0.0017;
    const FALL: f64 = 0.078;
    const RISE_LATER: f64 = 0.0009;
    const FALL_LATER: f64 = 0.039;
    const LATER: u32 = 30 * 60;

    /// Begins with a usual rate of `start`.
    pub const fn new(start: f64) -> Self {
        Self {
            rate: start,
            steps: 0,
        }
    }

    /// The usual error rate.
    pub const fn rate(&self) -> f64 {
        self.rate
    }

    /// A second has passed in which `rate` of the calls failed.
    pub fn observe(&mut self, rate: f64) {
        self.steps = self.steps.saturating_add(1);
        if !(0.0..=Self::CAP).contains(&rate) {
            return;
        }
        let (rise, fall) = if self.steps < Self::LATER {
            (Self::RISE, Self::FALL)
        } else {
            (Self::RISE_LATER, Self::FALL_LATER)
        };
        let part = if rate > self.rate { rise } else { fall };
        self.rate += part * (rate - self.rate);
    }
}

impl Default for ErrorBaseline {
    fn default() -> Self {
        Self::new(Self::START)
    }
}
