use std::sync::Arc;

use crate::scenario::{Scenario, ScenarioError};

/// A scenario that comes with the crate.
///
/// ```
/// use floodwall_sim::builtin;
///
/// for one in builtin() {
///     let scenario = one.scenario()?;
///     println!("{:24} {}", one.name(), scenario.about);
/// }
/// # Ok::<(), floodwall_sim::ScenarioError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    name: &'static str,
    text: &'static str,
}

/// All scenarios that come with the crate, by name.
#[must_use]
pub fn builtin() -> &'static [Builtin] {
    ALL
}

impl Builtin {
    /// The one of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        ALL.iter().copied().find(|one| one.name == name)
    }

    /// Its name: that of its file, without the ending.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The file.
    #[must_use]
    pub const fn text(&self) -> &'static str {
        self.text
    }

    /// The scenario.
    ///
    /// # Errors
    ///
    /// None, as a test of the crate shows; the signature is that of every other way to a scenario.
    pub fn scenario(&self) -> Result<Scenario, ScenarioError> {
        let mut scenario = Scenario::parse(self.text, &format!("{}.toml", self.name))?;
        if let Some(trace) = &mut scenario.trace {
            let known = TRACES.iter().find(|(name, _)| trace.file.ends_with(name));
            trace.embedded = known.map(|(_, bytes)| Arc::from(*bytes));
        }
        Ok(scenario)
    }
}

macro_rules! builtin {
    ($($name:literal)+) => {
        &[$(Builtin {
            name: $name,
            text: include_str!(concat!("../scenarios/", $name, ".toml")),
        }),+]
    };
}

const ALL: &[Builtin] = builtin! {
    "apf-baseline"
    "apf-different-flows"
    "apf-elephant"
    "apf-widths"
    "breakwater-spike"
    "breakwater-sweep-bimodal"
    "breakwater-sweep-constant"
    "breakwater-sweep-exponential"
    "calm"
    "capacity-drop"
    "cinnamon-tiers"
    "constant-delay"
    "dagor-subsequent"
    "diurnal-day"
    "dubbo-closed-loop"
    "flash-crowd"
    "health-checks"
    "instant-failures"
    "long-incident"
    "metastable-retries"
    "mild-overload"
    "netflix-prefetch"
    "noisy-neighbour"
    "one-lock"
    "one-worker"
    "priority-shares"
    "priority-shedding"
    "protego-locks"
    "rajomon-chain"
    "retry-budget"
    "shared-cpu"
    "shedding-calm"
    "shedding-step"
    "slow-dependency"
    "topfull-two-apis"
    "trace-replay"
    "two-routes"
};

const TRACES: &[(&str, &[u8])] = &[(
    "crawler.csv",
    include_bytes!("../scenarios/traces/crawler.csv"),
)];
