//! The outermost layer: when a request arrived, how long it waited, how much of its time is left.

#[cfg(feature = "axum")]
mod axum;
mod builder;
mod future;
mod layer;
mod received;
mod service;
mod shared;
mod stamp;
mod timing;
mod upstream;

#[cfg(feature = "axum")]
#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
pub use self::axum::{AcceptInfo, AcceptedListener};
pub use self::builder::QueueLatencyBuilder;
pub use self::future::StampedFuture;
pub use self::layer::QueueLatencyLayer;
pub use self::received::{ReceivedAt, StampFirst};
pub use self::service::Stamped;
