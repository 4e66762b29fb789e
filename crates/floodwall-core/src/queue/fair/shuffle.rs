use std::fmt;

use crate::rate::KeyHash;

/// Onto how many queues the tenants of a class are dealt, and how many are open to one tenant.
///
/// Shuffle sharding, as in Kubernetes' API priority and fairness: each tenant has a hand of a few
/// queues, drawn by its hash, and two tenants hardly ever have the same hand. Of its hand a tenant
/// waits where it waited last, or else where least is going on. So a tenant shares a queue only if
/// its whole hand is taken; then it shares the shortest.
///
/// One thing differs: there, one tenant waits in all queues of its hand and gets the turns of all of
/// them, and may cover another's hand.
///
/// ```
/// use floodwall_core::queue::{FairQueues, QueueConfig};
///
/// let queues = FairQueues::new(128, 8);
/// assert_eq!(queues.entropy_bits(), 56);
/// assert!(QueueConfig::builder().fair(queues).build().is_ok());
/// assert_eq!(
///     QueueConfig::builder().fair(FairQueues::new(512, 8)).build().unwrap_err().to_string(),
///     "fair: hands of 8 out of 512 queues need 72 bits of a hash, and there are 60: deal fewer, or out of fewer",
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FairQueues {
    queues: u32,
    hand: u32,
}

impl FairQueues {
    /// The most queues.
    pub const MOST_QUEUES: u32 = 1024;
    /// The largest hand.
    pub const MOST_HAND: u32 = 16;
    /// A hash has so many bits to deal by.
    pub const MOST_BITS: u32 = 60;

    /// So many queues, and a hand of so many of them for each tenant. Checked when the queue's
    /// [configuration](crate::queue::QueueConfigBuilder::build) is built.
    pub const fn new(queues: u32, hand: u32) -> Self {
        Self { queues, hand }
    }

    /// How many queues there are in a class.
    pub const fn queues(&self) -> u32 {
        self.queues
    }

    /// How many queues are open to one tenant.
    pub const fn hand(&self) -> u32 {
        self.hand
    }

    /// How many bits of a hash it takes to deal a hand: `hand * log2(queues)`, rounded up.
    pub fn entropy_bits(&self) -> u32 {
        // Rounding must not make 61 of what is 60 in full.
        let bits = f64::from(self.queues.max(1)).log2() * f64::from(self.hand);
        (bits - 1e-9).ceil().max(0.0) as u32
    }

    /// Whether it can be dealt.
    ///
    /// # Errors
    ///
    /// Names the value that makes no sense.
    pub fn check(&self) -> Result<(), FairQueuesError> {
        if !(1..=Self::MOST_QUEUES).contains(&self.queues) {
            return Err(FairQueuesError::Queues(self.queues));
        }
        if !(1..=Self::MOST_HAND.min(self.queues)).contains(&self.hand) {
            return Err(FairQueuesError::Hand(*self));
        }
        if self.entropy_bits() > Self::MOST_BITS {
            return Err(FairQueuesError::Bits(*self));
        }
        Ok(())
    }

    /// The queues that are open to the tenant of `key`, without any twice.
    pub fn deal(&self, key: KeyHash) -> impl Iterator<Item = u32> + use<> {
        let hand = self.hand_of(key);
        (0..hand.len).map(move |card| hand.cards[card])
    }

    pub(super) fn hand_of(&self, key: KeyHash) -> Hand {
        let mut hand = Hand {
            cards: [0; Self::MOST_HAND as usize],
            len: 0,
        };
        let mut rest = key.raw();
        let mut sorted = [0; Self::MOST_HAND as usize];
        for dealt in 0..self.hand.min(Self::MOST_HAND).min(self.queues) {
            let left = u64::from(self.queues - dealt);
            let mut card = (rest % left) as u32;
            rest /= left;
            // The nth of the cards that are still there: skips those that are not.
            let mut place = 0;
            while place < hand.len && sorted[place] <= card {
                card += 1;
                place += 1;
            }
            sorted.copy_within(place..hand.len, place + 1);
            sorted[place] = card;
            hand.cards[hand.len] = card;
            hand.len += 1;
        }
        hand
    }
}

/// 64 queues and hands of 6.
impl Default for FairQueues {
    fn default() -> Self {
        Self::new(64, 6)
    }
}

/// Some of the queues, without any twice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hand {
    cards: [u32; FairQueues::MOST_HAND as usize],
    len: usize,
}

impl Hand {
    pub(super) fn cards(&self) -> &[u32] {
        &self.cards[..self.len]
    }
}

/// Queues that cannot be dealt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FairQueuesError {
    /// There are none, or more than [`FairQueues::MOST_QUEUES`].
    Queues(u32),
    /// The hand is empty, larger than [`FairQueues::MOST_HAND`], or than there are queues.
    Hand(FairQueues),
    /// A hash has not so many bits.
    Bits(FairQueues),
}

impl fmt::Display for FairQueuesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queues(queues) => write!(
                f,
                "{queues} queues: a class has 1 to {}",
                FairQueues::MOST_QUEUES
            ),
            Self::Hand(FairQueues { queues, hand }) => write!(
                f,
                "a hand of {hand} out of {queues} queues: a hand has 1 to {}",
                FairQueues::MOST_HAND.min(*queues)
            ),
            Self::Bits(fair) => write!(
                f,
                "hands of {} out of {} queues need {} bits of a hash, and there are {}: \
                 deal fewer, or out of fewer",
                fair.hand,
                fair.queues,
                fair.entropy_bits(),
                FairQueues::MOST_BITS
            ),
        }
    }
}

impl std::error::Error for FairQueuesError {}
