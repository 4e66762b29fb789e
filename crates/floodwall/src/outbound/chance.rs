use std::sync::atomic::{AtomicU64, Ordering};

/// Random numbers, which repeat if they are seeded.
#[derive(Debug)]
pub(super) struct Chance(Option<AtomicU64>);

impl Chance {
    pub(super) fn new(seed: Option<u64>) -> Self {
        Self(seed.map(AtomicU64::new))
    }

    /// At least 0 and below 1.
    pub(super) fn unit(&self) -> f64 {
        const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
        match &self.0 {
            None => fastrand::f64(),
            Some(at) => {
                let at = at.fetch_add(GOLDEN, Ordering::Relaxed);
                fastrand::Rng::with_seed(at).f64()
            }
        }
    }
}
