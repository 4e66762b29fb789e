//! The counting, while a run is under way, and the sums at its end.

use std::{collections::BTreeMap, time::Duration};

use hdrhistogram::Histogram;

use super::{
    client::{Ending, is_refusal},
    load::{DEADLINE, Sample},
    report::{FirstSecond, PhaseReport, PriorityReport, RunReport},
    schedule::{Arrival, MIX, PhaseName, Plan},
    series::Series,
};

const FIRST_SECOND: Duration = Duration::from_secs(1);

/// A run, while it is counted.
#[derive(Debug)]
pub(crate) struct Tally {
    name: &'static str,
    plan: Plan,
    phases: Vec<Count>,
    series: Series,
}

#[derive(Debug)]
struct Count {
    latency_us: Histogram<u64>,
    refusal_us: Histogram<u64>,
    lag_us: Histogram<u64>,
    statuses: BTreeMap<u16, u64>,
    timeouts: u64,
    errors: u64,
    /// Offered and succeeded.
    priorities: BTreeMap<u8, (u64, u64)>,
    first_second: FirstSecond,
}

impl Tally {
    pub(crate) fn new(name: &'static str, plan: &Plan) -> Self {
        Self {
            name,
            plan: plan.clone(),
            phases: plan.phases.iter().map(|_| Count::new()).collect(),
            series: Series::new(plan.length()),
        }
    }

    /// A request leaves: from here on it was offered, whatever becomes of it.
    pub(crate) fn offer(&mut self, arrival: &Arrival) {
        let offset = arrival.at - self.plan.phases[arrival.phase].start;
        self.phases[arrival.phase].offer(arrival, offset);
        self.series.offer(arrival);
    }

    /// A request that was offered has ended.
    pub(crate) fn record(&mut self, sample: &Sample) {
        let offset = sample.arrival.at - self.plan.phases[sample.arrival.phase].start;
        self.phases[sample.arrival.phase].record(sample, offset);
        self.series.record(sample);
    }

    /// Closes the books on a run that lasted `lasted`, perhaps less than planned.
    pub(crate) fn finish(self, lasted: Duration) -> RunReport {
        let phases = self
            .plan
            .phases
            .iter()
            .zip(self.phases)
            .filter(|(phase, _)| lasted > phase.start)
            .map(|(phase, count)| {
                count.finish(
                    phase.name,
                    phase.factor,
                    phase.length.min(lasted - phase.start),
                )
            })
            .collect();
        RunReport {
            name: self.name,
            phases,
            series: self.series.finish(lasted),
        }
    }
}

impl Count {
    fn new() -> Self {
        Self {
            latency_us: histogram(),
            refusal_us: histogram(),
            lag_us: histogram(),
            statuses: BTreeMap::new(),
            timeouts: 0,
            errors: 0,
            priorities: MIX
                .iter()
                .map(|(priority, _)| (*priority, (0, 0)))
                .collect(),
            first_second: FirstSecond::default(),
        }
    }

    fn offer(&mut self, arrival: &Arrival, offset: Duration) {
        self.priorities.entry(arrival.priority).or_default().0 += 1;
        self.first_second.offered += u64::from(offset < FIRST_SECOND);
    }

    fn record(&mut self, sample: &Sample, offset: Duration) {
        let success = sample.ending.is_success();
        if success {
            self.priorities
                .entry(sample.arrival.priority)
                .or_default()
                .1 += 1;
            self.first_second.succeeded += u64::from(offset < FIRST_SECOND);
        }
        self.lag_us.saturating_record(micros(sample.lag));
        match sample.ending {
            Ending::Answered(status) => {
                *self.statuses.entry(status).or_default() += 1;
                if success {
                    self.latency_us.saturating_record(micros(sample.latency));
                } else if is_refusal(status) {
                    self.refusal_us.saturating_record(micros(sample.latency));
                }
            }
            Ending::TimedOut => self.timeouts += 1,
            Ending::Failed => self.errors += 1,
        }
    }

    fn finish(self, name: PhaseName, factor: f64, length: Duration) -> PhaseReport {
        let priorities: Vec<_> = self
            .priorities
            .into_iter()
            .map(|(priority, (offered, succeeded))| PriorityReport {
                priority,
                offered,
                succeeded,
            })
            .collect();
        let seconds = length.as_secs_f64();
        let per_second = |count: u64| count as f64 / seconds;
        PhaseReport {
            name,
            factor,
            seconds,
            offered_rps: per_second(priorities.iter().map(|priority| priority.offered).sum()),
            goodput_rps: per_second(priorities.iter().map(|priority| priority.succeeded).sum()),
            p50_ms: quantile(&self.latency_us, 0.5),
            p99_ms: quantile(&self.latency_us, 0.99),
            refusal_p50_ms: quantile(&self.refusal_us, 0.5),
            statuses: self.statuses,
            timeouts: self.timeouts,
            errors: self.errors,
            priorities,
            first_second: self.first_second,
            lag_p99_ms: quantile(&self.lag_us, 0.99),
        }
    }
}

