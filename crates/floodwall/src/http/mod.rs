//! The HTTP rim: layers whose refusals are responses, and readers of a request's head.
//!
//! A refusal is a response with the right status (429 for the client's own quota, 503 for our lack
//! of room), so the service's error type stays as it is: an axum router needs no
//! `HandleErrorLayer`. The response's body carries the permit to its end.
//!
//! Layers that are merely stacked do not fight: a refusal bears a mark ([`Refused`]), and an outer
//! layer takes it as work that never ran. Better is one layer around a composed policy:
//! [`AdmitLayer::around`]`(`[`all`](crate::all)`((…)))`.

mod admitted;
mod answer;
mod body;
mod classify;
mod content;
mod extract;
mod future;
mod hand_on;
mod hold;
mod latency;
mod layer;
mod layers;
mod per_route;
mod service;

pub use admitted::Admitted;
pub use answer::*;
pub use body::ResponseBody;
pub use classify::Classify;
#[cfg(feature = "retry")]
pub(crate) use content::Content;
pub use extract::*;
pub use future::ResponseFuture;
pub use hand_on::{HandOn, hand_on};
pub use hold::HoldUntil;
pub use latency::*;
pub use layer::AdmitLayer;
pub use layers::{ConcurrencyLimitLayer, RateLimitLayer, ShedLayer};
pub use per_route::PerRoute;
pub use service::Admit;

/// What policies see of an HTTP request: method, URI, version, headers and extensions.
pub type Head = ::http::request::Parts;
