//! Shedding by priority: one comparison per request against a cut-off that moves with the load.
//!
//! | part | what it does |
//! | --- | --- |
//! | [`Scale`] | turns a signal into a pressure from 0 to 1, between two bounds |
//! | [`Controller`] | turns pressure and the balance of the queue into the share to shed |
//! | [`Distribution`] | turns that share into a cut-off, by what came lately |
//! | [`CutOff`] | decides about a level in one comparison |
//! | [`cohort_of`], [`Usage`] | give each tenant its place inside its class |
//! | [`Shedder`] | all of it behind atomics: what a layer shares between threads |
//!
//! The idea of a cut-off over many levels is DAGOR's (WeChat, SoCC 2018), the PI rule and the
//! distribution over arrivals are Cinnamon's (Uber, 2023); the constants are our own, found in
//! simulation.

mod cohort;
mod controller;
mod cut_off;
mod distribution;
mod error;
mod pressure;
mod rate;
mod scale;
mod settings;
mod shedder;
mod usage;

pub use cohort::{Epoch, Epochs, cohort_of};
pub use controller::{Controller, Interval, Queued};
pub use cut_off::CutOff;
pub use distribution::Distribution;
pub use error::ShedError;
pub use scale::Scale;
pub use settings::{ShedSettings, ShedSettingsBuilder};
pub use shedder::{Backlog, ShedState, Shedder};
pub use usage::Usage;
