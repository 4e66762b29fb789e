const BANDS: usize = 12;
/// So many samples are told from few.
const ENOUGH: f64 = 50.0;
/// So many tell at least something.
const FEW: f64 = 16.0;
/// From so many on older samples weigh less.
const MOST: f64 = 400.0;

/// Mean service times by how many were inside: how long a request takes where nobody is in its way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Profile {
    /// By the binary logarithm of how many were inside.
    bands: [Band; BANDS],
}

#[derive(Clone, Copy, Debug, Default)]
struct Band {
    count: f64,
    sum: f64,
}

impl Profile {
    pub(super) fn add(&mut self, in_flight: u32, service: f64) {
        let band = (in_flight.max(1).ilog2() as usize).min(BANDS - 1);
        let Band { count, sum } = &mut self.bands[band];
        if *count >= MOST {
            *count /= 2.0;
            *sum /= 2.0;
        }
        *count += 1.0;
        *sum += service;
    }

    /// The service time at ease, in seconds, if enough has been seen to tell.
    pub(super) fn at_ease(&self) -> Option<f64> {
        self.at_ease_from(ENOUGH)
    }

    /// The same, from as few samples as `enough`.
    ///
    /// The least mean over all that were inside with so many or fewer: sums over several bands lie
    /// less by chance than the least of single ones.
    pub(super) fn at_ease_from(&self, enough: f64) -> Option<f64> {
        let (mut count, mut sum) = (0.0, 0.0);
        let mut least: Option<f64> = None;
        for band in &self.bands {
            count += band.count;
            sum += band.sum;
            if count >= enough && band.count > 0.0 {
                let mean = sum / count;
                least = Some(least.map_or(mean, |least| least.min(mean)));
            }
        }
        least
    }

    /// Whether `service` is about as long as it was with half of `limit` inside and fewer; `None` if
    /// too few of those were seen.
    pub(super) fn is_easy(&self, limit: f64, service: f64, tolerance: f64) -> Option<bool> {
        if limit < 2.0 {
            return Some(true);
        }
        let half = ((limit / 2.0) as u32).max(1).ilog2() as usize;
        let fewer = &self.bands[..=half.min(BANDS - 1)];
        let count: f64 = fewer.iter().map(|band| band.count).sum();
        let sum: f64 = fewer.iter().map(|band| band.sum).sum();
        (count >= FEW).then(|| service < tolerance * sum / count)
    }

    /// Forgets all, and takes `service` for the time at ease.
    pub(super) fn correct(&mut self, service: f64) {
        *self = Self::default();
        self.bands[0] = Band {
            count: ENOUGH,
            sum: service * ENOUGH,
        };
    }
}
