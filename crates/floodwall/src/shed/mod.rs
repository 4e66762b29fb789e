//! Sheds the least urgent part of the traffic while the service is pressed.
//!
//! One comparison per request: its level against a cut-off. What moves the cut-off is the queue
//! behind it ([`ShedBuilder::queue`]) and any number of sources of pressure
//! ([`ShedBuilder::pressure`]), of which the highest counts; a source that is silent, dead or tells
//! nonsense decides nothing.
//!
//! Within a class the cut-off goes by tenant ([`ShedBuilder::tenant`]), so that the same ones are
//! steadily in or out, and retries go before first attempts ([`ShedBuilder::retries`]). The
//! algorithm is in [`floodwall_core::shed`].

mod admit;
mod builder;
mod core;
mod handle;
mod levels;
mod policy;
mod source;

pub use admit::Shedding;
pub use builder::ShedBuilder;
pub use floodwall_core::shed::{CutOff, Scale, ShedError};
pub use handle::{ShedHandle, ShedSnapshot};
pub use levels::NoRetries;
pub use policy::Shed;
pub use source::{PressureSource, PushedPressure, SourceState, SourceStatus};
