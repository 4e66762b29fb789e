use crate::chance::{Stream, nanos};
use crate::scenario::{Client, ClientLoad, Scenario, Shape};

const SECOND: f64 = 1e9;

/// How many requests per second one source sends, over time: a piece for each phase.
#[derive(Clone, Debug)]
pub(super) struct Rates {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
struct Piece {
    start: u64,
    end: u64,
    /// Per second.
    base: f64,
    /// `base` and the shape in the same unit; ramps are told in what the phase is told in.
    shape: Option<Shape>,
    /// What `shape` must be multiplied by to be per second, for a ramp.
    unit: f64,
}

impl Rates {
    /// What `client` sends; an open loop only.
    pub(super) fn of(scenario: &Scenario, client: &Client) -> Self {
        let capacity = scenario.best_capacity().unwrap_or(0.0);
        let mut start = 0;
        let pieces = scenario.phases.iter().map(|phase| {
            let begin = start;
            start += nanos(phase.lasts);
            // As the phase says it, in requests per second.
            let (said, unit) = match (phase.load, phase.rate) {
                (Some(load), _) => (load * capacity, capacity),
                (None, rate) => (rate.unwrap_or(0.0), 1.0),
            };
            let (base, shape, unit) = match (&client.load, client.share) {
                (Some(ClientLoad::Always(load)), _) => (load * capacity, None, 0.0),
                (Some(ClientLoad::ByPhase(loads)), _) => {
                    let load = loads.get(&phase.name).copied().unwrap_or(0.0);
                    (load * capacity, None, 0.0)
                }
                (None, Some(share)) => (said * share, phase.shape, unit * share),
                (None, None) => (0.0, None, 0.0),
            };
            Piece {
                start: begin,
                end: start,
                base,
                shape,
                unit,
            }
        });
        Self {
            pieces: pieces.collect(),
        }
    }

    /// The next arrival of a Poisson process after `from`, by thinning (Lewis and Shedler 1979).
    pub(super) fn poisson(&self, from: u64, chance: &mut Stream) -> Option<u64> {
        let mut at = from as f64;
        let mut index = self.piece_at(from)?;
        loop {
            let piece = self.pieces.get(index)?;
            let most = piece.most();
            if most > 0.0 {
                at += chance.exponential() / most * SECOND;
            }
            if most <= 0.0 || at >= piece.end as f64 {
                // Without memory: the rest of the gap is drawn anew with the next phase's rate.
                at = piece.end as f64;
                index += 1;
                continue;
            }
            if piece.shape.is_none() || chance.unit() * most < piece.rate(at) {
                return Some(crate::chance::round(at).max(from));
            }
        }
    }

    /// When `count` more are due after `from` if they come evenly.
    pub(super) fn even(&self, from: u64, count: f64) -> Option<u64> {
        // Steps as short as this follow every shape closely enough.
        const STEP: f64 = 1e6;
        let mut at = from as f64;
        let mut left = count;
        let mut index = self.piece_at(from)?;
        loop {
            let piece = self.pieces.get(index)?;
            let end = piece.end as f64;
            let step = if piece.shape.is_some() {
                STEP.min(end - at)
            } else {
                end - at
            };
            let rate = piece.rate(at + 0.5 * step) / SECOND;
            if rate * step >= left {
                return Some(crate::chance::round(at + left / rate));
            }
            left -= rate * step;
            at += step;
            if at >= end {
                at = end;
                index += 1;
            }
        }
    }

    fn piece_at(&self, at: u64) -> Option<usize> {
        let index = self.pieces.partition_point(|piece| piece.end <= at);
        (index < self.pieces.len()).then_some(index)
    }
}

impl Piece {
    fn most(&self) -> f64 {
        match self.shape {
            None => self.base,
            Some(Shape::RampTo(to)) => self.base.max(to * self.unit),
            Some(Shape::Wave { swing, .. }) => self.base * (1.0 + swing),
            Some(Shape::Crowd { peak, .. }) => self.base * peak,
        }
    }

