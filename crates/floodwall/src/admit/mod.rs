//! Any `Service`: a refusal is the error [`Error::Rejected`].
//!
//! ```
//! use floodwall::{ConcurrencyLimit, admit};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # tokio_test::block_on(async {
//! let service = ServiceBuilder::new()
//!     .layer(admit::AdmitLayer::new(ConcurrencyLimit::new(8)))
//!     .service(service_fn(async |job: String| Ok::<_, std::io::Error>(job.len())));
//!
//! match service.oneshot("work".to_owned()).await {
//!     Ok(length) => assert_eq!(length, 4),
//!     Err(admit::Error::Rejected(refusal)) => println!("come back later: {refusal}"),
//!     Err(admit::Error::Inner(error)) => println!("failed: {error}"),
//! }
//! # });
//! ```
//!
//! The service is always ready: admission happens in `call`, because priority and key are in the
//! request. What waits is bounded in length and time by the policy; the wrapped service is cloned
//! for each request and driven to readiness only after the permit is held.

mod classify;
mod drive;
mod error;
mod future;
mod layer;
mod service;
mod slot;

pub use classify::{ByResult, ClassifyResult, ResultFn, classify_fn};
#[cfg(feature = "http")]
pub(crate) use drive::Watch;
pub(crate) use drive::{Drive, Drove, REFUSED};
pub use error::Error;
pub use future::ResponseFuture;
pub use layer::AdmitLayer;
pub use service::Admit;
