//! How long a request had waited when work on it began, part by part.
//!
//! [`QueueLatencyLayer`](crate::QueueLatencyLayer) is the outermost layer. It stamps the arrival of
//! a request as far out as is honest, and the handler finds a [`QueueLatency`] among the request's
//! extensions.
//!
//! ```text
//!  proxy      accepted      outermost layer                        the handler starts
//!    |-- upstream --|-- accept --|-- other -- queue -- readiness -----|
//!    |<------------------------- total ---------------------------->|
//! ```
//!
//! | part | what is waited for | known if |
//! | --- | --- | --- |
//! | [upstream](QueueLatency::upstream) | the way from a trusted proxy | it sends `X-Request-Start` or `X-Queue-Start` |
//! | [accept](QueueLatency::accept) | the runtime, after the connection was accepted | the server uses [`Accepted`] |
//! | [queue](QueueLatency::queue) | floodwall's admission | always |
//! | [readiness](QueueLatency::readiness) | the readiness of the wrapped service | always |
//! | [other](QueueLatency::other) | layers between this one and the handler | always |

mod accepted;
mod lap;
mod latency;
mod series;

pub use accepted::{Accepted, FirstBytes};
pub(crate) use lap::Lap;
pub(crate) use latency::Arrived;
pub use latency::{Part, QueueLatency};
pub(crate) use series::Series;
