//! What may stand in front of a tier, so that claims can be compared.
//!
//! Reading order: [`name`] is how they are called, [`line`] a queue before a fixed number of places
//! with a discipline of its own, then one file for each: [`fifo`], [`codel`], [`ordered`], [`dagor`],
//! [`peers`] (tower's own) and [`wall`] (ours).

mod codel;
mod dagor;
mod fifo;
mod line;
mod name;
mod ordered;
mod peers;
mod wall;

pub use name::{Contender, ContenderError};

use std::ops::ControlFlow;

use floodwall_core::limit::Preset;

use crate::backend::{Backend, TierService};
use crate::engine::{Progress, RunError, Simulation, Stage, asked_seed};
use crate::report::Report;
use crate::scenario::{Scenario, Tier};

impl Contender {
    /// Plays `scenario` with this in front of its service. As in [`Simulation::run`], the environment may
    /// say another seed.
    ///
    /// ```
    /// use floodwall_sim::{Builtin, Contender};
    ///
    /// let scenario = Builtin::find("breakwater-spike").unwrap().scenario()?;
    /// let report = Contender::Floodwall.play(&scenario, 1)?;
    /// report.during("spike").possible().at_least(0.95);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the scenario has no tiers or asks for a stack that cannot be built.
    pub fn play(&self, scenario: &Scenario, seed: u64) -> Result<Report, RunError> {
        let seed = asked_seed()?.unwrap_or(seed);
        self.play_with(scenario, seed, &mut |_| ControlFlow::Continue(()))
    }

    /// As [`play`](Contender::play), and tells how far it is: 0 to 1, each tenth of a second of virtual
    /// time. It ends there if it is told to.
    ///
    /// # Errors
    ///
    /// As [`play`](Contender::play), and [`RunError::Stopped`].
    pub fn play_with(
        &self,
        scenario: &Scenario,
        seed: u64,
        progress: &mut Progress<'_>,
    ) -> Result<Report, RunError> {
        if scenario.tiers.is_empty() {
            return Err(RunError::Scenario(
                "the scenario has no tier to play against: add a `[[tier]]`".to_owned(),
            ));
        }
        let budgeted = match self {
            Self::Floodwall | Self::Limit(..) => with_retry_budget(scenario),
            _ => None,
        };
        let scenario = budgeted.as_ref().unwrap_or(scenario);
        let mut wrong = None;
        let simulation = Simulation::new(scenario).seed(seed).stack(self.to_string());
        let report = simulation.run_with(progress, |stage| {
            stage.backend_behind(|name, backend| {
                let tier = scenario.tiers.iter().find(|tier| tier.name == name);
                match tier.filter(|_| protects(scenario, name)) {
                    Some(tier) => {
                        self.protect(stage, tier, backend.clone())
                            .unwrap_or_else(|problem| {
                                wrong = Some(problem);
                                TierService::new(backend)
                            })
                    }
                    None => TierService::new(backend),
                }
            })
        });
        match wrong {
            Some(problem) => Err(RunError::Scenario(problem)),
            None => report,
        }
    }

    fn protect(
        &self,
        stage: &Stage<'_>,
        tier: &Tier,
        backend: Backend,
    ) -> Result<TierService, String> {
        let workers = tier.workers as usize;
        Ok(match self {
            Self::Bare => TierService::new(backend),
            Self::Fifo(places) => {
                line::in_front(stage, backend, workers, fifo::Fifo::new(*places as usize))
            }
            Self::Codel => line::in_front(stage, backend, workers, codel::Codel::new(None)),
            Self::CodelLifo => line::in_front(stage, backend, workers, codel::Codel::new(Some(10))),
            Self::Ordered(places) => line::in_front(
                stage,
                backend,
                workers,
                ordered::Ordered::new(*places as usize),
            ),
            Self::Dagor => line::in_front(stage, backend, workers, dagor::Dagor::default()),
            Self::Tower(limit) => {
                peers::tower(backend, limit.map_or(workers, |limit| limit as usize))
            }
            Self::Floodwall => {
                let stack = stage.scenario().stack.clone().unwrap_or_default();
                wall::floodwall(stage, tier, backend, &stack, None)?
            }
            Self::Limit(preset, start) => {
                let stack = stage.scenario().stack.clone().unwrap_or_default();
                let said = stack.limit.filter(|_| *preset == Preset::Fixed);
                let start = start.or(said).unwrap_or(wall::START);
                wall::floodwall(stage, tier, backend, &stack, Some((*preset, start)))?
            }
        })
    }
}

/// The scenario with clients who have floodwall's retry budget, if its stack has one.
fn with_retry_budget(scenario: &Scenario) -> Option<Scenario> {
    let share = scenario.stack.as_ref()?.retry_budget?;
    let mut scenario = scenario.clone();
    let retries = scenario.clients.iter_mut();
    for retry in retries.filter_map(|client| client.retry.as_mut()) {
        retry.budget = Some(retry.budget.map_or(share, |own| own.min(share)));
    }
    Some(scenario)
}

/// The first tier, unless the scenario names others.
fn protects(scenario: &Scenario, name: &str) -> bool {
    if scenario.protect.is_empty() {
        return scenario.tiers.first().is_some_and(|tier| tier.name == name);
    }
    scenario.protect.iter().any(|tier| tier == name)
}
