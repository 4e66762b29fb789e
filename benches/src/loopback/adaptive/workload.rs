use clap::ValueEnum;
use serde::Serialize;

/// What the handler does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Workload {
    /// Sleeps for 10 ms, one of eight at a time.
    Pool,
    /// Computes for a millisecond on one of two blocking threads.
    Cpu,
    /// As `pool`, and three times as slow for a while.
    Slow,
}

/// How fast requests come, and how long the pool's work takes.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Level {
    /// In multiples of the capacity.
    pub(super) rate: f64,
    pub(super) pace_ms: u64,
}

pub(super) const USUAL_MS: u64 = 10;
const SLOW_MS: u64 = 30;

impl Workload {
    pub(super) const ALL: [Self; 3] = [Self::Pool, Self::Cpu, Self::Slow];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Pool => "pool",
            Self::Cpu => "cpu",
            Self::Slow => "slow",
        }
    }

    pub(super) const fn about(self) -> &'static str {
        match self {
            Self::Pool => "8 workers of 10 ms each",
            Self::Cpu => "1 ms of CPU on spawn_blocking",
            Self::Slow => "8 workers of 10 ms each, 30 ms for a while",
        }
    }

    /// Without the one that comes after all.
    pub(super) fn levels(self) -> Vec<Level> {
        let level = |rate, pace_ms| Level { rate, pace_ms };
        match self {
            Self::Pool | Self::Cpu => [0.5, 1.0, 2.0, 5.0, 10.0]
                .map(|rate| level(rate, USUAL_MS))
                .to_vec(),
            Self::Slow => [0.9, 2.0]
                .iter()
                .flat_map(|&rate| [USUAL_MS, SLOW_MS, USUAL_MS].map(|pace| level(rate, pace)))
                .collect(),
        }
    }

    /// What comes after them.
    pub(super) const AFTER: Level = Level {
        rate: 0.5,
        pace_ms: USUAL_MS,
    };

    /// Fixed limits on both sides of the best.
    pub(super) const fn ladder(self, short: bool) -> &'static [u32] {
        match (self, short) {
            (Self::Pool, false) => &[6, 8, 10, 12, 16],
            (Self::Slow, false) => &[6, 8, 10, 16],
            (Self::Pool | Self::Slow, true) => &[8, 10],
            (Self::Cpu, false) => &[1, 2, 3, 4, 8],
            (Self::Cpu, true) => &[2, 3],
        }
    }
}

impl Level {
    /// For the head of a column.
    pub(super) fn name(self) -> String {
        let slow = if self.pace_ms == USUAL_MS {
            ""
        } else {
            " slow"
        };
        format!("{}x{slow}", self.rate)
    }
}
