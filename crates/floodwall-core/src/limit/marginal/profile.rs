const BANDS: usize = 12;
/// So many samples are told from few.
const ENOUGH: f64 = 50.0;
/// Older samples weigh less from so many on.
const MOST: f64 = 400.0;

/// Mean service times by how many were inside: what a request takes where nobody is in its way.
#[derive(Clone, Debug, Default)]
pub(super) struct Profile {
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

    /// The service time at ease, in seconds, as far as it has been seen.
    pub(super) fn at_ease(&self) -> Option<f64> {
        self.at_ease_from(ENOUGH)
    }

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

    /// Forgets all, and takes `service` for the time at ease.
    pub(super) fn correct(&mut self, service: f64) {
        *self = Self::default();
        self.bands[0] = Band {
            count: ENOUGH,
            sum: service * ENOUGH,
        };
    }
}
