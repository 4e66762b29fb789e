use hdrhistogram::Histogram;
use serde::Serialize;

/// A distribution of times in seconds; `None` where there is nothing to tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Quantiles {
    /// How many there are.
    pub count: u64,
    /// Their exact mean.
    pub mean: Option<f64>,
    /// The median. Quantiles have three digits.
    pub p50: Option<f64>,
    /// The 90th percentile.
    pub p90: Option<f64>,
    /// The 99th percentile.
    pub p99: Option<f64>,
    /// The 99.9th percentile.
    pub p999: Option<f64>,
    /// The greatest.
    pub max: Option<f64>,
}

/// Collects times in nanoseconds, in memory that does not grow with their number.
#[derive(Clone, Debug)]
pub(crate) struct Times {
    /// In microseconds.
    histogram: Histogram<u64>,
    sum: u128,
    max: u64,
}

impl Times {
    pub(crate) fn new() -> Self {
        Self {
            histogram: Histogram::new(3).expect("three digits can be kept"),
            sum: 0,
            max: 0,
        }
    }

    pub(crate) fn record(&mut self, nanos: u64) {
        // It grows as it needs to; what is too long for 64 bits does not exist.
        let _ = self.histogram.record((nanos + 500) / 1_000);
        self.sum += u128::from(nanos);
        self.max = self.max.max(nanos);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        // Both may grow, so it cannot fail for want of room.
        let _ = self.histogram.add(&other.histogram);
        self.sum += other.sum;
        self.max = self.max.max(other.max);
    }

    pub(crate) fn clear(&mut self) {
        self.histogram.reset();
        (self.sum, self.max) = (0, 0);
    }

    pub(crate) fn quantiles(&self) -> Quantiles {
        let count = self.histogram.len();
        if count == 0 {
            return Quantiles::default();
        }
        // The histogram tells the upper end of a bucket, which may lie above all that is in it.
        let max = self.max as f64 / 1e9;
        let at = |quantile| {
            let upper = self.histogram.value_at_quantile(quantile) as f64 / 1e6;
            Some(upper.min(max))
        };
        Quantiles {
            count,
            mean: Some(self.sum as f64 / count as f64 / 1e9),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: Some(max),
        }
    }
}
