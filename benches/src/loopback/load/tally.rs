//! Samples become figures.

use serde::{Deserialize, Serialize};

use super::client::Ending;

/// A level is not counted before this second of it is over.
const SKIPPED: f64 = 1.0;

/// Times are in seconds since the first level began.
pub(super) struct Level {
    pub(super) rate: f64,
    pub(super) start: f64,
    pub(super) end: f64,
}

impl Level {
    pub(super) fn new(index: usize, rate: f64, seconds: f64) -> Self {
        let start = index as f64 * seconds;
        Self {
            rate,
            start,
            end: start + seconds,
        }
    }

    fn has(&self, at: f64) -> bool {
        (self.start..self.end).contains(&at)
    }

    fn counts(&self, at: f64) -> bool {
        (self.start + SKIPPED.min((self.end - self.start) / 2.0)..self.end).contains(&at)
    }

    fn counted(&self) -> f64 {
        let length = self.end - self.start;
        length - SKIPPED.min(length / 2.0)
    }
}

pub(super) struct Sample {
    pub(super) due: f64,
    pub(super) ended: f64,
    pub(super) took: f64,
    pub(super) lag: f64,
    pub(super) critical: bool,
    pub(super) ending: Ending,
}

/// What the generator saw. Rates are per second, latencies in milliseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) levels: Vec<LevelSeen>,
    /// So many seconds after the flood the last request was not admitted.
    pub(crate) recovery_s: f64,
    /// Between the scheduled instant and the request: how good the generator is.
    pub(crate) lag_p99: f64,
    pub(crate) connections: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LevelSeen {
    pub(crate) offered: f64,
    /// Answers that were of use.
    pub(crate) goodput: f64,
    /// The part that came to nothing, of all of the level, its beginning too.
    pub(crate) lost: f64,
    /// The part of successes that came too late.
    pub(crate) late: f64,
    pub(crate) success_p50: Option<f64>,
    pub(crate) success_p99: Option<f64>,
    pub(crate) refusal_p50: Option<f64>,
    pub(crate) refusal_p99: Option<f64>,
    pub(crate) refused: f64,
    pub(crate) timed_out: f64,
    pub(crate) failed: f64,
    pub(crate) critical_offered: f64,
    /// The part of the critical requests that were served.
    pub(crate) critical_served: f64,
}

pub(super) fn tally(levels: &[Level], samples: &[Sample], connections: u32) -> Seen {
    let flood = &levels[..levels.len() - 1];
    let after = levels.last().map_or(0.0, |level| level.start);
    let lost = samples
        .iter()
        .filter(|sample| sample.due >= after && sample.ending != Ending::Success)
        .map(|sample| sample.due - after);
    Seen {
        levels: flood.iter().map(|level| seen(level, samples)).collect(),
        recovery_s: lost.fold(0.0, f64::max),
        lag_p99: quantile(samples.iter().map(|sample| sample.lag), 0.99).unwrap_or(0.0),
        connections,
    }
}

fn seen(level: &Level, samples: &[Sample]) -> LevelSeen {
    let due: Vec<_> = samples.iter().filter(|s| level.counts(s.due)).collect();
    let of = |ending| due.iter().filter(move |sample| sample.ending == ending);
    let share = |ending| of(ending).count() as f64 / due.len().max(1) as f64;
    let took = |ending, q| quantile(of(ending).map(|sample| sample.took), q);
    // Too late is no reason to leave out how late.
    let answered = |q| {
        let answered = of(Ending::Success).chain(of(Ending::Late));
        quantile(answered.map(|sample| sample.took), q)
    };
    let all = || samples.iter().filter(|sample| level.has(sample.due));
    let lost = all().filter(|sample| sample.ending != Ending::Success);
    // By the time of the answer: what is answered late is no less of an answer.
    let good = |sample: &&Sample| sample.ending == Ending::Success && level.counts(sample.ended);
    let critical = due.iter().filter(|sample| sample.critical).count();
    let served = of(Ending::Success).filter(|sample| sample.critical).count();
    LevelSeen {
        offered: due.len() as f64 / level.counted(),
        goodput: samples.iter().filter(good).count() as f64 / level.counted(),
        success_p50: answered(0.5),
        success_p99: answered(0.99),
        refusal_p50: took(Ending::Refused, 0.5),
        refusal_p99: took(Ending::Refused, 0.99),
        lost: lost.count() as f64 / all().count().max(1) as f64,
        late: share(Ending::Late),
        refused: share(Ending::Refused),
        timed_out: share(Ending::TimedOut),
        failed: share(Ending::Failed),
        critical_offered: critical as f64 / level.counted(),
        critical_served: served as f64 / critical.max(1) as f64,
    }
}

/// In milliseconds.
fn quantile(seconds: impl Iterator<Item = f64>, q: f64) -> Option<f64> {
    let mut sorted: Vec<_> = seconds.collect();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    Some(sorted[(last as f64 * q).round() as usize] * 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goodput_is_by_the_answer_and_shares_are_by_the_arrival() {
        let level = [Level::new(0, 1.0, 3.0), Level::new(1, 1.0, 3.0)];
        let sample = |due, ended, ending| Sample {
            due,
            ended,
            took: ended - due,
            lag: 0.0,
            critical: due > 2.0,
            ending,
        };
        let samples = [
            sample(0.5, 1.5, Ending::Success),
            sample(1.5, 2.5, Ending::TimedOut),
            sample(2.5, 2.6, Ending::Success),
            sample(2.6, 3.1, Ending::Success),
            sample(3.2, 3.3, Ending::Refused),
        ];
        let seen = tally(&level, &samples, 1);
        assert_eq!(seen.levels.len(), 1);
        assert_eq!(seen.levels[0].goodput, 1.0);
        assert!((seen.levels[0].timed_out - 1.0 / 3.0).abs() < 1e-9);
        assert_eq!(seen.levels[0].critical_served, 1.0);
        assert!((seen.recovery_s - 0.2).abs() < 1e-9);
    }
}
