//! Load simulations that tests can trust: floods in virtual time against the real layers.

mod chance;
pub mod plot;
mod report;
mod scenario;
mod time;

pub use chance::{Stream, Times};
pub use report::{
    ClassSeries, Figure, Group, PhaseReport, PhaseSummary, Quantiles, Report, Series, Summary,
    snapshot, summary, table,
};
pub use scenario::{
    Arrivals, Bound, Call, Change, Client, ClientLoad, Expect, Line, Lock, Measure, OnCancel, Over,
    Per, Phase, QueueRule, QuotaRule, Retry, Scenario, Shape, Stack, Tier, Trace, Users,
};
pub use time::{Sleep, World};
