use std::fmt;
use std::time::Duration;

/// The interval between two units of a quota as it is enforced, in nanoseconds, as a fraction.
///
/// A clock of whole nanoseconds meets most rates only if time is counted in parts of one. Each
/// quota counts in the coarsest part with which its interval is a whole number and at most one
/// millionth longer than asked for: never shorter, so rounding never lets more in.
///
/// ```
/// use floodwall_core::rate::Quota;
/// use std::time::Duration;
///
/// let effective = Quota::requests(100).per_second().build().unwrap().effective();
/// assert_eq!(effective.interval(), Duration::from_millis(10));
/// assert_eq!(effective.fraction(), (10_000_000, 1));
///
/// let thirds = Quota::requests(300_000_000).per_second().build().unwrap().effective();
/// assert_eq!(thirds.fraction(), (10, 3));
/// assert_eq!(thirds.to_string(), "one every 10/3 ns");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effective {
    units: u64,
    units_per_nano: u64,
}

impl Effective {
    /// The interval, rounded up to a whole nanosecond.
    pub const fn interval(&self) -> Duration {
        Duration::from_nanos(self.units.div_ceil(self.units_per_nano))
    }

    /// The exact interval: numerator and denominator in nanoseconds.
    pub const fn fraction(&self) -> (u64, u64) {
        (self.units, self.units_per_nano)
    }

    /// How many may enter per second in the long run.
    pub fn per_second(&self) -> f64 {
        1e9 * self.units_per_nano as f64 / self.units as f64
    }

    /// `period / requests` itself if that is short and simple, or else the simplest fraction that
    /// is at least that and at most 1 ppm above.
    pub(super) fn of(period: u64, requests: u32) -> Self {
        const PPM: u128 = 1_000_000;
        const SIMPLE: u128 = 100;
        let (period, requests) = (u128::from(period), u128::from(requests));
        let common = gcd(period, requests);
        let (period, requests) = (period / common, requests / common);
        if requests <= SIMPLE && period < requests * PPM {
            return Self {
                units: period as u64,
                units_per_nano: requests as u64,
            };
        }
        let (units, per_nano) =
            simplest_between((period, requests), (period * (PPM + 1), requests * PPM));
        // The simplest fraction is no larger in either part than the bounds in lowest terms, and
        // has a whole number of nanoseconds above a million; both fit.
        Self {
            units: u64::try_from(units).unwrap_or(u64::MAX),
            units_per_nano: u64::try_from(per_nano).unwrap_or(u64::MAX),
        }
    }
}

impl fmt::Display for Effective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fraction() {
            (units, 1) => write!(f, "one every {:?}", Duration::from_nanos(units)),
            (units, per_nano) => write!(f, "one every {units}/{per_nano} ns"),
        }
    }
}

fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The fraction with the smallest denominator, and then the smallest numerator, in a closed
/// interval of positive fractions: their continued fractions agree up to where it lies.
fn simplest_between(low: (u128, u128), high: (u128, u128)) -> (u128, u128) {
    let whole = low.0 / low.1;
    if whole * low.1 == low.0 {
        return (whole, 1);
    }
    if (whole + 1) * high.1 <= high.0 {
        return (whole + 1, 1);
    }
    let (numerator, denominator) = simplest_between(
        (high.1, high.0 - whole * high.1),
        (low.1, low.0 - whole * low.1),
    );
    (whole * numerator + denominator, numerator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_rounded_up_by_at_most_one_ppm() {
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..200_000 {
            let requests = random.u32(1..) >> random.u32(0..32);
            let period = (random.u64(1..) >> random.u32(0..64)).max(u64::from(requests) / 4);
            let (requests, period) = (requests.max(1), period.max(1));
            let (units, per_nano) = Effective::of(period, requests).fraction();
            let (asked, got) = (
                u128::from(period) * u128::from(per_nano),
                u128::from(units) * u128::from(requests),
            );
            assert!(
                asked <= got,
                "{requests} per {period} ns is {units}/{per_nano}"
            );
            assert!(
                (got - asked) * 1_000_000 <= asked,
                "{requests} per {period} ns is {units}/{per_nano}"
            );
        }
    }

    #[test]
    fn round_rates_are_exact_and_odd_ones_as_simple_as_a_ppm_allows() {
        for (requests, fraction) in [
            (1, (1_000_000_000, 1)),
            (3_000, (1_000_000, 3)),
            (1_000_000_000, (1, 1)),
            (2_000_000_000, (1, 2)),
            (999_999, (500_001, 500)),
            (4_294_967_295, (139, 597)),
        ] {
            assert_eq!(Effective::of(1_000_000_000, requests).fraction(), fraction);
        }
    }
}