fn histogram() -> Histogram<u64> {
    // Nothing takes longer than the deadline; twice as much leaves room for a generator that lags.
    Histogram::new_with_bounds(1, 2 * micros(DEADLINE), 3).expect("these bounds are in order")
}

fn quantile(histogram: &Histogram<u64>, quantile: f64) -> Option<f64> {
    (!histogram.is_empty()).then(|| histogram.value_at_quantile(quantile) as f64 / 1_000.0)
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn plan() -> Plan {
        Plan::new(100.0, 5.0, 4_000 * MS, 1)
    }

    fn sample(at: u32, priority: u8, ending: Ending, latency: u32) -> Sample {
        let at = at * MS;
        let phase = plan()
            .phases
            .iter()
            .rposition(|phase| phase.start <= at)
            .unwrap();
        Sample {
            arrival: Arrival {
                at,
                phase,
                priority,
            },
            ending,
            latency: latency * MS,
            lag: MS,
        }
    }

    fn report(samples: &[Sample], lasted: Duration) -> RunReport {
        let mut tally = Tally::new("bare", &plan());
        for sample in samples {
            tally.offer(&sample.arrival);
            tally.record(sample);
        }
        tally.finish(lasted)
    }

    #[test]
    fn a_request_belongs_to_the_phase_of_its_intended_start() {
        let late = sample(3_999, 0, Ending::Answered(200), 900);
        let report = report(&[late], plan().length());
        assert_eq!(report.phases[0].offered(), 1);
        assert_eq!(report.phases[1].offered(), 0);
    }

    #[test]
    fn goodput_is_successes_per_second_and_latency_is_theirs_alone() {
        let samples = [
            sample(0, 0, Ending::Answered(200), 10),
            sample(1, 3, Ending::Answered(200), 30),
            sample(2, 6, Ending::Answered(503), 1),
            sample(3, 6, Ending::Answered(500), 500),
            sample(4, 6, Ending::TimedOut, 1_000),
            sample(5, 6, Ending::Failed, 700),
        ];
        let report = report(&samples, plan().length());
        let calm = report.phase(PhaseName::Calm).unwrap();
        assert_eq!((calm.offered_rps, calm.goodput_rps), (1.5, 0.5));
        assert_eq!((calm.timeouts, calm.errors, calm.refused()), (1, 1, 1));
        assert_eq!(
            calm.statuses,
            BTreeMap::from([(200, 2), (500, 1), (503, 1)])
        );
        // Within the three digits that the histogram keeps.
        assert!((calm.p50_ms.unwrap() - 10.0).abs() < 0.01);
        assert!((calm.p99_ms.unwrap() - 30.0).abs() < 0.03);
        assert!((calm.refusal_p50_ms.unwrap() - 1.0).abs() < 0.001);
        let success: Vec<_> = calm
            .priorities
            .iter()
            .map(PriorityReport::success)
            .collect();
        assert_eq!(success, [Some(1.0), Some(1.0), Some(0.0)]);
    }

    #[test]
    fn without_samples_there_are_no_quantiles() {
        let report = report(&[], plan().length());
        let flood = report.phase(PhaseName::Flood).unwrap();
        assert_eq!(
            (flood.p50_ms, flood.p99_ms, flood.refusal_p50_ms),
            (None, None, None)
        );
        assert_eq!(flood.priorities[0].success(), None);
        assert_eq!(flood.goodput_rps, 0.0);
    }

    #[test]
    fn the_first_second_counts_by_intended_start() {
        let samples = [
            sample(8_000, 0, Ending::Answered(200), 999),
            sample(8_999, 0, Ending::TimedOut, 1_000),
            sample(9_000, 0, Ending::Answered(200), 10),
        ];
        let report = report(&samples, plan().length());
        let first = report.phase(PhaseName::Recovery).unwrap().first_second;
        assert_eq!((first.offered, first.succeeded), (2, 1));
    }

    #[test]
    fn who_was_still_waiting_at_the_end_was_offered_all_the_same() {
        let mut tally = Tally::new("bare", &plan());
        tally.offer(&sample(10, 0, Ending::TimedOut, 1_000).arrival);
        let report = tally.finish(500 * MS);
        let calm = &report.phases[0];
        assert_eq!((calm.offered(), calm.timeouts), (1, 0));
        assert_eq!(calm.first_second.offered, 1);
    }

    #[test]
    fn an_interrupted_run_reports_the_time_it_had() {
        let samples = [
            sample(100, 0, Ending::Answered(200), 10),
            sample(4_100, 0, Ending::Answered(200), 10),
        ];
        let report = report(&samples, 4_500 * MS);
        assert_eq!(report.phases.len(), 2);
        assert_eq!(report.phases[1].seconds, 0.5);
        assert_eq!(report.phases[1].goodput_rps, 2.0);
    }
}
