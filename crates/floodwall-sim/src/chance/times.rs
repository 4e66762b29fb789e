use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Stream;
use crate::scenario::units;

/// A distribution of lengths of time: of service, of thinking, of streaming.
///
/// ```
/// use floodwall_sim::{Stream, Times};
/// use std::time::Duration;
///
/// let service = Times::exponential(Duration::from_millis(10));
/// assert_eq!(service.mean(), Duration::from_millis(10));
/// let _one = service.draw(&mut Stream::new(1, "service"));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Times {
    /// Always the same.
    Constant(
        #[serde(with = "units::duration")]
        #[schemars(with = "units::DurationText")]
        Duration,
    ),
    /// Exponential, by its mean.
    Exponential(
        #[serde(with = "units::duration")]
        #[schemars(with = "units::DurationText")]
        Duration,
    ),
    /// Log-normal, by its mean and the deviation of its logarithm.
    LogNormal {
        /// The mean.
        #[serde(with = "units::duration")]
        #[schemars(with = "units::DurationText")]
        mean: Duration,
        /// The standard deviation of the logarithm; 1 is a usual spread of web services.
        sigma: f64,
    },
    /// Mostly fast, sometimes slow.
    Bimodal {
        /// How long the fast ones take.
        #[serde(with = "units::duration")]
        #[schemars(with = "units::DurationText")]
        fast: Duration,
        /// How long the slow ones take.
        #[serde(with = "units::duration")]
        #[schemars(with = "units::DurationText")]
        slow: Duration,
        /// The share of the slow ones, 0 to 1.
        slow_share: f64,
    },
    /// Pareto with a cap: a heavy tail that ends.
    Pareto {
        /// The shortest.
        #[serde(with = "units::duration")]
        #[schemars(with = "units::DurationText")]
        least: Duration,
        /// The exponent of the tail; the smaller, the heavier. 1.5 is heavy.
        shape: f64,
        /// The longest; what would be longer is this.
        #[serde(with = "units::duration")]
        #[schemars(with = "units::DurationText")]
        cap: Duration,
    },
    /// Any length between two.
    Uniform {
        /// The shortest.
        #[serde(with = "units::duration")]
        #[schemars(with = "units::DurationText")]
        from: Duration,
        /// The longest.
        #[serde(with = "units::duration")]
        #[schemars(with = "units::DurationText")]
        to: Duration,
    },
    /// Measured lengths, each as likely.
    Empirical(
        #[serde(with = "units::durations")]
        #[schemars(with = "Vec<units::DurationText>")]
        Vec<Duration>,
    ),
}

impl Times {
    /// Always `time`.
    #[must_use]
    pub const fn constant(time: Duration) -> Self {
        Self::Constant(time)
    }

    /// Exponential with this mean.
    #[must_use]
    pub const fn exponential(mean: Duration) -> Self {
        Self::Exponential(mean)
    }

    /// Draws one, in nanoseconds.
    pub(crate) fn nanos(&self, stream: &mut Stream) -> u64 {
        match self {
            Self::Constant(time) => nanos(*time),
            Self::Exponential(mean) => round(stream.exponential() * real(*mean)),
            Self::LogNormal { mean, sigma } => {
                let spread = sigma * stream.normal() - 0.5 * sigma * sigma;
                round(real(*mean) * libm::exp(spread))
            }
            Self::Bimodal {
                fast,
                slow,
                slow_share,
            } => nanos(if stream.happens(*slow_share) {
                *slow
            } else {
                *fast
            }),
            Self::Pareto { least, shape, cap } => {
                let stretch = libm::pow(1.0 - stream.unit(), -1.0 / shape);
                round((real(*least) * stretch).min(real(*cap)))
            }
            Self::Uniform { from, to } => {
                let (from, to) = (real(*from), real(*to));
                round(from + (to - from) * stream.unit())
            }
            Self::Empirical(all) => match u32::try_from(all.len()) {
                Ok(n) if n > 0 => nanos(all[stream.below(n) as usize]),
                _ => 0,
            },
        }
    }

    /// Draws one.
    pub fn draw(&self, stream: &mut Stream) -> Duration {
        Duration::from_nanos(self.nanos(stream))
    }

    /// The mean.
    #[must_use]
    pub fn mean(&self) -> Duration {
        Duration::from_nanos(round(match self {
            Self::Constant(time) => real(*time),
            Self::Exponential(mean) | Self::LogNormal { mean, .. } => real(*mean),
            Self::Bimodal {
                fast,
                slow,
                slow_share,
            } => real(*fast) * (1.0 - slow_share) + real(*slow) * slow_share,
            Self::Pareto { least, shape, cap } => {
                // The integral of the tail, which ends at the cap.
                let (least, cap) = (real(*least), real(*cap).max(real(*least)));
                let tail = if *shape == 1.0 {
                    least * libm::log(cap / least)
                } else {
                    least * (1.0 - libm::pow(least / cap, shape - 1.0)) / (shape - 1.0)
                };
                least + tail
            }
            Self::Uniform { from, to } => 0.5 * (real(*from) + real(*to)),
            Self::Empirical(all) => {
                all.iter().map(|time| real(*time)).sum::<f64>() / all.len().max(1) as f64
            }
        }))
    }
}

/// Saturates after 584 years.
pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn real(time: Duration) -> f64 {
    nanos(time) as f64
}

/// To the nearest; what is negative or no number is 0.
pub(crate) fn round(nanos: f64) -> u64 {
    // The cast saturates.
    (nanos + 0.5) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn what_is_drawn_has_the_mean_that_is_told() {
        let all = [
            Times::Constant(ms(10)),
            Times::Exponential(ms(10)),
            Times::LogNormal {
                mean: ms(10),
                sigma: 1.0,
            },
            Times::Bimodal {
                fast: ms(5),
                slow: ms(55),
                slow_share: 0.1,
            },
            Times::Pareto {
                least: ms(4),
                shape: 1.5,
                cap: ms(400),
            },
            Times::Uniform {
                from: ms(5),
                to: ms(15),
            },
            Times::Empirical(vec![ms(1), ms(2), ms(27)]),
        ];
        for times in all {
            let mut stream = Stream::new(11, "means");
            let n = 400_000;
            let sum: f64 = (0..n).map(|_| times.nanos(&mut stream) as f64).sum();
            let (drawn, told) = (sum / f64::from(n), real(times.mean()));
            assert!(
                (drawn / told - 1.0).abs() < 0.01,
                "{times:?}: {drawn} is not {told}"
            );
        }
    }

    #[test]
    fn nothing_is_drawn_from_an_empty_list() {
        let none = Times::Empirical(Vec::new());
        assert_eq!(none.nanos(&mut Stream::new(1, "")), 0);
        assert_eq!(none.mean(), Duration::ZERO);
    }
}
