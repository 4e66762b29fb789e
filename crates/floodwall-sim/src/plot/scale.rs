//! From values to pixels, and which values an axis names.
//!
//! Logarithms and powers come from `libm`: the standard library's may differ from machine to machine
//! in the last digit, and then a pixel jumps.

/// What is drawn is never more: beyond it the steps between ticks would drown in rounding.
const MOST: f64 = 1e15;

/// A value that can be drawn.
pub(super) fn known(value: f64) -> Option<f64> {
    value.is_finite().then(|| value.clamp(0.0, MOST))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Linear,
    /// Of times, which are never zero.
    Log,
    /// Of counts: one more than the value, so that zero has a place.
    LogFromZero,
}

/// An axis: `low` lies at the pixel `from`, `high` at the pixel `to`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    kind: Kind,
    low: f64,
    high: f64,
    from: i32,
    to: i32,
}

impl Scale {
    pub(super) fn linear(low: f64, high: f64, from: i32, to: i32) -> Self {
        let low = known(low).unwrap_or(0.0);
        let high = known(high).filter(|high| *high > low).unwrap_or(low + 1.0);
        Self {
            kind: Kind::Linear,
            low,
            high,
            from,
            to,
        }
    }

    /// Logarithmic, for times and other values that are never zero.
    pub(super) fn log(low: f64, high: f64, from: i32, to: i32) -> Self {
        let low = known(low).unwrap_or(0.0).max(1e-9);
        let high = known(high).unwrap_or(0.0).max(2.0 * low);
        Self {
            kind: Kind::Log,
            low,
            high,
            from,
            to,
        }
    }

    /// Logarithmic, for counts: zero has its place.
    pub(super) fn log_from_zero(high: f64, from: i32, to: i32) -> Self {
        Self {
            kind: Kind::LogFromZero,
            ..Self::linear(0.0, high.max(10.0), from, to)
        }
    }

    pub(super) fn is_log(&self) -> bool {
        self.kind != Kind::Linear
    }

    pub(super) fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    pub(super) fn at(&self, value: f64) -> i32 {
        let value = known(value).unwrap_or(self.low);
        let place = |value: f64| match self.kind {
            Kind::Linear => value,
            Kind::Log => libm::log10(value.max(1e-9)),
            Kind::LogFromZero => libm::log10(1.0 + value),
        };
        let (low, high) = (place(self.low), place(self.high));
        let share = ((place(value) - low) / (high - low)).clamp(0.0, 1.0);
        self.from + (share * f64::from(self.to - self.from)).round() as i32
    }

    /// Round values, about as many as asked for.
    pub(super) fn ticks(&self, about: usize) -> Vec<f64> {
        if self.kind == Kind::Linear {
            return linear_ticks(self.low, self.high, about);
        }
        let decades = |parts: &[f64]| -> Vec<f64> {
            (-9..=15)
                .flat_map(|power| parts.iter().map(move |part| part * ten_to(power)))
                .filter(|tick| (self.low..=self.high).contains(tick))
                .filter(|tick| self.kind == Kind::Log || *tick >= 1.0)
                .collect()
        };
        let mut ticks = decades(&[1.0, 2.0, 5.0]);
        if ticks.len() > about {
            ticks = decades(&[1.0]);
        }
        let skip = ticks.len().div_ceil(about.max(1)).max(1);
        let zero = (self.kind == Kind::LogFromZero).then_some(0.0);
        zero.into_iter()
            .chain(ticks.into_iter().step_by(skip))
            .collect()
    }
}

fn linear_ticks(low: f64, high: f64, about: usize) -> Vec<f64> {
    let rough = (high - low) / about.max(1) as f64;
    let ten = ten_to(libm::floor(libm::log10(rough)) as i32);
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|part| part * ten)
        .find(|step| *step >= rough * 0.999)
        .unwrap_or(10.0 * ten);
    let first = libm::ceil(low / step - 1e-9);
    (0..=2 * about + 2)
        .map(|index| (first + index as f64) * step)
        .take_while(|tick| *tick <= high + 1e-9 * step)
        .collect()
}

