use std::fmt;
use std::time::Duration;

use super::fair::{FairQueues, FairQueuesError};
use crate::Priority;

/// A whole grant, in the unit in which shares are kept.
pub(super) const ONE: u32 = 1_000_000;

/// How long a [`Queue`](super::Queue) may become, how long one may wait in it, and in which order
/// it serves.
///
/// ```
/// use floodwall_core::{Priority, queue::QueueConfig};
/// use std::time::Duration;
///
/// let config = QueueConfig::builder()
///     .capacity(64)
///     .max_wait(Duration::from_millis(50))
///     .share(Priority::BACKGROUND, 0.05)
///     .build()
///     .unwrap();
/// assert_eq!(config.capacity(), 64);
/// assert_eq!(
///     QueueConfig::builder().capacity(0).build().unwrap_err().to_string(),
///     "capacity 0: a queue has 1 to 16777216 places",
/// );
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct QueueConfig {
    capacity: u32,
    max_wait: Duration,
    target: Duration,
    interval: Duration,
    newest_first: bool,
    shares: [u32; Priority::COUNT],
    protected: [u32; Priority::COUNT],
    fair: Option<FairQueues>,
}

impl QueueConfig {
    /// The largest capacity.
    pub const MAX_CAPACITY: u32 = 1 << 24;
    /// The longest wait: a day. Whoever waits longer has not been refused but forgotten.
    pub const MAX_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

    /// Begins with the defaults, which each method tells.
    pub fn builder() -> QueueConfigBuilder {
        QueueConfigBuilder {
            capacity: 1024,
            max_wait: Duration::from_millis(100),
            target: Duration::from_millis(5),
            interval: Duration::from_millis(100),
            newest_first: true,
            shares: [0.0; Priority::COUNT],
            fair: None,
        }
    }

    /// How many may wait.
    pub const fn capacity(&self) -> u32 {
        self.capacity
    }

    /// How long one may wait.
    pub const fn max_wait(&self) -> Duration {
        self.max_wait
    }

    /// The delay above which a class is served newest first.
    pub const fn target(&self) -> Duration {
        self.target
    }

    /// For how long the delay has to stay above the target.
    pub const fn interval(&self) -> Duration {
        self.interval
    }

    /// Whether a class whose delay is over the target is served newest first.
    pub const fn newest_first(&self) -> bool {
        self.newest_first
    }

    /// The part of the grants that `priority` gets at least while it waits, 0 to 0.5.
    pub fn share(&self, priority: Priority) -> f64 {
        f64::from(self.shares[priority.index()]) / f64::from(ONE)
    }

    /// The queues between which the tenants of a class take turns, if they do.
    pub const fn fair(&self) -> Option<FairQueues> {
        self.fair
    }

    pub(super) const fn share_of(&self, class: usize) -> u32 {
        self.shares[class]
    }

    /// How many places of a class no eviction takes.
    pub(super) const fn protected(&self, class: usize) -> u32 {
        self.protected[class]
    }
}

impl Default for QueueConfig {
    fn default() -> Self {
        let builder = Self::builder();
        Self {
            capacity: builder.capacity,
            max_wait: builder.max_wait,
            target: builder.target,
            interval: builder.interval,
            newest_first: builder.newest_first,
            shares: [0; Priority::COUNT],
            protected: [0; Priority::COUNT],
            fair: builder.fair,
        }
    }
}

/// Makes a [`QueueConfig`].
#[derive(Clone, Debug)]
#[must_use]
pub struct QueueConfigBuilder {
    capacity: u32,
    max_wait: Duration,
    target: Duration,
    interval: Duration,
    newest_first: bool,
    shares: [f64; Priority::COUNT],
    fair: Option<FairQueues>,
}

impl QueueConfigBuilder {
    /// How many may wait: 1 to [`QueueConfig::MAX_CAPACITY`], 1024 when not said.
    pub const fn capacity(mut self, places: u32) -> Self {
        self.capacity = places;
        self
    }

