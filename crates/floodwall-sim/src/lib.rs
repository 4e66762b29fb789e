//! Load simulations that tests can trust: floods in virtual time against the real layers.

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
pub use engine::{Gauge, RunError, Simulation, Stage};
pub use report::{
    ClassSeries, Figure, Group, Part, PhaseReport, PhaseSummary, Quantiles, Report, Runs, Series,
    Spread, State, Summary, TierReport, Verdict, judge, snapshot, summary, table,
};
pub use scenario::{
    Arrivals, Bound, Call, Change, Client, ClientLoad, Expect, Line, Lock, Measure, OnCancel, Over,
    Per, Phase, QueueRule, QuotaRule, Retry, Scenario, ScenarioError, Shape, Stack, Tier, Trace,
    Users,
};
pub use time::{Sleep, World};