fn ten_to(power: i32) -> f64 {
    libm::pow(10.0, f64::from(power))
}

/// A number as short as it can be read.
pub(super) fn number(value: f64) -> String {
    let Some(value) = known(value) else {
        return "?".to_owned();
    };
    if value >= 1e12 {
        return format!("{value:.1e}").replace(".0e", "e");
    }
    for (unit, name) in [(1e9, "G"), (1e6, "M"), (1e4, "k")] {
        if value >= unit {
            // From ten thousand on: 2500 is shorter than 2.5k, and read at once.
            let unit = if name == "k" { 1e3 } else { unit };
            return format!("{}{name}", digits(value / unit));
        }
    }
    digits(value)
}

/// A length of time with its unit.
pub(super) fn time(seconds: f64) -> String {
    let Some(seconds) = known(seconds) else {
        return "?".to_owned();
    };
    if seconds == 0.0 {
        "0".to_owned()
    } else if seconds < 0.000_999_5 {
        format!("{} µs", digits(seconds * 1e6))
    } else if seconds < 0.999_5 {
        format!("{} ms", digits(seconds * 1e3))
    } else if seconds < 600.0 {
        format!("{} s", digits(seconds))
    } else {
        format!("{} min", digits(seconds / 60.0))
    }
}

/// A share in percent.
pub(super) fn percent(share: f64) -> String {
    known(share).map_or_else(
        || "?".to_owned(),
        |share| format!("{} %", digits(100.0 * share)),
    )
}

/// Three digits, without zeros that say nothing.
fn digits(value: f64) -> String {
    let decimals = match value {
        value if value >= 99.95 => 0,
        value if value >= 9.995 => 1,
        value if value >= 0.999_5 => 2,
        _ => 3,
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within() {
        assert_eq!(
            Scale::linear(0.0, 2_300.0, 0, 100).ticks(5),
            [0.0, 500.0, 1_000.0, 1_500.0, 2_000.0]
        );
        assert_eq!(Scale::linear(0.0, 1.0, 0, 100).ticks(2), [0.0, 0.5, 1.0]);
        assert_eq!(
            Scale::log_from_zero(5_000.0, 0, 100).ticks(6),
            [0.0, 1.0, 10.0, 100.0, 1_000.0]
        );
    }

    #[test]
    fn values_outside_lie_on_the_edge() {
        let scale = Scale::linear(0.0, 10.0, 100, 0);
        assert_eq!(scale.at(5.0), 50);
        for (value, at) in [(-1.0, 100), (f64::NAN, 100), (1e300, 0)] {
            assert_eq!(scale.at(value), at, "{value}");
        }
    }

    #[test]
    fn an_axis_of_nothing_still_has_a_length() {
        for high in [0.0, -3.0, f64::NAN, f64::INFINITY, 1e300, 1e-300] {
            for scale in [
                Scale::linear(0.0, high, 100, 0),
                Scale::log(high, high, 100, 0),
                Scale::log_from_zero(high, 100, 0),
            ] {
                assert!((0..=100).contains(&scale.at(1.0)), "{scale:?}");
                assert!(scale.ticks(5).len() <= 12, "{scale:?}");
            }
        }
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(number(2_500.0), "2500");
        assert_eq!(number(25_000.0), "25k");
        assert_eq!(number(1_500_000.0), "1.5M");
        assert_eq!(number(2e14), "2e14");
        assert_eq!(number(0.25), "0.25");
        assert_eq!(time(0.05), "50 ms");
        assert_eq!(time(1.5), "1.5 s");
        assert_eq!(time(1_200.0), "20 min");
        assert_eq!(percent(0.987), "98.7 %");
    }
}
