//! How loaded the service is: five signals, each with value, trend and age, for people, for
//! autoscalers, and for shedding.
//!
//! | signal | from | shown as |
//! | --- | --- | --- |
//! | queue depth | [`Signals::watch_limit`] | count, by class; whether it rises steadily |
//! | queue latency | [`Signals::observe`], [`Signals::record_queue_latency`] | seconds, by class |
//! | utilisation | watched limits; the monitor for the runtime | in flight / limit; busy ratio, lag |
//! | memory | the monitor | working set / limit; stalls |
//! | arrivals against departures | [`Signals::observe`] | per second, by class; excess |
//!
//! One [`Signals`] is shared by all layers. [`Signals::health`] judges them in words,
//! [`Signals::pressure`] scales one of them for shedding, [`Signals::snapshot`] has them all, and
//! [`Signals::endpoint`] shows them over HTTP.
//!
//! ```
//! use axum::{Router, routing::get};
//! use floodwall::http::AdmitLayer;
//! use floodwall::{ConcurrencyLimit, signals::Signals};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), floodwall::BuildError> {
//! let signals = Signals::new();
//! signals.spawn()?;
//! let limit = ConcurrencyLimit::new(64);
//! signals.watch_limit(&limit.handle())?;
//!
//! let app: Router = Router::new()
//!     .route("/", get(|| async { "hello" }))
//!     .layer(AdmitLayer::around(signals.observe(limit)))
//!     .route_service("/signals", signals.endpoint());
//! # let _ = app;
//! # Ok(())
//! # }
//! ```

mod accept;
mod band;
mod builder;
#[cfg(feature = "http")]
mod endpoint;
mod gauge;
mod handle;
mod health;
mod hub;
mod json;
mod limits;
pub mod memory;
mod monitor;
mod observed;
mod own;
mod pressure;
mod publish;
mod runtime;
mod signal;
mod snapshot;
mod traffic;

pub use builder::SignalsBuilder;
#[cfg(feature = "http")]
pub use endpoint::{SignalsBody, SignalsEndpoint};
pub use floodwall_core::stats::{LatencySummary, Trend};
pub use handle::Signals;
pub use health::{Concern, Health, HealthState};
pub use limits::LimitsReport;
pub use monitor::Monitoring;
pub use observed::{Observed, ObservedFuture, ObservedPermit};
pub use pressure::Pressure;
pub use signal::{Reading, Signal};
pub use snapshot::{MonitorReport, Snapshot};
pub use traffic::Rates;
