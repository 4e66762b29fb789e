use std::time::Duration;

use super::tally::Level;

/// A quarter of the arrivals is critical.
const CRITICAL: f64 = 0.25;

/// One who is to come.
pub(super) struct Arrival {
    pub(super) after: Duration,
    pub(super) level: usize,
    pub(super) critical: bool,
}

/// Made before the first is sent, so that nothing which happens can change it.
pub(super) fn schedule(levels: &[Level], seed: u64) -> Vec<Arrival> {
    let mut chance = fastrand::Rng::with_seed(seed);
    let mut arrivals = Vec::new();
    for (index, level) in levels.iter().enumerate() {
        let mut at = level.start;
        loop {
            at += -(1.0 - chance.f64()).ln() / level.rate;
            if at >= level.end {
                break;
            }
            arrivals.push(Arrival {
                after: Duration::from_secs_f64(at),
                level: index,
                critical: chance.f64() < CRITICAL,
            });
        }
    }
    arrivals
}
