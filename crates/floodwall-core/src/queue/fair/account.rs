use super::tenant::Served;
use crate::Moment;

/// What one queue has had of the service, in virtual time: places times nanoseconds, by weight.
///
/// It is charged while its requests run, so one whose requests hang is charged for that at once and
/// not when they end. For each that runs, the time that it is expected to take is charged in advance
/// and given back when it ends: otherwise one that has just got a place would look as poor as before
/// and get the next one, too.
#[derive(Clone, Copy, Debug)]
pub(super) struct Account {
    had: u128,
    /// What is charged for each nanosecond from `at` on, for all that run.
    rate: u64,
    at: Moment,
    /// How long one is expected to take, in nanoseconds.
    guess: u64,
}

impl Account {
    /// The first guess: that of Kubernetes' API priority and fairness, 3 ms.
    const FIRST_GUESS: u64 = 3_000_000;
    /// At least so long counts each, so that those who take no time at all do not go first for ever.
    const LEAST: u64 = 1_000;
    /// A guess is the mean of about so many.
    const MEMORY: u64 = 8;

    pub(super) const fn new(had: u128, at: Moment) -> Self {
        Self {
            had,
            rate: 0,
            at,
            guess: Self::FIRST_GUESS,
        }
    }

    pub(super) const fn is_idle(&self) -> bool {
        self.rate == 0
    }

    pub(super) const fn rate(&self) -> u64 {
        self.rate
    }

    pub(super) fn had(&self, now: Moment) -> u128 {
        let running = nanos(now, self.at) * u128::from(self.rate);
        self.had.saturating_add(running)
    }

    /// What it will have had when one more has run.
    pub(super) fn finish(&self, rate: u32, now: Moment) -> u128 {
        self.had(now).saturating_add(self.cost(rate))
    }

    pub(super) fn lift(&mut self, level: u128, now: Moment) {
        self.advance(now);
        self.had = self.had.max(level);
    }

    /// One more runs. Returns for how long it was charged in advance.
    pub(super) fn begin(&mut self, rate: u32, now: Moment) -> u64 {
        self.advance(now);
        self.had = self.had.saturating_add(self.cost(rate));
        self.rate = self.rate.saturating_add(u64::from(rate));
        self.guess
    }

    /// One runs no more.
    pub(super) fn end(&mut self, served: &Served, now: Moment) {
        self.advance(now);
        let ran = u64::try_from(nanos(now, served.since)).unwrap_or(u64::MAX);
        let short = Self::LEAST.saturating_sub(ran);
        let rate = u128::from(served.rate.get());
        self.rate = self.rate.saturating_sub(u64::from(served.rate.get()));
        self.had = self
            .had
            .saturating_sub(u128::from(served.prepaid) * rate)
            .saturating_add(u128::from(short) * rate);
        let ran = ran.max(Self::LEAST);
        self.guess = self.guess - self.guess / Self::MEMORY + ran / Self::MEMORY;
    }

    fn cost(&self, rate: u32) -> u128 {
        u128::from(rate) * u128::from(self.guess)
    }

    fn advance(&mut self, now: Moment) {
        self.had = self.had(now);
        self.at = self.at.max(now);
    }
}

fn nanos(now: Moment, since: Moment) -> u128 {
    now.since(since).as_nanos()
}
