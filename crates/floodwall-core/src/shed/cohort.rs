use std::time::Duration;

use crate::rate::KeyHash;
use crate::stats::slot::Slots;
use crate::{Level, Moment, Priority};

/// First attempts fill the first three quarters of a class's cohorts, retries the last one.
const FIRST_ATTEMPTS: u64 = 96;
const RETRIES: u64 = 32;

/// The stretch of time in which a tenant keeps its cohort; then all cohorts are dealt anew.
///
/// Within one, the same tenants are in or out, so that who is let in is served to the end of what
/// it came for; over several, nobody is always last (DAGOR, section 4: a hash of user and hour).
///
/// ```
/// use floodwall_core::{Moment, shed::Epoch};
/// use std::time::Duration;
///
/// let hour = Duration::from_secs(3_600);
/// let now = Moment::ZERO + Duration::from_secs(10);
/// assert_eq!(Epoch::at(now, hour), Epoch::at(now + Duration::from_secs(60), hour));
/// assert_ne!(Epoch::at(now, hour), Epoch::at(now + hour, hour));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Epoch(u64);

impl Epoch {
    /// The epoch of `now`; epochs of no length last for ever.
    pub const fn at(now: Moment, length: Duration) -> Self {
        let length = length.as_nanos();
        if length == 0 || length > u64::MAX as u128 {
            return Self(0);
        }
        Self(now.as_nanos() / length as u64)
    }
}

/// Epochs of one length: what [`Epoch::at`] tells, without a division for each request.
///
/// ```
/// use floodwall_core::{Moment, shed::{Epoch, Epochs}};
/// use std::time::Duration;
///
/// let hour = Duration::from_secs(3_600);
/// let later = Moment::ZERO + 5 * hour;
/// assert_eq!(Epochs::of(hour).at(later), Epoch::at(later, hour));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Epochs(Option<Slots>);

impl Epochs {
    /// Epochs of this length, at least two nanoseconds; of no length they last for ever.
    pub const fn of(length: Duration) -> Self {
        let nanos = length.as_nanos();
        if nanos == 0 || nanos > u64::MAX as u128 {
            return Self(None);
        }
        Self(Some(Slots::of(nanos as u64)))
    }

    /// The epoch of `now`.
    pub fn at(self, now: Moment) -> Epoch {
        Epoch(self.0.map_or(0, |epochs| epochs.divide(now).0))
    }
}

/// The level of a request: its class, and inside it the cohort of its tenant in `epoch`; retries sort
/// behind all first attempts of their class.
///
/// `tenant` comes from a keyed hash, so nobody can choose a good place for itself.
///
/// ```
/// use floodwall_core::{Moment, Priority, rate::KeyHash, shed::{Epoch, cohort_of}};
/// use std::time::Duration;
///
/// let epoch = Epoch::at(Moment::ZERO, Duration::from_secs(3_600));
/// let tenant = KeyHash::from_raw(0x5DEE_CE66_D000_000B);
/// let first = cohort_of(Priority::NORMAL, tenant, epoch, false);
/// let again = cohort_of(Priority::NORMAL, tenant, epoch, true);
/// assert_eq!(first, cohort_of(Priority::NORMAL, tenant, epoch, false));
/// assert!(first < again && again.priority() == Priority::NORMAL);
/// ```
pub fn cohort_of(priority: Priority, tenant: KeyHash, epoch: Epoch, retry: bool) -> Level {
    let mixed = mix(tenant.raw() ^ epoch.0.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    place(priority, mixed, retry)
}

/// The level whose cohort is `place` of 2^64.
pub(super) fn place(priority: Priority, place: u64, retry: bool) -> Level {
    let (first, cohorts) = if retry {
        (FIRST_ATTEMPTS, RETRIES)
    } else {
        (0, FIRST_ATTEMPTS)
    };
    let inside = (u128::from(place) * u128::from(cohorts)) >> 64;
    let cohort = first + inside as u64;
    Level::new(priority, cohort as u8).expect("both parts together are the cohorts of a class")
}

/// The finisher of SplitMix64: spreads what a keyed hash has made secret already.
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cohorts_are_even_and_new_in_each_epoch() {
        let hour = Duration::from_secs(3_600);
        let epochs = [0, 1].map(|n| Epoch::at(Moment::ZERO + hour * n, hour));
        let mut counts = [0_u32; 128];
        let mut same = 0;
        for tenant in 0..96_000_u64 {
            let tenant = KeyHash::from_raw(mix(tenant));
            let [one, two] = epochs.map(|e| cohort_of(Priority::NORMAL, tenant, e, false));
            counts[usize::from(one.cohort())] += 1;
            same += u32::from(one == two);
        }
        assert!(
            counts[..96].iter().all(|n| (850..1_150).contains(n)),
            "{counts:?}"
        );
        assert!(counts[96..].iter().all(|n| *n == 0));
        assert!((800..1_200).contains(&same), "{same} of 96,000 kept theirs");
    }

    #[test]
    fn retries_sort_behind_first_attempts_of_their_class_and_before_the_next() {
        let epoch = Epoch::at(Moment::ZERO, Duration::ZERO);
        for tenant in 0..10_000_u64 {
            let tenant = KeyHash::from_raw(mix(tenant));
            let retry = cohort_of(Priority::HIGH, tenant, epoch, true);
            assert!((96..128).contains(&retry.cohort()));
            assert_eq!(retry.priority(), Priority::HIGH);
        }
    }
}
