//! The one place where floodwall reads a clock.

use std::cell::Cell;
use std::fmt;

use floodwall_core::Moment;
use tokio::time::Instant;

/// The time of one decision: read at most once, when first asked, and handed on.
///
/// It is tokio's clock, so `tokio::time::pause` works. A policy that had to wait takes a
/// [fresh](Now::unread) one.
///
/// ```
/// use floodwall::Now;
///
/// let now = Now::unread();
/// assert_eq!(now.instant(), now.instant());
/// ```
#[derive(Clone)]
pub struct Now {
    read: Cell<Option<Instant>>,
}

impl Now {
    /// A time that will be read when somebody asks.
    pub const fn unread() -> Self {
        Self {
            read: Cell::new(None),
        }
    }

    /// A time that somebody has read already.
    pub const fn at(instant: Instant) -> Self {
        Self {
            read: Cell::new(Some(instant)),
        }
    }

    /// The time; the clock is read on the first call.
    pub fn instant(&self) -> Instant {
        if let Some(instant) = self.read.get() {
            return instant;
        }
        #[expect(clippy::disallowed_methods, reason = "this is the one place")]
        let instant = Instant::now();
        self.read.set(Some(instant));
        instant
    }
}

impl Default for Now {
    fn default() -> Self {
        Self::unread()
    }
}

impl fmt::Debug for Now {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Now").field(&self.read.get()).finish()
    }
}

/// Turns readings of the clock into what `floodwall-core` counts in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin(Instant);

impl Origin {
    pub(crate) fn here() -> Self {
        Self(Now::unread().instant())
    }

    /// The moment of `instant`. Readings from before the origin (a layer built outside a runtime
    /// whose clock is paused) count as the origin.
    pub(crate) fn moment(self, instant: Instant) -> Moment {
        let since = instant.saturating_duration_since(self.0);
        Moment::from_nanos(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }

    pub(crate) fn now(self) -> Moment {
        self.moment(Now::unread().instant())
    }

    /// The instant of `moment`, if the clock can tell one that late.
    pub(crate) fn instant(self, moment: Moment) -> Option<Instant> {
        self.0.checked_add(moment.since(Moment::ZERO))
    }
}