    /// Per second at a moment in nanoseconds.
    fn rate(&self, at: f64) -> f64 {
        let inside = at - self.start as f64;
        match self.shape {
            None => self.base,
            Some(Shape::RampTo(to)) => {
                let part = inside / (self.end - self.start) as f64;
                self.base + (to * self.unit - self.base) * part
            }
            Some(Shape::Wave { swing, period }) => {
                let turn = 2.0 * std::f64::consts::PI * inside / nanos(period) as f64;
                self.base * (1.0 + swing * libm::sin(turn))
            }
            Some(Shape::Crowd {
                peak,
                rise,
                half_life,
            }) => {
                let rise = nanos(rise) as f64;
                let more = if inside < rise {
                    inside / rise
                } else {
                    libm::exp2(-(inside - rise) / nanos(half_life) as f64)
                };
                self.base * (1.0 + (peak - 1.0) * more)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Phase;
    use std::time::Duration;

    const fn secs(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    fn rates(phases: Vec<Phase>) -> Rates {
        let mut scenario = Scenario::new("rates").capacity(1_000.0);
        scenario.phases = phases;
        Rates::of(&scenario, &Client::new("all").share(1.0))
    }

    fn poisson(rates: &Rates) -> Vec<f64> {
        let mut chance = Stream::new(1, "rates");
        let mut at = 0;
        std::iter::from_fn(|| {
            at = rates.poisson(at, &mut chance)?;
            Some(at as f64 / 1e9)
        })
        .collect()
    }

    fn even(rates: &Rates) -> Vec<f64> {
        let mut at = 0;
        std::iter::from_fn(|| {
            at = rates.even(at, 1.0)?;
            Some(at as f64 / 1e9)
        })
        .collect()
    }

    fn between(times: &[f64], from: f64, to: f64) -> usize {
        times.iter().filter(|t| (from..to).contains(*t)).count()
    }

    #[test]
    fn a_load_is_a_multiple_of_the_capacity_and_a_rate_is_not() {
        let rates = rates(vec![
            Phase::new("calm", secs(20)).load(0.5),
            Phase::new("silence", secs(5)),
            Phase::new("flood", secs(20)).rate(2_000.0),
        ]);
        for times in [poisson(&rates), even(&rates)] {
            assert!(between(&times, 0.0, 20.0).abs_diff(10_000) < 400);
            // The last one of a phase may come at its very end.
            assert_eq!(between(&times, 20.001, 25.0), 0);
            assert!(between(&times, 25.0, 45.0).abs_diff(40_000) < 800);
        }
    }

    #[test]
    fn shapes_move_the_rate_as_they_say() {
        let ramp = rates(vec![
            Phase::new("up", secs(10))
                .load(0.0)
                .shape(Shape::RampTo(2.0)),
        ]);
        let wave = rates(vec![Phase::new("day", secs(40)).load(1.0).shape(
            Shape::Wave {
                swing: 0.5,
                period: secs(40),
            },
        )]);
        let crowd = rates(vec![Phase::new("news", secs(60)).load(0.2).shape(
            Shape::Crowd {
                peak: 6.0,
                rise: secs(1),
                half_life: secs(5),
            },
        )]);
        for times in [poisson, even] {
            let of = times(&ramp);
            assert!(between(&of, 0.0, 5.0).abs_diff(2_500) < 200);
            assert!(between(&of, 5.0, 10.0).abs_diff(7_500) < 350);
            let of = times(&wave);
            // The mean of the upper half of a sine is 2 / pi.
            assert!(between(&of, 0.0, 20.0).abs_diff(26_366) < 650);
            assert!(between(&of, 20.0, 40.0).abs_diff(13_634) < 470);
            let of = times(&crowd);
            assert!(between(&of, 1.0, 1.1).abs_diff(120) < 45);
            assert!(between(&of, 6.0, 6.2).abs_diff(140) < 45);
            assert!(between(&of, 50.0, 60.0).abs_diff(2_000) < 200);
        }
    }
}
