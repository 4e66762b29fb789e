use super::seen::Seen;
use super::window::Least;

/// What it is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Phase {
    /// Doubles as long as throughput follows: `before` was seen under half as many, `more` are
    /// earlier windows under as many as now.
    Climb {
        before: Option<Seen>,
        more: Option<Seen>,
    },
    /// Less is in force: does it bring as much?
    Less(Trial),
    /// Two limits are in force in turn.
    Compare(Test),
    /// The limit is thought to be right; `known` is what it brought when it was found so.
    Watch {
        known: Option<Seen>,
        recent: Option<Seen>,
    },
}

/// Less than before is tried, once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trial {
    /// What the level brought.
    pub(super) before: Seen,
    /// Whether still less is tried if this was as good.
    pub(super) bold: bool,
    /// Earlier windows of the trial.
    pub(super) so_far: Option<Seen>,
}

/// The level and another limit, in turn: level, other, other, level.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Test {
    /// Whether the other is more than the level.
    pub(super) up: bool,
    /// Between the two.
    pub(super) step: f64,
    pub(super) turn: usize,
    pub(super) level: Option<Seen>,
    pub(super) other: Option<Seen>,
}

impl Test {
    /// In which turns the level is in force: so that what drifts meets both alike.
    const TURNS: [bool; 4] = [true, false, false, true];

    pub(super) const fn is_level(&self) -> bool {
        Self::TURNS[self.turn % Self::TURNS.len()]
    }

    pub(super) const fn is_round_over(&self) -> bool {
        self.turn >= Self::TURNS.len()
    }
}

impl Phase {
    /// What a window must have to be worth a look.
    pub(super) fn least(&self, limit: f64) -> Least {
        let (done, seconds, turnovers) = match self {
            Self::Climb { .. } => (limit.max(20.0), 0.01, 1.0),
            Self::Less(_) => (limit.max(50.0), 0.05, 2.0),
            Self::Compare(_) => (limit.max(40.0), 0.1, 2.0),
            Self::Watch { .. } => (30.0, 0.1, 1.0),
        };
        Least {
            done,
            seconds,
            turnovers,
        }
    }
}
