use std::time::Duration;

use super::Faults;
use crate::Times;
use crate::scenario::place::Place;

/// More spread than this is a mistake: one in a hundred would take 100,000 times the median.
const MAX_SIGMA: f64 = 5.0;

/// `use_of` ends the sentence "takes no time at all ...".
pub(super) fn check_times(times: &Times, place: &Place, use_of: &str, faults: &mut Faults) {
    let before = faults.len();
    let at = place.key(word(times));
    match times {
        Times::Constant(_) | Times::Exponential(_) => {}
        Times::LogNormal { sigma, .. } => {
            let at = at.key("sigma");
            if faults.zero_or_more(&at, "sigma", *sigma) && *sigma > MAX_SIGMA {
                faults.add(
                    &at,
                    format!("a sigma of {sigma}"),
                    format!("write {MAX_SIGMA} at most; 1 is a usual spread"),
                );
            }
        }
        Times::Bimodal { slow_share, .. } => {
            faults.share(&at.key("slow_share"), "the share of the slow", *slow_share);
        }
        Times::Pareto { least, shape, cap } => {
            faults.more_than_zero(&at.key("shape"), "the shape", *shape);
            if cap < least {
                faults.add(
                    &at.key("cap"),
                    "the longest is shorter than the shortest",
                    "write a `cap` of at least `least`",
                );
            }
        }
        Times::Uniform { from, to } => {
            if to < from {
                faults.add(
                    &at.key("to"),
                    "the longest is shorter than the shortest",
                    "write a `to` of at least `from`",
                );
            }
        }
        Times::Empirical(all) => {
            if all.is_empty() {
                faults.add(
                    &at,
                    "a list of measured lengths with none in it",
                    "write at least one, as in `[\"10ms\"]`",
                );
            }
        }
    }
    if faults.len() == before && times.mean() == Duration::ZERO {
        faults.add(
            &at,
            format!("it takes no time at all {use_of}"),
            "write a length of time with a mean above 0",
        );
    }
}

/// Its word in a file.
const fn word(times: &Times) -> &'static str {
    match times {
        Times::Constant(_) => "constant",
        Times::Exponential(_) => "exponential",
        Times::LogNormal { .. } => "log_normal",
        Times::Bimodal { .. } => "bimodal",
        Times::Pareto { .. } => "pareto",
        Times::Uniform { .. } => "uniform",
        Times::Empirical(_) => "empirical",
    }
}
