use std::time::Duration;

/// The service times count as much as so many windows.
const HINTS: f64 = 3.0;

/// What a limit brought, in one window or several.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) limit: f64,
    /// How many were done.
    pub(super) done: f64,
    /// In how many seconds.
    pub(super) seconds: f64,
    /// Mean service time, in seconds.
    pub(super) service: f64,
    /// Mean time that a place was held, in seconds.
    pub(super) held: f64,
    /// The part of those who left that had been worked on.
    pub(super) worked: f64,
    /// How many were inside, as those found it who came in.
    pub(super) found: f64,
    /// Squared coefficient of variation of the service times.
    pub(super) variation: f64,
    /// From how many windows.
    pub(super) windows: f64,
    /// The sum of what was done in a window times its throughput.
    pub(super) squares: f64,
    /// The part of the time in which the limit held somebody back.
    pub(super) binding: f64,
}

impl Seen {
    /// Whether it says something about the limit.
    pub(super) fn is_bound(&self) -> bool {
        self.binding >= 0.4
    }

    /// Whether nobody is held back, but so many places are taken that the limit is not far.
    pub(super) fn is_nearly_bound(&self) -> bool {
        self.inside() >= 0.4 * self.limit && self.worked >= 0.5
    }

    /// `done`, or as many as make a few batches: work that takes equally long leaves together.
    pub(super) fn enough_of(&self, done: f64) -> f64 {
        done.max(2.0 * self.limit)
    }

    /// How many were done per second.
    pub(super) fn throughput(&self) -> f64 {
        (self.done / self.seconds).max(1e-9)
    }

    /// How many were inside in the mean: by Little's law, which knows nothing of those who came to
    /// nothing, or as it was found, which is too little where all leave and come together.
    pub(super) fn inside(&self) -> f64 {
        self.found.max(self.taken())
    }

    /// How many places were taken, by those who left.
    pub(super) fn taken(&self) -> f64 {
        self.throughput() * self.held
    }

    /// How many times as slow as `other`.
    pub(super) fn slower_than(&self, other: &Self) -> f64 {
        self.service / other.service.max(1e-9)
    }

    /// Both together, as seen under the limit of the first.
    pub(super) fn and(self, other: Self) -> Self {
        let done = self.done + other.done;
        let mean = |a: f64, b: f64| (a * self.done + b * other.done) / done.max(1.0);
        Self {
            limit: self.limit,
            done,
            seconds: self.seconds + other.seconds,
            service: mean(self.service, other.service),
            held: mean(self.held, other.held),
            found: mean(self.found, other.found),
            worked: mean(self.worked, other.worked),
            variation: mean(self.variation, other.variation),
            windows: self.windows + other.windows,
            squares: self.squares + other.squares,
            binding: mean(self.binding, other.binding),
        }
    }

    /// Variance of how many are done over its mean. The service times hint at it, as if those who
    /// leave were a renewal process; the more windows were seen, the more what they had counts.
    pub(super) fn dispersion(&self) -> f64 {
        let more = self.windows - 1.0;
        let spread = (self.squares / self.throughput() - self.done).max(0.0);
        let seen = (HINTS * self.variation + spread) / (HINTS + more.max(0.0));
        self.variation.max(seen.min(1.0))
    }

    /// How much more `more` brought than this one.
    pub(super) fn compared_with(&self, more: &Self) -> Rise {
        // Work that takes equally long leaves in batches of the size of the limit, and a window may
        // have one batch too many.
        let batch = |seen: &Self| 0.15 * seen.limit / seen.done.max(1.0);
        let dispersion = self.dispersion().max(more.dispersion());
        let chance = dispersion * (1.0 / self.done.max(1.0) + 1.0 / more.done.max(1.0));
        Rise {
            span: (more.limit / self.limit).ln().max(1e-3),
            throughput: (more.throughput() / self.throughput()).ln(),
            error: (chance + batch(self).powi(2) + batch(more).powi(2)).sqrt(),
            knee: self.limit * more.throughput() / self.throughput(),
        }
    }
}

/// What a higher limit brought, beside a lower one; all on logarithms.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rise {
    /// From the lower limit to the higher.
    pub(super) span: f64,
    /// From the throughput under the lower to that under the higher.
    pub(super) throughput: f64,
    /// Standard error of the throughput.
    pub(super) error: f64,
    /// How many places can be used, if up to the lower limit throughput was in proportion to it and
    /// the higher brought all there is. Not a logarithm.
    pub(super) knee: f64,
}

impl Rise {
    /// How steep: 1 is in proportion to the limit, 0 is nothing.
    pub(super) fn steepness(&self) -> f64 {
        self.throughput / self.span
    }

    /// Standard error of the steepness.
    pub(super) fn steepness_error(&self) -> f64 {
        self.error / self.span
    }
}

pub(super) fn seconds(time: Duration) -> f64 {
    time.as_secs_f64().min(1e6)
}
