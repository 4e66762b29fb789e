use floodwall::Priority;

use super::pace::TENTH;
use super::quantiles::Times;
use super::series::{ClassSeries, Series};
use crate::engine::Gauge;

/// At most so many steps, however long the run.
const MOST: u64 = 600;

/// Collects the series.
#[derive(Debug)]
pub(crate) struct Steps {
    /// In tenths of a second.
    length: u64,
    /// Of the step of now.
    tenths: u64,
    /// Of the run that are still to end.
    left: u64,
    now: Step,
    series: Series,
    classes: Vec<Priority>,
}

#[derive(Debug)]
struct Step {
    offered: u64,
    attempts: u64,
    good: u64,
    refused: u64,
    wasted: u64,
    by_class: [u64; Priority::COUNT],
    latency: Times,
}

/// What is looked at when a step ends.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Look {
    pub(crate) gauges: [Option<f64>; Gauge::COUNT],
    pub(crate) busy: Option<f64>,
    pub(crate) line: Option<f64>,
}

impl Steps {
    pub(crate) fn new(length: u64, classes: impl IntoIterator<Item = Priority>) -> Self {
        let mut classes: Vec<_> = classes.into_iter().collect();
        classes.sort_unstable();
        classes.dedup();
        let series = Series {
            classes: classes
                .iter()
                .map(|class| ClassSeries {
                    class: class.get(),
                    goodput: Vec::new(),
                })
                .collect(),
            ..Series::default()
        };
        let tenths = length.div_ceil(TENTH);
        Self {
            length: tenths.div_ceil(MOST).max(1),
            tenths: 0,
            left: tenths,
            now: Step::new(),
            series,
            classes,
        }
    }

    pub(crate) fn offered(&mut self) {
        self.now.offered += 1;
    }

    pub(crate) fn attempt(&mut self) {
        self.now.attempts += 1;
    }

    pub(crate) fn refused(&mut self) {
        self.now.refused += 1;
    }

    pub(crate) fn wasted(&mut self) {
        self.now.wasted += 1;
    }

    pub(crate) fn good(&mut self, class: Priority, latency: u64) {
        self.now.good += 1;
        self.now.by_class[class.index()] += 1;
        self.now.latency.record(latency);
    }

    /// Whether the next tenth ends a step: then somebody has to look.
    pub(crate) const fn ends(&self) -> bool {
        self.tenths + 1 == self.length || self.left <= 1
    }

    pub(crate) fn tenth(&mut self, look: impl FnOnce() -> Look, capacity: Option<f64>) {
        let ends = self.ends();
        self.tenths += 1;
        self.left = self.left.saturating_sub(1);
        if !ends {
            return;
        }
        let Look { gauges, busy, line } = look();
        let (series, step) = (&mut self.series, &mut self.now);
        // The last step of a run may have fewer than the others.
        let per_second = |count: u64| count as f64 * 10.0 / self.tenths as f64;
        series.offered.push(per_second(step.offered));
        series.attempts.push(per_second(step.attempts));
        series.goodput.push(per_second(step.good));
        series.refused.push(per_second(step.refused));
        series.wasted.push(per_second(step.wasted));
        series.capacity.push(capacity);
        series.p99.push(step.latency.quantiles().p99);
        for (class, series) in self.classes.iter().zip(&mut series.classes) {
            series
                .goodput
                .push(per_second(step.by_class[class.index()]));
        }
        series.limit.push(gauges[Gauge::Limit as usize]);
        series.in_flight.push(gauges[Gauge::InFlight as usize]);
        series.queue.push(gauges[Gauge::Queue as usize]);
        series.cut_off.push(gauges[Gauge::CutOff as usize]);
        series.pressure.push(gauges[Gauge::Pressure as usize]);
        series.busy.push(busy);
        series.line.push(line);
        step.clear();
        self.tenths = 0;
    }

    pub(crate) fn finish(self) -> Series {
        Series {
            step: self.length as f64 / 10.0,
            ..self.series
        }
    }
}

impl Step {
    fn new() -> Self {
        Self {
            offered: 0,
            attempts: 0,
            good: 0,
            refused: 0,
            wasted: 0,
            by_class: [0; Priority::COUNT],
            latency: Times::new(),
        }
    }

    /// Keeps the histogram's memory.
    fn clear(&mut self) {
        let Self {
            offered,
            attempts,
            good,
            refused,
            wasted,
            by_class,
            latency,
        } = self;
        (*offered, *attempts, *good, *refused, *wasted) = (0, 0, 0, 0, 0);
        *by_class = [0; Priority::COUNT];
        latency.clear();
    }
}
