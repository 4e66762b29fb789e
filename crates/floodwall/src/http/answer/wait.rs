use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use floodwall_core::{Reason, Rejection};

use crate::BuildError;

/// What some clients keep a delay in.
const MAX_SECONDS: u64 = i32::MAX as u64;
const MAX_MILLIS: u64 = i32::MAX as u64;

/// How long a refused client shall stay away; `None` if no waiting helps, or nothing is known.
pub(super) fn wait_of(rejection: &Rejection) -> Option<Duration> {
    match rejection.reason() {
        Reason::CostAboveBurst | Reason::MissingKey => None,
        _ => rejection.retry_after(),
    }
}

/// Whole seconds, rounded up, at least 1: who waits for that long has waited enough.
pub(super) fn whole_seconds(wait: Duration) -> u64 {
    let up = u64::from(wait.subsec_nanos() > 0);
    wait.as_secs().saturating_add(up).clamp(1, MAX_SECONDS)
}

/// Spreads the return of those who were refused at the same moment. It only ever adds.
#[derive(Clone)]
pub(super) struct Jitter {
    share: f64,
    seeded: Option<Arc<AtomicU64>>,
}

impl Jitter {
    pub(super) const fn new() -> Self {
        Self {
            share: 0.25,
            seeded: None,
        }
    }

    pub(super) fn set_share(&mut self, share: f64) -> Result<(), BuildError> {
        if !(0.0..=1.0).contains(&share) {
            let problem =
                format!("a share of {share} is not between 0 (none) and 1 (up to double)");
            return Err(BuildError::new("jitter", problem));
        }
        self.share = share;
        Ok(())
    }

    pub(super) fn seed(&mut self, seed: u64) {
        self.seeded = Some(Arc::new(AtomicU64::new(seed)));
    }

    pub(super) fn seconds(&self, wait: Duration) -> u64 {
        self.spread(whole_seconds(wait)).min(MAX_SECONDS)
    }

    pub(super) fn millis(&self, wait: Duration) -> u64 {
        let up = u128::from(wait.subsec_nanos() % 1_000_000 > 0);
        let millis = u64::try_from(wait.as_millis() + up).unwrap_or(u64::MAX);
        self.spread(millis.clamp(1, MAX_MILLIS)).min(MAX_MILLIS)
    }

    /// Adds up to the share of `whole`, rounded at random, so that a herd of clients that is told
    /// 1 s is spread as well: a quarter second more means that one in four is told 2 s.
    fn spread(&self, whole: u64) -> u64 {
        if self.share == 0.0 {
            return whole;
        }
        let (share, rounding) = self.draw();
        #[expect(clippy::cast_precision_loss, reason = "at most 31 bits")]
        let extra = whole as f64 * self.share * share + rounding;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive, and rounding down is meant"
        )]
        let extra = extra as u64;
        whole + extra
    }

    /// Two random numbers of at least 0 and below 1.
    fn draw(&self) -> (f64, f64) {
        const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
        match &self.seeded {
            None => (fastrand::f64(), fastrand::f64()),
            Some(at) => {
                let at = at.fetch_add(GOLDEN, Ordering::Relaxed);
                let mut random = fastrand::Rng::with_seed(at);
                (random.f64(), random.f64())
            }
        }
    }
}

impl fmt::Debug for Jitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jitter")
            .field("share", &self.share)
            .field("seeded", &self.seeded.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_rounded_up_and_at_least_one() {
        for (nanos, seconds) in [
            (0, 1),
            (1, 1),
            (999_999_999, 1),
            (1_000_000_000, 1),
            (1_000_000_001, 2),
            (3_300_000_000, 4),
            (u64::MAX, MAX_SECONDS),
        ] {
            assert_eq!(
                whole_seconds(Duration::from_nanos(nanos)),
                seconds,
                "{nanos} ns"
            );
        }
    }

    #[test]
    fn jitter_only_adds_and_keeps_its_share() {
        let mut jitter = Jitter::new();
        jitter.seed(7);
        for whole in [1_u64, 3, 40, 1_000, MAX_SECONDS] {
            let wait = Duration::from_secs(whole);
            let drawn: Vec<u64> = (0..1_000).map(|_| jitter.seconds(wait)).collect();
            let most = (whole + whole.div_ceil(4)).min(MAX_SECONDS);
            assert!(
                drawn.iter().all(|s| (whole..=most).contains(s)),
                "{whole} s"
            );
            let millis = jitter.millis(Duration::from_micros(whole * 1_000 - 1));
            assert!(
                (whole.min(MAX_MILLIS)..=most).contains(&millis),
                "{whole} ms"
            );
        }
        let ones = (0..10_000)
            .filter(|_| jitter.seconds(Duration::from_secs(1)) == 1)
            .count();
        assert!(
            (8_000..9_500).contains(&ones),
            "an eighth should be told 2 s: {ones}"
        );
    }

    #[test]
    fn no_jitter_is_exact_and_a_seed_repeats() {
        let mut none = Jitter::new();
        none.set_share(0.0).unwrap();
        assert!((0..100).all(|_| none.seconds(Duration::from_secs(9)) == 9));

        let run = |seed| {
            let mut jitter = Jitter::new();
            jitter.seed(seed);
            (0..20)
                .map(|_| jitter.seconds(Duration::from_secs(100)))
                .collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }

    #[test]
    fn nonsense_shares_are_refused_by_name() {
        for share in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            let error = Jitter::new().set_share(share).unwrap_err();
            assert_eq!(error.field(), "jitter");
        }
    }
}
