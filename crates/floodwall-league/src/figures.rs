use floodwall_sim::Report;
use serde::{Deserialize, Serialize};

/// What is kept of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// How long a step is, in seconds.
    pub(crate) step: f64,
    /// By step: requests, answers in time, refused attempts, the mean of the limit.
    pub(crate) offered: Vec<u64>,
    pub(crate) good: Vec<u64>,
    pub(crate) refused: Vec<u64>,
    pub(crate) limit: Vec<Option<f64>>,
    /// The success of the most urgent class.
    pub(crate) top: Option<f64>,
    pub(crate) false_refusals: Option<u64>,
    /// By phase: how long until 95 % of what could be done was done, and the p99.
    pub(crate) recovery: Vec<Option<f64>>,
    pub(crate) p99: Vec<Option<f64>>,
}

impl Figures {
    pub(crate) fn of(report: &Report) -> Self {
        let course = &report.course;
        let tenth = |value: f64| (value * 10.0).round() / 10.0;
        let limit = course.limit.iter().map(|limit| limit.map(tenth));
        let top = report.total.classes.first();
        Self {
            step: course.step,
            offered: course.offered.clone(),
            good: course.good.clone(),
            refused: course.refused.clone(),
            limit: limit.collect(),
            top: top.and_then(floodwall_sim::Group::success),
            false_refusals: report.total.false_refusals,
            recovery: report.phases.iter().map(|phase| phase.recovery).collect(),
            p99: report
                .phases
                .iter()
                .map(|phase| phase.all.latency.p99)
                .collect(),
        }
    }

    /// The steps that lie between two moments, in seconds.
    pub(crate) fn steps(&self, from: f64, to: f64) -> std::ops::Range<usize> {
        let all = self.good.len();
        let first = (from / self.step).ceil() as usize;
        // The last step of a run may be a part of one.
        let last = if to > self.step * all.saturating_sub(1) as f64 {
            all
        } else {
            (to / self.step).floor() as usize
        };
        first.min(last)..last
    }

    /// How many answers in time there were between two moments.
    pub(crate) fn good(&self, from: f64, to: f64) -> u64 {
        self.good[self.steps(from, to)].iter().sum()
    }

    /// The mean of the limit between two moments; `None` if there was none.
    pub(crate) fn limit(&self, from: f64, to: f64) -> Option<f64> {
        let known: Vec<f64> = self.limit[self.steps(from, to)]
            .iter()
            .flatten()
            .copied()
            .collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_run_has_the_steps_that_lie_in_it() {
        let figures = Figures {
            step: 5.0,
            good: vec![1, 2, 4, 8, 16],
            limit: vec![Some(2.0), None, Some(4.0), Some(6.0), Some(8.0)],
            ..Figures::default()
        };
        assert_eq!(figures.good(0.0, 25.0), 31);
        assert_eq!(figures.good(10.0, 20.0), 12);
        assert_eq!(figures.good(10.0, 15.0), 4);
        assert_eq!(figures.good(10.0, 23.0), 28, "the last step may be a part");
        assert_eq!(figures.limit(10.0, f64::INFINITY), Some(6.0));
        assert_eq!(figures.limit(5.0, 10.0), None);
        assert_eq!(figures.good(100.0, 200.0), 0);
    }
}
