//! "What will my limits do on the worst day?", answered in a second, in a test, with the very layers
//! that run in production, and the same answer every time.
//!
//! ```
//! use floodwall::{ConcurrencyLimit, admit};
//! use floodwall_sim::{Client, Phase, Scenario, Simulation, Tier, Times};
//! use std::time::Duration;
//! use tower::ServiceBuilder;
//!
//! let ms = Duration::from_millis;
//! let flood = Scenario::new("flood")
//!     .tier(Tier::new("app", 10, Times::exponential(ms(10))))
//!     .phase(Phase::new("calm", ms(5_000)).load(0.7))
//!     .phase(Phase::new("flood", ms(5_000)).load(3.0))
//!     .client(Client::new("all").share(1.0).deadline(ms(100)));
//!
//! let report = Simulation::new(&flood).seed(7).run(|stage| {
//!     ServiceBuilder::new()
//!         .layer(admit::AdmitLayer::new(ConcurrencyLimit::new(10)))
//!         .service(stage.backend())
//! })?;
//! report.during("flood").goodput().at_least(0.97);
//! # Ok::<(), floodwall_sim::RunError>(())
//! ```
//!
//! # Where to look
//!
//! | you want | look at |
//! | --- | --- |
//! | to test a service of your own, or an axum router | [`Simulation`], [`http::Http`] |
//! | to say what comes | [`Scenario`], [`Phase`], [`Client`] |
//! | to simulate what is behind the layers | [`Tier`], [`Times`], [`Change`] |
//! | to assert something | [`Report::during`], [`Part`], [`Runs`] |
//! | scenarios as files | [`Scenario::load`], [`builtin`], [`judge`] |
//! | to compare stacks | [`Contender`] |
//! | pictures and tables | [`plot`], [`table()`], [`summary()`], [`snapshot()`] |
//!
//! # What is exact
//!
//! The clock of a run has a resolution of a nanosecond and agrees with tokio's at its end. tokio's
//! timers keep the rounding to whole milliseconds that they have in production. All chance comes from
//! named [`Stream`]s of one seed, computed without the platform's mathematics, so a scenario and a seed
//! give the same bytes of report on every machine.
//!
//! A service that waits for what virtual time cannot move (I/O, another thread, `spawn_blocking`) ends
//! the run with a [`RunError`] that says so.

mod answer;
mod answered;
mod attempt;
mod backend;
mod builtin;
mod chance;
mod contender;
mod engine;
pub mod http;
pub mod plot;
mod report;
mod scenario;
mod time;

pub use answer::{Answer, IntoAnswer, Refusal};
pub use answered::{Answered, AnsweredFuture};
pub use attempt::Attempt;
pub use backend::{Backend, TierService};
pub use builtin::{Builtin, builtin};
pub use chance::{Stream, Times};
pub use contender::{Contender, ContenderError};
pub use engine::{Gauge, Progress, RunError, Simulation, Stage};
pub use report::{
    ClassSeries, Course, Figure, Group, Part, PhaseReport, PhaseSummary, Quantiles, Report, Runs,
    Series, Spread, State, Summary, TierReport, Verdict, judge, snapshot, summary, table,
};
pub use scenario::{
    Arrivals, Bound, Call, Change, Client, ClientLoad, Expect, Line, Lock, Measure, OnCancel, Over,
    Per, Phase, QueueRule, QuotaRule, Retry, Scenario, ScenarioError, Shape, ShedBy, ShedRule,
    Stack, Tier, Trace, Users,
};
pub use time::{Sleep, World};
