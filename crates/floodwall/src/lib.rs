#![cfg_attr(docsrs, feature(doc_cfg))]
//! Overload protection for any `tower::Service`: layers that turn a flood of requests into quick,
//! honest 429 and 503 answers, while the work that matters goes on at full speed.
//!
//! ```
//! use axum::{Router, routing::get};
//! use floodwall::ConcurrencyLimitLayer;
//!
//! let app: Router = Router::new()
//!     .route("/", get(|| async { "hello" }))
//!     .layer(ConcurrencyLimitLayer::new(64));
//! ```
//!
//! # Where to look
//!
//! | you want | look at |
//! | --- | --- |
//! | at most so many at once, the rest waiting in order | [`ConcurrencyLimit`], [`ConcurrencyLimitLayer`] |
//! | the same, and how many is found out while it runs | [`adaptive()`], [`limit`] |
//! | a limit for each upstream or tenant; one limit shared out to parts of the traffic | [`concurrency::KeyedConcurrencyLimit`], [`concurrency::Partitioned`] |
//! | at most so much per second, for all or for each key | [`RateLimit`], [`RateLimitLayer`] |
//! | the least urgent refused first while the service is pressed | [`Shed`], [`ShedLayer`] |
//! | several as one decision | [`all`] |
//! | the whole wall, in the order that works | [`Stack`] |
//! | how long a request waited, how much of its time is left | [`QueueLatencyLayer`], [`queue_latency`] |
//! | health checks and preflights let past | [`exempt`] |
//! | keys, priorities, deadlines from a request | [`http`], [`extract`] |
//! | how loaded the service is, for people, autoscalers and shedding | [`signals`] |
//! | other answers, fields, `Retry-After` | [`http::Answers`] |
//! | calls to others: a breaker, a throttle, a budget for retries | [`outbound`] |
//! | no HTTP at all | [`admit`] |
//! | a policy of your own | [`Admission`], [`conformance`] |
//!
//! # How it decides
//!
//! `poll_ready` is always ready, and admission happens in `call`: priority and key are in the
//! request, and what waits belongs into a queue that is bounded, ordered and measured. The wrapped
//! service is cloned for each request and driven to readiness only after the permit is held, so it
//! must be [`Clone`] (as in axum and tonic it is).
//!
//! A [`Permit`] is held until the work has ended, over HTTP until the end of the body, and given
//! back in every case: end, error, drop, panic, upgrade, a client that is gone.
//!
//! # Features
//!
//! | feature | default | adds |
//! | --- | --- | --- |
//! | `http` | yes | the layers of the crate root and [`http`] |
//! | `axum` | no | reads the peer's address and the matched route that axum puts on a request |
//! | `tonic` | no | reads the peer's address that tonic's server puts on a request |
//! | `serde` | no | reads and writes a [`stack::StackConfig`] |
//! | `retry` | no | the retry budget as a policy for `tower::retry::Retry` |
//! | `tracing` | no | an event per refusal, and what is wrong with the set-up |
//!
//! A feature adds types and never changes what a name means. Metrics go through the `metrics`
//! facade ([`describe_metrics`]); without a recorder they cost next to nothing.

pub mod admission;
pub mod admit;
mod clock;
pub mod concurrency;
pub mod conformance;
mod error;
pub mod extract;
#[cfg(feature = "http")]
pub mod http;
mod mode;
mod observe;
pub mod outbound;
#[cfg(feature = "http")]
pub mod queue_latency;
pub mod rate_limit;
mod seldom;
pub mod shed;
pub mod signals;
mod spare;
#[cfg(feature = "http")]
pub mod stack;

pub use admission::{
    Admission, All, BoxAdmission, End, Exempting, Matches, Permit, Unused, all, exempt, match_fn,
};
pub use clock::Now;
pub use concurrency::{ConcurrencyLimit, QueueConfig, adaptive};
pub use error::BuildError;
pub use floodwall_core::limit;
pub use floodwall_core::rate::Quota;
pub use floodwall_core::{
    Level, Outcome, PolicyName, PolicyNameError, Priority, QuotaReport, Reason, Rejection, Report,
};
#[cfg(feature = "http")]
pub use http::{ConcurrencyLimitLayer, QueueLatencyLayer, RateLimitLayer, ShedLayer};
pub use mode::{Mode, ModeError};
pub use observe::{Counts, describe_metrics};
#[cfg(feature = "http")]
pub use queue_latency::QueueLatency;
pub use rate_limit::RateLimit;
pub use shed::Shed;
pub use signals::Signals;
#[cfg(feature = "http")]
pub use stack::Stack;
