use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use floodwall_core::PolicyName;
use metrics::{Gauge, gauge};

use super::series::HELD_BACK;

/// The series of the share that a breaker or a throttle holds back; set when it changes.
pub(crate) struct HeldBack {
    layer: &'static str,
    policy: PolicyName,
    last: AtomicU64,
    gauge: OnceLock<Gauge>,
}

impl HeldBack {
    pub(crate) fn new(layer: &'static str, policy: PolicyName) -> Self {
        Self {
            layer,
            policy,
            last: AtomicU64::new(0),
            gauge: OnceLock::new(),
        }
    }

    pub(crate) fn is(&self, share: f64) {
        // Plain zero has no bits, so what never holds anything back has no series.
        let bits = share.to_bits();
        if self.last.load(Ordering::Relaxed) == bits {
            return;
        }
        self.last.store(bits, Ordering::Relaxed);
        self.gauge
            .get_or_init(
                || gauge!(HELD_BACK, "layer" => self.layer, "policy" => self.policy.to_string()),
            )
            .set(share);
    }
}

impl fmt::Debug for HeldBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = f64::from_bits(self.last.load(Ordering::Relaxed));
        f.debug_tuple("HeldBack").field(&share).finish()
    }
}
