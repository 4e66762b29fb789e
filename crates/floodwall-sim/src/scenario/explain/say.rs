//! Numbers, lengths of time and lists as people read them.

use std::time::Duration;

use crate::Times;
use crate::scenario::Arrivals;

/// Three decimals at most, and none that say nothing.
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    // What is too small for that is not nothing.
    if text == "0" && value != 0.0 {
        return format!("{value}");
    }
    text.to_owned()
}

pub(super) fn percent(share: f64) -> String {
    format!("{} %", number(share * 100.0))
}

pub(super) fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    // Up to two of a unit are said in the one below: 90 s, 36 h.
    for (unit, size) in [("d", 86_400.0), ("h", 3_600.0), ("min", 60.0)] {
        if seconds >= 2.0 * size && (seconds / size).fract() == 0.0 {
            return format!("{} {unit}", number(seconds / size));
        }
    }
    for (unit, size) in [("s", 1.0), ("ms", 1e-3), ("us", 1e-6)] {
        if seconds >= size {
            return format!("{} {unit}", number(seconds / size));
        }
    }
    match time.as_nanos() {
        0 => "0 s".to_owned(),
        nanos => format!("{nanos} ns"),
    }
}

/// `1 worker`, `2 workers`.
pub(super) fn many(n: impl Into<u64>, what: &str) -> String {
    match n.into() {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}

/// `a, b and c`.
pub(super) fn list(all: &[String]) -> String {
    match all {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

pub(super) fn times(times: &Times) -> String {
    match times {
        Times::Constant(all) => format!("always {}", time(*all)),
        Times::Exponential(mean) => format!("{} on average (exponential)", time(*mean)),
        Times::LogNormal { mean, sigma } => format!(
            "{} on average (log-normal, sigma {})",
            time(*mean),
            number(*sigma)
        ),
        Times::Bimodal {
            fast,
            slow,
            slow_share,
        } => format!(
            "{}, but {} in {} of all cases",
            time(*fast),
            time(*slow),
            percent(*slow_share)
        ),
        Times::Pareto { least, shape, cap } => format!(
            "{} to {} (Pareto, shape {})",
            time(*least),
            time(*cap),
            number(*shape)
        ),
        Times::Uniform { from, to } => format!("{} to {}", time(*from), time(*to)),
        Times::Empirical(all) => format!(
            "{} on average (of {})",
            time(times.mean()),
            many(all.len() as u64, "measured length")
        ),
    }
}

pub(super) fn arrivals(arrivals: Arrivals) -> String {
    match arrivals {
        Arrivals::Poisson => "at random".to_owned(),
        Arrivals::Constant => "evenly".to_owned(),
        Arrivals::Bursts(n) => format!("in bursts of {n}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_said_in_the_unit_that_people_use() {
        for (millis, said) in [
            (0, "0 s"),
            (55, "55 ms"),
            (1_500, "1.5 s"),
            (90_000, "90 s"),
            (120_000, "2 min"),
            (1_800_000, "30 min"),
            (86_400_000, "24 h"),
            (604_800_000, "7 d"),
        ] {
            assert_eq!(time(Duration::from_millis(millis)), said);
        }
        assert_eq!(time(Duration::from_nanos(1_500)), "1.5 us");
        assert_eq!(time(Duration::from_nanos(15)), "15 ns");
    }

    #[test]
    fn numbers_have_no_decimals_that_say_nothing() {
        assert_eq!(number(5.0), "5");
        assert_eq!(number(100.0), "100");
        assert_eq!(number(0.1 + 0.2), "0.3");
        assert_eq!(number(0.000_01), "0.00001");
        assert_eq!(percent(0.995), "99.5 %");
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
    }
}
