use std::fmt;
use std::time::Duration;

use super::error::Problem;
use super::{Effective, QuotaRequests};
use crate::PolicyName;

/// How much is allowed: so many requests in each period, and so many at once.
///
/// A quota is a checked value; what cannot be enforced exactly is refused when it is built. The
/// burst, if none is given, is the number of requests: `"100/s"` lets 100 in at once, and then one
/// every 10 ms. Over any stretch of time at most burst + rate × time get in; "never more than n in
/// any window" is not what it says.
///
/// As text it is `NUMBER/PERIOD`, perhaps with ` burst NUMBER` behind it. A period is a unit,
/// perhaps with a number before it: `ns`, `us`, `ms`, `s`, `m` or `min`, `h`, `d`, or in words
/// `second`, `minute`, `hour`, `day` and their plurals.
///
/// ```
/// use floodwall_core::rate::Quota;
/// use std::time::Duration;
///
/// let quota = Quota::requests(100).per_second().burst(20).named("search").build().unwrap();
/// assert_eq!(quota.to_string(), "100/s burst 20");
///
/// let quota: Quota = "3/10s".parse().unwrap();
/// assert_eq!((quota.count(), quota.period(), quota.burst()), (3, Duration::from_secs(10), 3));
/// assert_eq!(quota.policy_name().as_str(), "3/10s");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    count: u32,
    burst: u32,
    /// In nanoseconds.
    period: u64,
    effective: Effective,
    name: Option<PolicyName>,
}

impl Quota {
    /// Starts a quota of so many requests; say per what next.
    pub const fn requests(count: u32) -> QuotaRequests {
        QuotaRequests(count)
    }

    /// How many requests each period allows.
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// The period.
    pub const fn period(&self) -> Duration {
        Duration::from_nanos(self.period)
    }

    /// How many requests may enter at once after a pause.
    pub const fn burst(&self) -> u32 {
        self.burst
    }

    /// The name it was given, if it was.
    pub const fn name(&self) -> Option<PolicyName> {
        self.name
    }

    /// The same quota under another name.
    #[must_use]
    pub const fn renamed(mut self, name: PolicyName) -> Self {
        self.name = Some(name);
        self
    }

    /// The name it was given, or else its rate, as in `100/s`.
    pub fn policy_name(&self) -> PolicyName {
        self.name
            .or_else(|| PolicyName::new(&self.rate()).ok())
            .unwrap_or(const { PolicyName::from_static("quota") })
    }

    /// The interval that is enforced: the one asked for, or up to 1 ppm longer.
    pub const fn effective(&self) -> Effective {
        self.effective
    }

    /// The debt that a whole burst makes, in parts of the interval's unit of time. Kept below a
    /// sixteenth of what a word holds, which the arithmetic of the cells relies on.
    pub(super) const fn limit(&self) -> u64 {
        self.effective.fraction().0 * self.burst as u64
    }

    pub(super) fn check(
        count: u32,
        period: Duration,
        burst: u32,
        name: Option<PolicyName>,
    ) -> Result<Self, Problem> {
        const MOST: u64 = 1 << 60;
        const NANOS_PER_SECOND: u64 = 1_000_000_000;
        if count == 0 {
            return Err(Problem::ZeroRequests);
        }
        if burst == 0 {
            return Err(Problem::ZeroBurst);
        }
        let period = u64::try_from(period.as_nanos()).map_err(|_| Problem::LongPeriod)?;
        if period == 0 {
            return Err(Problem::ZeroPeriod);
        }
        if u64::from(count) * NANOS_PER_SECOND > period.saturating_mul(u64::from(u32::MAX)) {
            return Err(Problem::Fast);
        }
        let effective = Effective::of(period, count);
        let most = MOST / effective.fraction().0;
        if u64::from(burst) > most {
            return Err(Problem::LongDebt { burst, most });
        }
        Ok(Self {
            count,
            burst,
            period,
            effective,
            name,
        })
    }

    fn rate(&self) -> String {
        const UNITS: [(u64, &str); 6] = [
            (86_400_000_000_000, "d"),
            (3_600_000_000_000, "h"),
            (60_000_000_000, "min"),
            (1_000_000_000, "s"),
            (1_000_000, "ms"),
            (1_000, "us"),
        ];
        let (size, unit) = UNITS
            .into_iter()
            .find(|(size, _)| self.period % size == 0)
            .unwrap_or((1, "ns"));
        match self.period / size {
            1 => format!("{}/{unit}", self.count),
            n => format!("{}/{n}{unit}", self.count),
        }
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rate())?;
        if self.burst == self.count {
            Ok(())
        } else {
            write!(f, " burst {}", self.burst)
        }
    }
}
