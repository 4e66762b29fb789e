//! What is simulated, as data: phases, clients, the tiers behind them, the stack in front, and what
//! must hold.

mod change;
mod check;
mod client;
mod error;
mod expect;
mod explain;
mod file;
mod nearest;
mod phase;
mod place;
mod schema;
mod shed;
mod stack;
mod stack_file;
mod tier;
mod trace;
pub(crate) mod units;
mod wording;

pub use change::Change;
pub use client::{Arrivals, Client, ClientLoad, Retry, Users};
pub use error::ScenarioError;
pub use expect::{Bound, Expect, Measure, Over};
pub use phase::{Phase, Shape};
pub use shed::{ShedBy, ShedRule};
pub use stack::{Per, QueueRule, QuotaRule, Stack};
pub use tier::{Call, Line, Lock, OnCancel, Tier};
pub use trace::Trace;
pub(crate) use trace::{TraceReader, TraceRow};

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A worst day, as data.
///
/// Made in code with the methods below, or read from a file with
/// [`Scenario::parse`](Scenario::parse).
///
/// ```
/// use floodwall_sim::{Client, Phase, Scenario};
/// use std::time::Duration;
///
/// let flood = Scenario::new("flood")
///     .phase(Phase::new("calm", Duration::from_secs(5)).rate(500.0))
///     .phase(Phase::new("flood", Duration::from_secs(5)).rate(4_000.0))
///     .client(Client::new("shoppers").share(0.25).class(0).deadline(Duration::from_millis(100)))
///     .client(Client::new("crawlers").share(0.75).class(7));
/// assert_eq!(flood.length(), Duration::from_secs(10));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is called: the name of its file unless said here.
    #[serde(default)]
    pub name: String,
    /// What it is for, in a sentence.
    #[serde(default)]
    pub about: String,
    /// What must hold, in a sentence.
    #[serde(default)]
    pub holds: String,
    /// How many requests per second the whole can do at its best. When not said: workers divided by
    /// the mean time that a request keeps one, of the only tier. Needed with several tiers, with
    /// locks, and with a service of one's own.
    #[serde(
        default,
        with = "units::optional_rate",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<units::RateText>")]
    pub capacity: Option<f64>,
    /// In which pattern requests come: `poisson` when not said.
    #[serde(default)]
    pub arrivals: Arrivals,
    /// One after the other.
    #[serde(default, rename = "phase")]
    pub phases: Vec<Phase>,
    /// Who sends requests.
    #[serde(default, rename = "client")]
    pub clients: Vec<Client>,
    /// The service that is simulated. The first tier gets the requests of the clients.
    #[serde(default, rename = "tier")]
    pub tiers: Vec<Tier>,
    /// Which tiers stand behind the stack: only the first when not said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protect: Vec<String>,
    /// The stack under test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<Stack>,
    /// Requests from a recording instead of `phase` and `client`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
    /// Runs it once for each of these loads instead, which every phase then has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sweep: Vec<f64>,
    /// What runs beside the stack unless said otherwise: `bare` when not said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compare: Vec<String>,
    /// How the bare service fails. A scenario in which it does not proves nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub collapse: Vec<Expect>,
    /// Why nothing collapses here, if that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_collapse: Option<String>,
    /// What must hold behind the stack.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<Expect>,
}

impl Scenario {
    /// A scenario without anything in it.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Adds a phase at the end.
    #[must_use]
    pub fn phase(mut self, phase: Phase) -> Self {
        self.phases.push(phase);
        self
    }

    /// Adds somebody who sends requests.
    #[must_use]
    pub fn client(mut self, client: Client) -> Self {
        self.clients.push(client);
        self
    }

    /// Adds a tier; the first gets the requests of the clients.
    #[must_use]
    pub fn tier(mut self, tier: Tier) -> Self {
        self.tiers.push(tier);
        self
    }

    /// Plays a recording instead of phases and clients.
    #[must_use]
    pub fn trace(mut self, trace: Trace) -> Self {
        self.trace = Some(trace);
        self
    }

    /// Says how many requests per second the service can do.
    #[must_use]
    pub const fn capacity(mut self, per_second: f64) -> Self {
        self.capacity = Some(per_second);
        self
    }

    /// Says in which pattern requests come.
    #[must_use]
    pub const fn arrivals(mut self, arrivals: Arrivals) -> Self {
        self.arrivals = arrivals;
        self
    }

    /// Puts a stack of floodwall's in front.
    #[must_use]
    pub fn stack(mut self, stack: Stack) -> Self {
        self.stack = Some(stack);
        self
    }

    /// The same at another load: every phase has this one, and no rate and no ramp, and what is
    /// expected at other loads only is left out.
    #[must_use]
    pub fn at_load(&self, load: f64) -> Self {
        let mut other = self.clone();
        other.sweep.clear();
        let counts = |expect: &Expect| {
            expect.from_load.is_none_or(|from| load >= from)
                && expect.to_load.is_none_or(|to| load <= to)
        };
        other.expect.retain(counts);
        other.collapse.retain(counts);
        for phase in &mut other.phases {
            phase.shape = phase
                .shape
                .filter(|shape| !matches!(shape, Shape::RampTo(_)));
            (phase.load, phase.rate) = (Some(load), None);
        }
        other
    }

    /// How long all phases last together.
    pub fn length(&self) -> Duration {
        self.phases.iter().map(|phase| phase.lasts).sum()
    }

    /// How many requests per second it can do at its best, as said or as computed from its only
    /// tier; `None` if neither can be.
    pub fn best_capacity(&self) -> Option<f64> {
        match (self.capacity, self.tiers.as_slice()) {
            (Some(said), _) => Some(said),
            (None, [only]) => {
                // By share if clients have one, so that heavy work counts as often as it comes.
                let weighed = |of: fn(&Client) -> f64| {
                    self.clients
                        .iter()
                        .map(|client| client.share.unwrap_or(1.0) * of(client))
                        .sum::<f64>()
                };
                let work = if self.clients.is_empty() {
                    1.0
                } else {
                    weighed(|client| client.work) / weighed(|_| 1.0)
                };
                Some(only.capacity(work))
            }
            (None, _) => None,
        }
    }
}
