use std::sync::atomic::Ordering;

use floodwall_core::PolicyName;
use floodwall_core::shed::ShedState;

use super::SourceState;
use super::core::Core;
use super::source::Source;
use crate::observe::Counts;
use crate::spare::Owned;
use crate::{BuildError, Mode};

/// To look at a [`Shed`](super::Shed) and to change it while requests run.
///
/// ```
/// use floodwall::{Mode, Shed};
///
/// let handle = Shed::builder().build()?.handle();
/// assert_eq!(handle.snapshot().state.share, 0.0);
/// handle.set_enforce_percent(10)?;
/// handle.set_mode(Mode::Shadow);
/// # Ok::<(), floodwall::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ShedHandle {
    core: Owned<Core>,
}

/// A [`Shed`](super::Shed) at one moment.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ShedSnapshot {
    /// Whether it refuses, only counts, or does nothing.
    pub mode: Mode,
    /// How many per cent of what is to be shed are shed.
    pub enforce_percent: u8,
    /// The cut-off and what it was made of.
    pub state: ShedState,
    /// The sources of pressure and how each fared.
    pub sources: Vec<SourceState>,
    /// How many requests came, shed ones included, and those that a policy after it refused.
    pub arrivals: u64,
    /// What it has decided so far.
    pub counts: Counts,
}

impl ShedHandle {
    pub(super) const fn new(core: Owned<Core>) -> Self {
        Self { core }
    }

    /// The policy's name.
    pub fn name(&self) -> PolicyName {
        self.core.name
    }

    /// How things stand. Makes the cut-off anew if it is time for that, so that what is shown, here and
    /// in the gauges, does not stand still when nobody comes.
    pub fn snapshot(&self) -> ShedSnapshot {
        let core = &self.core;
        core.refresh(core.origin.now());
        ShedSnapshot {
            mode: core.mode.get(),
            enforce_percent: core.enforce_percent.load(Ordering::Relaxed) as u8,
            state: core.shedder.state(),
            sources: core.sources.iter().map(Source::state).collect(),
            arrivals: core.shedder.arrivals(),
            counts: core.observer.counters.counts(),
        }
    }

    /// Changes the mode; it knows the load in every mode but [`Mode::Off`].
    pub fn set_mode(&self, mode: Mode) {
        self.core.mode.set(mode);
    }

    /// Sheds only so many per cent of what is to be shed, evenly; the others are let in and counted
    /// as those that would have been refused.
    ///
    /// # Errors
    ///
    /// If it is more than 100.
    pub fn set_enforce_percent(&self, percent: u8) -> Result<(), BuildError> {
        check_percent(percent)?;
        self.core
            .enforce_percent
            .store(percent.into(), Ordering::Relaxed);
        Ok(())
    }
}

pub(super) fn check_percent(percent: u8) -> Result<(), BuildError> {
    if percent > 100 {
        let problem = format!("{percent} of a hundred cannot be: choose 0 to 100");
        return Err(BuildError::new("enforce_percent", problem));
    }
    Ok(())
}
