use std::time::Duration;

use super::error::Problem;
use super::{Quota, QuotaError};
use crate::{PolicyName, PolicyNameError};

/// How many requests a quota allows; say per what to go on. Made by [`Quota::requests`].
#[derive(Clone, Copy, Debug)]
#[must_use = "say per what: `.per_second()`, `.per(Duration)`"]
pub struct QuotaRequests(pub(super) u32);

impl QuotaRequests {
    /// So many in each second.
    pub const fn per_second(self) -> QuotaBuilder {
        self.per(Duration::from_secs(1))
    }

    /// So many in each minute.
    pub const fn per_minute(self) -> QuotaBuilder {
        self.per(Duration::from_secs(60))
    }

    /// So many in each hour.
    pub const fn per_hour(self) -> QuotaBuilder {
        self.per(Duration::from_secs(3_600))
    }

    /// So many in each day of 24 hours.
    pub const fn per_day(self) -> QuotaBuilder {
        self.per(Duration::from_secs(86_400))
    }

    /// So many in each `period`: `Quota::requests(3).per(Duration::from_secs(10))` is `"3/10s"`.
    pub const fn per(self, period: Duration) -> QuotaBuilder {
        QuotaBuilder {
            requests: self.0,
            period,
            burst: None,
            name: None,
        }
    }
}

/// A quota that is not checked yet. Made by [`Quota::requests`] and a period.
#[derive(Clone, Debug)]
#[must_use = "a quota that is not built limits nothing"]
pub struct QuotaBuilder {
    requests: u32,
    period: Duration,
    burst: Option<u32>,
    name: Option<Result<PolicyName, PolicyNameError>>,
}

impl QuotaBuilder {
    /// How many may enter at once after a pause. Without this: as many as the period allows.
    pub const fn burst(mut self, burst: u32) -> Self {
        self.burst = Some(burst);
        self
    }

    /// The name for answers, metrics and logs; see [`PolicyName`]. Without this: its rate, as in
    /// `100/s`.
    pub fn named(mut self, name: impl AsRef<str>) -> Self {
        self.name = Some(PolicyName::new(name.as_ref()));
        self
    }

    /// The quota, if it makes sense.
    ///
    /// # Errors
    ///
    /// Names what is zero, too fast, too slow or too large to be counted exactly, or wrong with
    /// the name.
    pub fn build(self) -> Result<Quota, QuotaError> {
        let name = self
            .name
            .transpose()
            .map_err(|e| QuotaError::from(Problem::Name(e)))?;
        Quota::check(
            self.requests,
            self.period,
            self.burst.unwrap_or(self.requests),
            name,
        )
        .map_err(QuotaError::from)
    }
}

impl TryFrom<QuotaBuilder> for Quota {
    type Error = QuotaError;

    fn try_from(builder: QuotaBuilder) -> Result<Self, QuotaError> {
        builder.build()
    }
}
