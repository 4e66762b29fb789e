use std::num::NonZeroU32;

use crate::Moment;
use crate::rate::KeyHash;

/// Whose request it is, what it costs, and how much its tenant counts.
///
/// ```
/// use floodwall_core::queue::Tenant;
/// use floodwall_core::rate::HashSecret;
///
/// let secret = HashSecret::random();
/// let export = Tenant::new(secret.key("alice")).with_cost(10).with_weight(2);
/// assert_eq!((export.cost(), export.weight()), (10, 2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tenant {
    pub(super) key: KeyHash,
    cost: u32,
    weight: u32,
}

impl Tenant {
    /// The largest cost and the largest weight.
    pub const MOST: u32 = 1 << 15;

    /// Whose request it is when nothing is said.
    pub const NOBODY: Self = Self::new(KeyHash::from_raw(0));

    /// One of the tenant of this key: cost 1, weight 1. The key decides in which queues it may wait,
    /// so strangers must not be able to choose it: make it with a
    /// [`HashSecret`](crate::rate::HashSecret).
    pub const fn new(key: KeyHash) -> Self {
        Self {
            key,
            cost: 1,
            weight: 1,
        }
    }

    /// For so many places it counts while it is served: 1 to [`Tenant::MOST`], what is outside of
    /// that becomes the nearest. Nothing is free, or whoever costs nothing would always be next.
    #[must_use]
    pub const fn with_cost(mut self, cost: u32) -> Self {
        self.cost = within(cost);
        self
    }

    /// Its tenant gets so much more than one of weight 1: 1 to [`Tenant::MOST`], what is outside of
    /// that becomes the nearest.
    #[must_use]
    pub const fn with_weight(mut self, weight: u32) -> Self {
        self.weight = within(weight);
        self
    }

    /// For so many places it counts.
    pub const fn cost(&self) -> u32 {
        self.cost
    }

    /// How much more its tenant gets than one of weight 1.
    pub const fn weight(&self) -> u32 {
        self.weight
    }

    /// What is charged for a nanosecond.
    pub(super) const fn rate(&self) -> u32 {
        // At least 1, because no weight is larger than the unit; and 30 bits at most.
        (self.cost << 15) / self.weight
    }
}

const fn within(value: u32) -> u32 {
    match value {
        0 => 1,
        more if more > Tenant::MOST => Tenant::MOST,
        value => value,
    }
}

/// One who was taken out of a fair queue to be served: give it to
/// [`Queue::done`](crate::queue::Queue::done) when it has left, so that its tenant is charged for
/// no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "its tenant is charged for it until it is given back"]
pub struct Served {
    pub(super) class: u8,
    pub(super) queue: u16,
    pub(super) epoch: u32,
    /// Never zero, so that a place for one that may be there is no larger.
    pub(super) rate: NonZeroU32,
    /// For so long it was charged in advance, in nanoseconds.
    pub(super) prepaid: u64,
    pub(super) since: Moment,
}
