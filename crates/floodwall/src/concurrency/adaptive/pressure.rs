use std::time::Duration;

use floodwall_core::Moment;

/// How many of those who come are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strain {
    /// There are gaps between bursts, and a queue bridges them.
    Calm,
    /// There is always somebody who waits.
    Pressure,
    /// About half are refused, or more: all that waiting adds is delay, for the most urgent, too.
    Flood,
}

/// Judges the strain, now and then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pressure {
    strain: Strain,
    served: u32,
    refused: u64,
    since: Moment,
}

impl Pressure {
    /// At its capacity, a service refuses a few hundredths of a Poisson stream.
    const PRESSURE: (f64, f64) = (0.2, 0.1);
    const FLOOD: (f64, f64) = (0.45, 0.35);
    /// After so many decisions it is judged.
    const ENOUGH: u64 = 256;
    /// Or after fewer, where few come.
    const FEW: u64 = 32;
    const LONG: Duration = Duration::from_secs(1);

    pub(super) const NONE: Self = Self {
        strain: Strain::Calm,
        served: 0,
        refused: 0,
        since: Moment::ZERO,
    };

    pub(super) const fn strain(&self) -> Strain {
        self.strain
    }

    /// One has left, until when so many were refused in all.
    pub(super) fn sees(&mut self, now: Moment, refused: u64) {
        self.served = self.served.saturating_add(1);
        let refusals = refused.saturating_sub(self.refused);
        let decided = refusals.saturating_add(u64::from(self.served));
        let is_due =
            decided >= Self::ENOUGH || decided >= Self::FEW && now.since(self.since) >= Self::LONG;
        if !is_due {
            return;
        }
        let share = refusals as f64 / decided as f64;
        // It begins with more than it ends with, so that it does not flap.
        let is =
            |strain, (begins, ends)| share >= if self.strain >= strain { ends } else { begins };
        self.strain = if is(Strain::Flood, Self::FLOOD) {
            Strain::Flood
        } else if is(Strain::Pressure, Self::PRESSURE) {
            Strain::Pressure
        } else {
            Strain::Calm
        };
        (self.served, self.refused, self.since) = (0, refused, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many of a hundred are refused, for a thousand.
    fn after(mut pressure: Pressure, of_hundred: u64) -> Pressure {
        pressure.served = 0;
        let mut refused = pressure.refused;
        for i in 0..1_000 {
            if i * of_hundred % 100 < of_hundred {
                refused += 1;
            } else {
                pressure.sees(Moment::ZERO, refused);
            }
        }
        pressure
    }

    #[test]
    fn it_ends_with_fewer_than_it_begins_with() {
        let calm = after(Pressure::NONE, 15);
        assert_eq!(calm.strain(), Strain::Calm);
        let high = after(calm, 25);
        assert_eq!(high.strain(), Strain::Pressure);
        assert_eq!(after(high, 15).strain(), Strain::Pressure);
        assert_eq!(after(high, 5).strain(), Strain::Calm);
        let third = after(calm, 40);
        assert_eq!(third.strain(), Strain::Pressure);
        let flood = after(calm, 50);
        assert_eq!(flood.strain(), Strain::Flood);
        assert_eq!(after(flood, 40).strain(), Strain::Flood);
        assert_eq!(after(flood, 30).strain(), Strain::Pressure);
        assert_eq!(after(flood, 5).strain(), Strain::Calm);
    }

    #[test]
    fn a_few_refusals_say_nothing() {
        let mut pressure = Pressure::NONE;
        pressure.sees(Moment::ZERO, 31);
        assert_eq!(pressure.strain(), Strain::Calm);
        pressure.sees(Moment::ZERO + Duration::from_secs(1), 31);
        assert_eq!(pressure.strain(), Strain::Flood, "until time has passed");
    }
}
