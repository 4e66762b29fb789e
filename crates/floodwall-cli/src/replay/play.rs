//! The play: each row of the log becomes a request, goes through the stack, and is worked on.

use std::{cell::RefCell, ops::ControlFlow, rc::Rc, time::Duration};

use floodwall::stack::{StackConfig, StackSnapshot};
use floodwall_sim::{Report, RunError, Scenario, Simulation, Times, Trace};

use super::{
    log::Log,
    player::{Parts, Player},
    tally::Tally,
};

/// What is played.
#[derive(Debug)]
pub(super) struct Play<'a> {
    pub(super) log: &'a Log,
    pub(super) config: &'a StackConfig,
    pub(super) service: Option<&'a Times>,
    pub(super) workers: Option<u32>,
    pub(super) seed: u64,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Played {
    pub(super) tally: Tally,
    pub(super) report: Report,
    pub(super) snapshot: StackSnapshot,
}

impl Play<'_> {
    /// Nothing if `progress` ended it.
    pub(super) fn run(
        &self,
        name: &str,
        progress: &mut dyn FnMut(f64) -> ControlFlow<()>,
    ) -> anyhow::Result<Option<Played>> {
        let times = self.log.rows.iter().map(|row| row.at);
        let times = times.map(Duration::from_nanos);
        let scenario = Scenario::new(name).trace(Trace::at_times(times));
        let kept = RefCell::new(None);
        let simulation = Simulation::new(&scenario).seed(self.seed).stack("stack");
        let report = simulation.run_with(progress, |stage| {
            // Here, so that its first look at the clock is one at the simulation's.
            let parts = Parts::new(self, stage).map(Rc::new);
            let player = Player::new(parts.as_ref().ok());
            *kept.borrow_mut() = Some(parts);
            player
        });
        let Some(parts) = kept.into_inner().transpose()? else {
            return Ok(None);
        };
        match report {
            Ok(report) => Ok(Some(Played {
                report,
                snapshot: parts.snapshot(),
                tally: parts.into_tally(),
            })),
            Err(RunError::Stopped) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
