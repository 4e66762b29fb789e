//! The run over time, in slices that begin and end with the phases.

use std::time::Duration;

use super::{
    client::{Ending, is_refusal},
    load::Sample,
    schedule::Arrival,
};

/// Twenty to each of the three phases.
pub(crate) const SLICES: usize = 60;

/// Rates per second and the p99 of the successes, slice by slice.
///
/// An arrival counts where it was meant to start, an answer where it came: so goodput never looks
/// higher than what the server does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    pub(crate) slice: Duration,
    pub(crate) offered: Vec<f64>,
    pub(crate) goodput: Vec<f64>,
    pub(crate) refused: Vec<f64>,
    pub(crate) p99_ms: Vec<Option<f64>>,
    /// Latencies of the successes, until the p99 is known.
    latencies: Vec<Vec<Duration>>,
}

impl Series {
    pub(crate) fn new(length: Duration) -> Self {
        Self {
            slice: length / SLICES as u32,
            offered: vec![0.0; SLICES],
            goodput: vec![0.0; SLICES],
            refused: vec![0.0; SLICES],
            p99_ms: Vec::new(),
            latencies: vec![Vec::new(); SLICES],
        }
    }

    pub(crate) fn offer(&mut self, arrival: &Arrival) {
        let (slice, weight) = (self.index(arrival.at), self.weight());
        if let Some(offered) = self.offered.get_mut(slice) {
            *offered += weight;
        }
    }

    pub(crate) fn record(&mut self, sample: &Sample) {
        let weight = self.weight();
        // What is answered after the end of the load is on no chart.
        let ended = self.index(sample.arrival.at + sample.latency);
        if ended >= SLICES {
            return;
        }
        match sample.ending {
            ending if ending.is_success() => {
                self.goodput[ended] += weight;
                self.latencies[ended].push(sample.latency);
            }
            Ending::Answered(status) if is_refusal(status) => self.refused[ended] += weight,
            Ending::Answered(_) | Ending::TimedOut | Ending::Failed => {}
        }
    }

    /// Cuts off what did not happen, including a slice that was only begun.
    pub(crate) fn finish(mut self, lasted: Duration) -> Self {
        let whole = self.index(lasted).min(SLICES);
        for rates in [&mut self.offered, &mut self.goodput, &mut self.refused] {
            rates.truncate(whole);
        }
        let latencies = std::mem::take(&mut self.latencies);
        self.p99_ms = latencies.into_iter().take(whole).map(p99_ms).collect();
        self
    }

    /// A series that nobody measured.
    #[cfg(test)]
    pub(crate) fn fixed(
        slice: Duration,
        offered: Vec<f64>,
        goodput: Vec<f64>,
        refused: Vec<f64>,
        p99_ms: Vec<Option<f64>>,
    ) -> Self {
        Self {
            slice,
            offered,
            goodput,
            refused,
            p99_ms,
            latencies: Vec::new(),
        }
    }

    /// What one request adds to the rate of its slice.
    fn weight(&self) -> f64 {
        1.0 / self.slice.as_secs_f64()
    }

    fn index(&self, at: Duration) -> usize {
        (at.as_nanos() / self.slice.as_nanos()) as usize
    }
}

fn p99_ms(mut latencies: Vec<Duration>) -> Option<f64> {
    latencies.sort_unstable();
    let rank = (latencies.len() * 99).div_ceil(100);
    let latency = latencies.get(rank.checked_sub(1)?)?;
    Some(latency.as_secs_f64() * 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One slice is a tenth of a second.
    const LENGTH: Duration = Duration::from_secs(6);
    const MS: Duration = Duration::from_millis(1);

    fn series(samples: &[(u32, Ending, u32)], lasted: Duration) -> Series {
        let mut series = Series::new(LENGTH);
        for &(at, ending, latency) in samples {
            let arrival = Arrival {
                at: at * MS,
                phase: 0,
                priority: 0,
            };
            series.offer(&arrival);
            series.record(&Sample {
                arrival,
                ending,
                latency: latency * MS,
                lag: Duration::ZERO,
            });
        }
        series.finish(lasted)
    }

    #[test]
    fn arrivals_count_when_meant_and_answers_when_they_come() {
        let series = series(
            &[
                (0, Ending::Answered(200), 250),
                (0, Ending::Answered(429), 100),
            ],
            LENGTH,
        );
        assert_eq!(series.offered[..3], [20.0, 0.0, 0.0]);
        assert_eq!(series.goodput[..3], [0.0, 0.0, 10.0]);
        assert_eq!(series.refused[..3], [0.0, 10.0, 0.0]);
        assert_eq!(series.p99_ms[..3], [None, None, Some(250.0)]);
    }

    #[test]
    fn answers_after_the_end_are_left_out() {
        let series = series(&[(5_950, Ending::Answered(200), 100)], LENGTH);
        assert_eq!(series.offered[59], 10.0);
        assert_eq!(series.goodput, vec![0.0; SLICES]);
    }

    #[test]
    fn an_interrupted_run_ends_with_its_last_whole_slice() {
        let series = series(&[(0, Ending::Answered(200), 10)], 250 * MS);
        assert_eq!((series.offered.len(), series.p99_ms.len()), (2, 2));
    }

    #[test]
    fn p99_is_the_smallest_latency_that_99_of_100_do_not_exceed() {
        let latencies = |count: u32| (1..=count).map(|millis| millis * MS).collect::<Vec<_>>();
        assert_eq!(p99_ms(latencies(100)), Some(99.0));
        assert_eq!(p99_ms(latencies(1)), Some(1.0));
        assert_eq!(p99_ms(Vec::new()), None);
    }
}