    /// How long one may wait, more than zero and at most [`QueueConfig::MAX_WAIT`]: 100 ms when not
    /// said.
    pub const fn max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = wait;
        self
    }

    /// The delay above which a class is served newest first, more than zero: 5 ms when not said.
    pub const fn target(mut self, delay: Duration) -> Self {
        self.target = delay;
        self
    }

    /// For how long the delay has to stay above the target, more than zero: 100 ms when not said.
    pub const fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Whether a class whose delay is over the target is served newest first: yes when not said.
    pub const fn newest_first(mut self, yes: bool) -> Self {
        self.newest_first = yes;
        self
    }

    /// The part of the grants that `priority` gets at least while it waits, kept to a millionth:
    /// none when not said. All of them together are at most 0.5, so that more than half of the
    /// grants always go by priority.
    ///
    /// The same part of the places is safe from eviction, so that there is somebody to whom the
    /// grants can go.
    pub const fn share(mut self, priority: Priority, share: f64) -> Self {
        self.shares[priority.index()] = share;
        self
    }

    /// Lets the tenants of a class take turns, each waiting in one of these queues: all wait in one
    /// line when not said.
    pub const fn fair(mut self, queues: FairQueues) -> Self {
        self.fair = Some(queues);
        self
    }

    /// The configuration.
    ///
    /// # Errors
    ///
    /// Names the value that makes no sense.
    pub fn build(self) -> Result<QueueConfig, QueueConfigError> {
        if !(1..=QueueConfig::MAX_CAPACITY).contains(&self.capacity) {
            return Err(QueueConfigError::Capacity(self.capacity));
        }
        for (name, value) in [
            ("max_wait", self.max_wait),
            ("target", self.target),
            ("interval", self.interval),
        ] {
            if value.is_zero() {
                return Err(QueueConfigError::Zero(name));
            }
        }
        if self.max_wait > QueueConfig::MAX_WAIT {
            return Err(QueueConfigError::LongWait(self.max_wait));
        }
        if let Some(fair) = &self.fair {
            fair.check().map_err(QueueConfigError::Fair)?;
        }
        let mut shares = [0; Priority::COUNT];
        for (priority, share) in Priority::all().zip(self.shares) {
            if !(0.0..=0.5).contains(&share) {
                return Err(QueueConfigError::Share(priority, share));
            }
            // In range as checked above, so the cast is exact.
            shares[priority.index()] = (share * f64::from(ONE)).round() as u32;
        }
        if shares.iter().sum::<u32>() > ONE / 2 {
            return Err(QueueConfigError::ShareTotal(self.shares.iter().sum()));
        }
        Ok(QueueConfig {
            capacity: self.capacity,
            max_wait: self.max_wait,
            target: self.target,
            interval: self.interval,
            newest_first: self.newest_first,
            shares,
            protected: protected(shares, self.capacity),
            fair: self.fair,
        })
    }
}

/// The shares in whole places, rounded up so that a small share of a small queue still keeps
/// somebody alive; rounded down where that would put more than half of the queue out of the reach
/// of the urgent.
fn protected(shares: [u32; Priority::COUNT], capacity: u32) -> [u32; Priority::COUNT] {
    let parts = shares.map(|share| u64::from(share) * u64::from(capacity));
    let up = parts.map(|part| part.div_ceil(u64::from(ONE)) as u32);
    if up.iter().sum::<u32>() <= capacity / 2 {
        up
    } else {
        parts.map(|part| (part / u64::from(ONE)) as u32)
    }
}

/// A value that no queue can have.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum QueueConfigError {
    /// The capacity is zero or larger than [`QueueConfig::MAX_CAPACITY`].
    Capacity(u32),
    /// The tenants' queues cannot be dealt.
    Fair(FairQueuesError),
    /// `max_wait` is longer than [`QueueConfig::MAX_WAIT`].
    LongWait(Duration),
    /// A share is negative, above 0.5, or no number.
    Share(Priority, f64),
    /// The shares together are more than 0.5.
    ShareTotal(f64),
    /// The duration of this name is zero.
    Zero(&'static str),
}

impl fmt::Display for QueueConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Capacity(n) => {
                write!(
                    f,
                    "capacity {n}: a queue has 1 to {} places",
                    QueueConfig::MAX_CAPACITY
                )
            }
            Self::Fair(error) => write!(f, "fair: {error}"),
            Self::LongWait(wait) => write!(
                f,
                "max_wait {wait:?}: one waits {:?} at most",
                QueueConfig::MAX_WAIT
            ),
            Self::Share(priority, share) => {
                write!(
                    f,
                    "share {share} of priority {priority}: a share is 0 to 0.5"
                )
            }
            Self::ShareTotal(total) => {
                write!(
                    f,
                    "shares of {total} in total: all shares together are at most 0.5"
                )
            }
            Self::Zero(name) => write!(f, "{name} 0: must be more than zero"),
        }
    }
}

impl std::error::Error for QueueConfigError {}
