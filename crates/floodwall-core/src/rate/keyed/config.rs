use std::time::Duration;

use super::HashSecret;

/// How large a table of keys is, and under which secret it places them.
///
/// **Sizing.** A key needs a cell while it is in debt. The capacity is how many such keys there may
/// be at a time: distinct keys per second × cost × interval. For 30,000 new keys a second under
/// `"10/s"` that is 30,000 × 0.1 s = 3,000. The table then is half full, and takes 16 bytes for each
/// key; about one newcomer in 200 finds its sixteen cells in debt and has to take over the smallest
/// one. Far beyond the capacity most newcomers do, and keys lose their own: no debt is ever
/// forgotten, but its owner may be.
///
/// ```
/// use floodwall_core::{Moment, rate::{KeyedGcra, Quota, TableConfig}};
///
/// let quota: Quota = "10/s".parse().unwrap();
/// let table = KeyedGcra::new(&quota, &TableConfig::new(3_000)).unwrap();
/// assert_eq!(table.stats(Moment::ZERO).cells, 6_000);
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct TableConfig {
    pub(super) capacity: usize,
    pub(in crate::rate) secret: Option<HashSecret>,
    pub(super) skew: Duration,
}

impl TableConfig {
    /// A table for `capacity` keys in debt at a time; see the sizing rule above. At most
    /// 67,108,864, which takes a gibibyte.
    pub const fn new(capacity: usize) -> Self {
        Self {
            capacity,
            secret: None,
            skew: Duration::from_secs(1),
        }
    }

    /// Hashes keys under this secret instead of a random one, where the keys are hashed for you: in
    /// a [`QuotaSet`](crate::rate::QuotaSet).
    pub const fn secret(mut self, secret: HashSecret) -> Self {
        self.secret = Some(secret);
        self
    }

    /// How much the clocks of threads may differ: how long before it acts a thread may have read
    /// the time. One second unless said otherwise. To a thread that is further behind than that, a
    /// debt may seem forgotten that has drained by the clocks of the others.
    pub const fn skew(mut self, skew: Duration) -> Self {
        self.skew = skew;
        self
    }
}

/// 65,536 keys: a mebibyte for each quota.
impl Default for TableConfig {
    fn default() -> Self {
        Self::new(65_536)
    }
}
