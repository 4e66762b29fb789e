use std::time::Duration;

use super::Reservoir;
use crate::moment::nanos;

/// Which service time a [`SampleWindow`] stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Tracked {
    /// The mean of all.
    Average,
    /// The one that a share of all does not exceed, from 0 to 1.
    Percentile(f64),
}

/// The samples of a while as one.
///
/// Source: `AverageSampleWindowFactory` and `PercentileSampleWindowFactory` of Netflix
/// concurrency-limits. Theirs has room for a percentile of as many samples as were announced; here
/// 1,024 stand for any number, see [`Reservoir`].
///
/// ```
/// use floodwall_core::limit::window::{SampleWindow, Tracked};
/// use std::time::Duration;
///
/// let mut window = SampleWindow::new(Tracked::Percentile(0.5), 1);
/// for millis in [5_000, 500, 10] {
///     window.add(Duration::from_millis(millis), 3, false);
/// }
/// assert_eq!(window.service(), Duration::from_millis(500));
/// ```
#[derive(Clone, Debug)]
pub struct SampleWindow {
    tracked: Tracked,
    times: Reservoir,
    count: u64,
    sum: u128,
    fastest: Option<Duration>,
    most_in_flight: u32,
    dropped: bool,
}

const KEPT: usize = 1_024;

impl SampleWindow {
    /// An empty one. `seed` decides which samples stand for a percentile of more than 1,024.
    pub fn new(tracked: Tracked, seed: u64) -> Self {
        let kept = match tracked {
            Tracked::Average => 1,
            Tracked::Percentile(_) => KEPT,
        };
        Self {
            tracked,
            times: Reservoir::new(kept, seed),
            count: 0,
            sum: 0,
            fastest: None,
            most_in_flight: 0,
            dropped: false,
        }
    }

    /// Takes in one that needed `service`.
    pub fn add(&mut self, service: Duration, in_flight: u32, dropped: bool) {
        let time = nanos(service);
        self.count = self.count.saturating_add(1);
        self.sum = self.sum.saturating_add(u128::from(time));
        self.fastest = Some(self.fastest.map_or(service, |fastest| fastest.min(service)));
        self.most_in_flight = self.most_in_flight.max(in_flight);
        self.dropped |= dropped;
        if matches!(self.tracked, Tracked::Percentile(_)) {
            self.times.add(time);
        }
    }

    /// The service time it stands for: zero if there were none.
    pub fn service(&mut self) -> Duration {
        let time = match self.tracked {
            Tracked::Average => self.sum.checked_div(u128::from(self.count)).unwrap_or(0),
            Tracked::Percentile(share) => {
                u128::from(self.times.rounded_quantile(share).unwrap_or(0))
            }
        };
        Duration::from_nanos(u64::try_from(time).unwrap_or(u64::MAX))
    }

    /// The shortest service time, if there was one.
    pub fn fastest(&self) -> Option<Duration> {
        self.fastest
    }

    /// How many samples there were.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The most that were inside at once.
    pub fn most_in_flight(&self) -> u32 {
        self.most_in_flight
    }

    /// Whether one of them was dropped.
    pub fn dropped(&self) -> bool {
        self.dropped
    }

    /// Begins anew, and keeps its memory.
    pub fn clear(&mut self) {
        self.times.clear();
        self.count = 0;
        self.sum = 0;
        self.fastest = None;
        self.most_in_flight = 0;
        self.dropped = false;
    }
}
