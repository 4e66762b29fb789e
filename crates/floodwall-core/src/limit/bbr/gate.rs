use std::time::Duration;

use super::builder::Flavour;
use crate::Moment;

/// Whether the machine is busy enough for the limit to count.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    flavour: Flavour,
    threshold: u32,
    cpu: u32,
    /// The last moment at which it was hot.
    hot_at: Option<Moment>,
    /// Since when somebody was refused, by kratos' count; whether, by go-zero's.
    refused_at: Option<Moment>,
}

const COOL_OFF: Duration = Duration::from_secs(1);

impl Gate {
    pub(super) fn new(flavour: Flavour, threshold: u32) -> Self {
        Self {
            flavour,
            threshold,
            cpu: 0,
            hot_at: None,
            refused_at: None,
        }
    }

    pub(super) fn cpu(&mut self, permille: u32) {
        self.cpu = permille;
    }

    fn hot(&self) -> bool {
        match self.flavour {
            Flavour::Sentinel => self.cpu > self.threshold,
            Flavour::Kratos | Flavour::GoZero => self.cpu >= self.threshold,
        }
    }

    pub(super) fn is_open(&mut self, now: Moment) -> bool {
        if self.hot() {
            self.hot_at = Some(now);
            return true;
        }
        let since = match self.flavour {
            Flavour::Sentinel => None,
            Flavour::Kratos => self.refused_at,
            Flavour::GoZero => self.refused_at.and(self.hot_at),
        };
        let cooling = since.is_some_and(|since| match self.flavour {
            Flavour::GoZero => now.since(since) < COOL_OFF,
            Flavour::Kratos | Flavour::Sentinel => now.since(since) <= COOL_OFF,
        });
        if !cooling {
            self.refused_at = None;
        }
        cooling
    }

    /// Somebody was refused while it was open.
    pub(super) fn refused(&mut self, now: Moment) {
        // The first counts, and no other until it is over. Sentinel does not ask.
        self.refused_at = self.refused_at.or(Some(now));
    }

    /// What is left of the limit, from 0.1 to 1.
    pub(super) fn factor(&self) -> f64 {
        match self.flavour {
            Flavour::Sentinel | Flavour::Kratos => 1.0,
            Flavour::GoZero => {
                let idle = 1_000.0 - f64::from(self.cpu);
                let allowed = 1_000.0 - f64::from(self.threshold);
                (idle / allowed).clamp(0.1, 1.0)
            }
        }
    }
}
