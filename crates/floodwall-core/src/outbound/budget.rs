use super::unsound::{Unsound, check};
use crate::atomic::{AtomicU64, Ordering};

/// How much of what is under way may be retries.
///
/// A call counts from its first attempt to its last answer. A retry counts from the moment at which it
/// is *scheduled*: were it counted when it is sent, a thousand calls that fail at the same moment would
/// all find the budget unused. At most the share of the calls under way may be retries, but always the
/// least number, so that a client with few calls can try again at all.
///
/// Envoy's retry budget (20 %, at least 3), with the hole of its issue #30205 closed. Retries are
/// among the calls under way, as there; so a share of 20 % is at most a quarter more load.
///
/// ```
/// use floodwall_core::outbound::Budget;
///
/// let budget = Budget::default();
/// budget.open();
/// budget.open();
/// assert_eq!(budget.allowed(), 3);
/// assert!(budget.schedule());
/// budget.unschedule();
/// ```
#[derive(Debug)]
pub struct Budget {
    millionths: u32,
    at_least: u32,
    // Calls in the upper half, retries in the lower: one word, so that a decision sees both as they
    // were at one moment.
    word: AtomicU64,
}

const WHOLE: u32 = 1_000_000;

impl Budget {
    /// The share of retries, unless set otherwise.
    pub const SHARE: f64 = 0.2;
    /// How many retries are allowed however few calls there are, unless set otherwise.
    pub const AT_LEAST: u32 = 3;

    /// A budget of this share, in steps of a millionth.
    ///
    /// # Errors
    ///
    /// If `share` is not within 0 and 1.
    pub fn new(share: f64, at_least: u32) -> Result<Self, Unsound> {
        let is_share = (0.0..=1.0).contains(&share);
        check(is_share, "share", "write 0 to 1, as 0.2 for a fifth")?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to a million"
        )]
        let millionths = (share * f64::from(WHOLE)).round() as u32;
        Ok(Self {
            millionths,
            at_least,
            word: AtomicU64::new(0),
        })
    }

    /// A call begins.
    pub fn open(&self) {
        self.change(|calls, retries| Some((calls.saturating_add(1), retries)));
    }

    /// A call has ended, retries included.
    pub fn close(&self) {
        self.change(|calls, retries| Some((calls.saturating_sub(1), retries)));
    }

    /// Takes a place for a retry, if there is one; [`unschedule`](Budget::unschedule) gives it back
    /// when the retry has ended, or was given up.
    pub fn schedule(&self) -> bool {
        self.change(|calls, retries| {
            (retries < self.allowed_of(calls)).then(|| (calls, retries.saturating_add(1)))
        })
    }

    /// Takes a place for a retry whether there is one or not: for those who only look.
    pub fn schedule_anyway(&self) {
        self.change(|calls, retries| Some((calls, retries.saturating_add(1))));
    }

    /// A retry has ended, or was given up.
    pub fn unschedule(&self) {
        self.change(|calls, retries| Some((calls, retries.saturating_sub(1))));
    }

    /// How many calls are under way.
    pub fn calls(&self) -> u32 {
        split(self.word.load(Ordering::Relaxed)).0
    }

    /// How many retries are scheduled or under way.
    pub fn retries(&self) -> u32 {
        split(self.word.load(Ordering::Relaxed)).1
    }

    /// How many retries there may be now.
    pub fn allowed(&self) -> u32 {
        self.allowed_of(self.calls())
    }

    fn allowed_of(&self, calls: u32) -> u32 {
        let share = u64::from(calls) * u64::from(self.millionths) / u64::from(WHOLE);
        // At most as many as there are calls.
        u32::try_from(share).unwrap_or(u32::MAX).max(self.at_least)
    }

    fn change(&self, change: impl Fn(u32, u32) -> Option<(u32, u32)>) -> bool {
        let changed = |word| {
            let (calls, retries) = split(word);
            change(calls, retries).map(|(calls, retries)| join(calls, retries))
        };
        self.word
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, changed)
            .is_ok()
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(Self::SHARE, Self::AT_LEAST).expect("20 % is a share")
    }
}

const fn join(calls: u32, retries: u32) -> u64 {
    ((calls as u64) << 32) | retries as u64
}

#[expect(clippy::cast_possible_truncation, reason = "the two halves")]
const fn split(word: u64) -> (u32, u32) {
    ((word >> 32) as u32, word as u32)
}
