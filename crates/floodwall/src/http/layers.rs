use floodwall_core::limit::LimitAlgorithm;
use floodwall_core::rate::{Quota, QuotaError};

use super::AdmitLayer;
use crate::concurrency::{Alike, ConcurrencyLimit, ConcurrencyLimitHandle};
use crate::rate_limit::{RateLimit, RateLimitHandle};
use crate::shed::{NoRetries, Shed, ShedHandle};
use crate::{BuildError, extract};

/// A limit on how many requests are inside at once, as a layer.
///
/// A request holds its place until its body has ended; what finds none waits in a bounded queue or
/// is refused with 503. More settings: [`ConcurrencyLimit::builder`], ended by
/// [`layer`](crate::concurrency::ConcurrencyLimitBuilder::layer).
///
/// ```
/// use axum::{Router, routing::get};
/// use floodwall::ConcurrencyLimitLayer;
///
/// let app: Router = Router::new()
///     .route("/", get(|| async { "hello" }))
///     .layer(ConcurrencyLimitLayer::new(64));
/// ```
pub type ConcurrencyLimitLayer<P = extract::Usual, D = extract::Usual, T = Alike> =
    AdmitLayer<ConcurrencyLimit<P, D, T>>;

/// A quota, as a layer: what is beyond it is refused with 429.
///
/// More settings: [`RateLimit::builder`], ended by
/// [`layer`](crate::rate_limit::RateLimitBuilder::layer).
///
/// ```
/// use axum::{Router, routing::get};
/// use floodwall::RateLimitLayer;
///
/// let app: Router = Router::new()
///     .route("/", get(|| async { "hello" }))
///     .layer(RateLimitLayer::new("100/s burst 50")?);
/// # Ok::<(), floodwall::BuildError>(())
/// ```
pub type RateLimitLayer<K = extract::Unkeyed, C = extract::Usual> = AdmitLayer<RateLimit<K, C>>;

/// Sheds the least urgent part of the traffic while the service is pressed, as a layer: with 503.
///
/// Made by [`Shed::builder`], ended by [`layer`](crate::shed::ShedBuilder::layer). A layer of its
/// own is right where pressure alone decides; together with a queue, make both one decision:
/// [`all`](crate::all)`((shed, limit))`.
///
/// ```
/// use axum::{Router, routing::get};
/// use floodwall::{Shed, shed::PushedPressure};
/// use std::time::Duration;
///
/// let disk = PushedPressure::new(Duration::from_secs(5));
/// let app: Router = Router::new()
///     .route("/", get(|| async { "hello" }))
///     .layer(Shed::builder().pressure("disk", (0.8, 0.95), disk.clone()).layer()?);
/// # Ok::<(), floodwall::BuildError>(())
/// ```
pub type ShedLayer<P = extract::Usual, T = extract::Unkeyed, R = NoRetries> =
    AdmitLayer<Shed<P, T, R>>;

impl<P, T, R> ShedLayer<P, T, R> {
    /// To look at it and to change its mode while requests run.
    pub fn handle(&self) -> ShedHandle {
        self.policy().handle()
    }
}

impl ConcurrencyLimitLayer {
    /// At most `limit` inside; as many as four times that, but at least 16, wait for up to 100 ms.
    ///
    /// # Panics
    ///
    /// If `limit` is 0. [`ConcurrencyLimit::builder`] returns an error instead.
    #[must_use]
    pub fn new(limit: u32) -> Self {
        Self::around(ConcurrencyLimit::new(limit))
    }
}

impl ConcurrencyLimitLayer {
    /// As many inside as the service can use, which is found out while it runs; as many as four times
    /// that, but at least 16, wait for as long as is of use,
    /// at most 100 ms. More settings: [`adaptive`](crate::adaptive()).
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use floodwall::ConcurrencyLimitLayer;
    ///
    /// let app: Router = Router::new()
    ///     .route("/", get(|| async { "hello" }))
    ///     .layer(ConcurrencyLimitLayer::adaptive());
    /// ```
    #[must_use]
    pub fn adaptive() -> Self {
        Self::around(ConcurrencyLimit::adaptive())
    }

    /// The same, moved by this algorithm.
    ///
    /// ```
    /// use floodwall::{ConcurrencyLimitLayer, limit::Marginal};
    ///
    /// let layer = ConcurrencyLimitLayer::with_algorithm(Marginal::new());
    /// # drop(layer);
    /// ```
    #[must_use]
    pub fn with_algorithm(algorithm: impl LimitAlgorithm) -> Self {
        match crate::adaptive().with_algorithm(algorithm).build() {
            Ok(policy) => Self::around(policy),
            Err(error) => unreachable!("nothing was said that could be wrong: {error}"),
        }
    }
}

impl<P, D, T> ConcurrencyLimitLayer<P, D, T> {
    /// To look at the limit and to change it while requests run.
    pub fn handle(&self) -> ConcurrencyLimitHandle {
        self.policy().handle()
    }
}

impl RateLimitLayer {
    /// One quota for all: `"100/s burst 50"`, or
    /// [`Quota::requests(100).per_second().burst(50)`](Quota::requests).
    ///
    /// # Errors
    ///
    /// If the quota cannot be read, or cannot be held.
    pub fn new<Q>(quota: Q) -> Result<Self, BuildError>
    where
        Q: TryInto<Quota, Error: Into<QuotaError>>,
    {
        RateLimit::new(quota).map(Self::around)
    }
}

impl<K, C> RateLimitLayer<K, C> {
    /// To look at the quotas and to change the mode while requests run.
    pub fn handle(&self) -> RateLimitHandle {
        self.policy().handle()
    }
}
