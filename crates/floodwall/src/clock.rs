//! The one place where floodwall reads a clock.

use std::cell::Cell;
use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;
#[cfg(feature = "http")]
use std::time::SystemTime;

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
    /// The same in nanoseconds since the base; 0 until somebody asks for it.
    nanos: Cell<u64>,
}

impl Now {
    /// A time that will be read when somebody asks.
    pub const fn unread() -> Self {
        Self {
            read: Cell::new(None),
            nanos: Cell::new(0),
        }
    }

    /// A time that somebody has read already.
    pub const fn at(instant: Instant) -> Self {
        Self {
            read: Cell::new(Some(instant)),
            nanos: Cell::new(0),
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

    fn nanos(&self) -> u64 {
        match self.nanos.get() {
            0 => {
                let nanos = nanos_since_base(self.instant());
                self.nanos.set(nanos);
                nanos
            }
            nanos => nanos,
        }
    }

    /// What the wall clock shows at this time: to stamp the requests that one sends on with
    /// `X-Request-Start`, and to read such stamps. `None` if it cannot be told.
    ///
    /// Wall clocks jump and differ between machines; nothing else here is measured with them. Under
    /// tokio's paused clock it starts with the real time and moves with that clock.
    ///
    /// ```
    /// use floodwall::Now;
    /// use std::time::UNIX_EPOCH;
    ///
    /// let now = Now::unread().wall().unwrap().duration_since(UNIX_EPOCH)?;
    /// let stamp = format!("t={}", now.as_micros());
    /// # drop(stamp);
    /// # Ok::<(), std::time::SystemTimeError>(())
    /// ```
    #[cfg(feature = "http")]
    #[cfg_attr(docsrs, doc(cfg(feature = "http")))]
    pub fn wall(&self) -> Option<SystemTime> {
        let at = self.instant();
        if let Some((start, began)) = paused_start() {
            return shifted(start, began, at);
        }
        #[expect(clippy::disallowed_methods, reason = "this is the one place")]
        let wall = SystemTime::now();
        shifted(wall, Self::unread().instant(), at)
    }
}

/// `wall`, which was right at `then`, as it is at `at`.
#[cfg(feature = "http")]
fn shifted(wall: SystemTime, then: Instant, at: Instant) -> Option<SystemTime> {
    match at.checked_duration_since(then) {
        Some(later) => wall.checked_add(later),
        None => wall.checked_sub(then.saturating_duration_since(at)),
    }
}

/// Where the wall clock of this process began, if tokio's clock is paused.
///
/// tokio does not tell whether it is. But while it runs, tokio's clock is that of std, so a reading
/// of the one between two readings of the other lies between them; a paused one stands still.
#[cfg(feature = "http")]
fn paused_start() -> Option<(SystemTime, Instant)> {
    static START: OnceLock<(SystemTime, Instant)> = OnceLock::new();

    let before = Now::unread().instant().into_std();
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    let real = std::time::Instant::now();
    let after = Now::unread().instant().into_std();
    if (before..=after).contains(&real) {
        return None;
    }
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    let start = *START.get_or_init(|| (SystemTime::now(), real.into()));
    Some(start)
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
pub(crate) struct Origin {
    /// After the base.
    nanos: u64,
}

impl Origin {
    pub(crate) fn here() -> Self {
        Self {
            nanos: Now::unread().nanos(),
        }
    }

    /// The moment of `now`. Readings from before the origin (a layer built outside a runtime whose
    /// clock is paused) count as the origin.
    pub(crate) fn at(self, now: &Now) -> Moment {
        Moment::from_nanos(now.nanos().saturating_sub(self.nanos))
    }

    /// The moment of `instant`, as in [`Origin::at`].
    pub(crate) fn moment(self, instant: Instant) -> Moment {
        Moment::from_nanos(nanos_since_base(instant).saturating_sub(self.nanos))
    }

    pub(crate) fn now(self) -> Moment {
        self.at(&Now::unread())
    }

    /// The instant of `moment`, if the clock can tell one that late.
    pub(crate) fn instant(self, moment: Moment) -> Option<Instant> {
        let after = self.nanos.checked_add(moment.as_nanos())?;
        base().checked_add(Duration::from_nanos(after))
    }
}

/// Never 0, for readings before the base neither.
fn nanos_since_base(instant: Instant) -> u64 {
    let since = instant.saturating_duration_since(base());
    // 584 years fit.
    let nanos = since.as_secs().saturating_mul(1_000_000_000);
    nanos.saturating_add(u64::from(since.subsec_nanos())).max(1)
}

/// What all readings are told from, so that the difference of two instants, which is dear, is taken
/// once for a reading and not by each who asks: far enough back that clocks which are paused, and
/// stay where they were, are behind it too.
fn base() -> Instant {
    static BASE: OnceLock<Instant> = OnceLock::new();
    *BASE.get_or_init(|| {
        let now = Now::unread().instant();
        // Some systems count from their start, and tell no time before it.
        (0..=25)
            .map(|halved| Duration::from_secs(1 << (25 - halved)))
            .find_map(|back| now.checked_sub(back))
            .unwrap_or(now)
    })
}
