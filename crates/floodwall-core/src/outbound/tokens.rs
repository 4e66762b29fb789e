use super::unsound::{Unsound, check};
use crate::atomic::{AtomicU32, Ordering};

/// Retries only while most calls succeed: gRPC's retry throttling.
///
/// A bucket begins full. Each failure takes a token, each success gives back a part of one, and there
/// are retries only while it is more than half full. After gRPC's proposal A6, "Throttling Retry
/// Attempts and Hedged RPCs".
///
/// ```
/// use floodwall_core::outbound::TokenBucket;
///
/// let tokens = TokenBucket::new(10, 0.1).unwrap();
/// (0..5).for_each(|_| tokens.failed());
/// assert!(!tokens.allows());
/// tokens.succeeded();
/// assert!(tokens.allows());
/// ```
#[derive(Debug)]
pub struct TokenBucket {
    full: u32,
    gain: u32,
    // In thousandths of a token, which is how exact A6 wants the ratio to be kept.
    tokens: AtomicU32,
}

const TOKEN: u32 = 1_000;

impl TokenBucket {
    /// The most tokens that a bucket may have.
    pub const MAX: u32 = 1_000;

    /// A full bucket of `tokens`; a success gives back `ratio` of a token.
    ///
    /// # Errors
    ///
    /// If `tokens` is not 1 to [`MAX`](TokenBucket::MAX), or `ratio` not 0.001 to `tokens`.
    pub fn new(tokens: u32, ratio: f64) -> Result<Self, Unsound> {
        let is_bucket = (1..=Self::MAX).contains(&tokens);
        check(is_bucket, "tokens", "write 1 to 1000")?;
        let is_ratio = (0.001..=f64::from(tokens)).contains(&ratio);
        check(is_ratio, "ratio", "write 0.001 to the number of tokens")?;
        let full = tokens * TOKEN;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most a million, and thousandths are what A6 keeps"
        )]
        let gain = (ratio * f64::from(TOKEN) + 1e-6) as u32;
        Ok(Self {
            full,
            gain,
            tokens: AtomicU32::new(full),
        })
    }

    /// A call failed in a way that might be tried again, or was told not to try again.
    pub fn failed(&self) {
        self.change(|tokens| tokens.saturating_sub(TOKEN));
    }

    /// A call succeeded.
    pub fn succeeded(&self) {
        self.change(|tokens| (tokens + self.gain).min(self.full));
    }

    /// Whether a retry may be sent.
    pub fn allows(&self) -> bool {
        self.tokens.load(Ordering::Relaxed) > self.full / 2
    }

    /// How many tokens there are.
    pub fn tokens(&self) -> f64 {
        f64::from(self.tokens.load(Ordering::Relaxed)) / f64::from(TOKEN)
    }

    fn change(&self, change: impl Fn(u32) -> u32) {
        let changed = |tokens| Some(change(tokens));
        let _ = self
            .tokens
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, changed);
    }
}
