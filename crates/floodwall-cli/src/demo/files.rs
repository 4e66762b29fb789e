//! Open files: the bare run holds thousands of connections at once, both ends in this process.

use anyhow::ensure;

use super::load::DEADLINE;

/// For everything that is not a connection of the flood, and for bursts.
const RESERVE: f64 = 300.0;

/// Both ends of a connection are ours.
const ENDS: f64 = 2.0;

/// The flood that was asked for, or, with a word about it, as much as the limit of open files lets through.
pub(crate) fn affordable_factor(
    capacity_rps: f64,
    factor: f64,
) -> anyhow::Result<(f64, Option<String>)> {
    let Some(files) = allow_for(capacity_rps, factor) else {
        return Ok((factor, None));
    };
    let Some(less) = affordable(capacity_rps, factor, files) else {
        return Ok((factor, None));
    };
    let needed = needed(capacity_rps, factor);
    let reason = format!(
        "a flood of {factor}x needs {needed} open files and this process may open {files}: raise the hard limit with \
         `ulimit -Hn {needed}` (as root) or in /etc/security/limits.conf"
    );
    ensure!(less >= 1.0, reason);
    Ok((less, Some(format!("flooding with {less}x only: {reason}"))))
}

/// Raises the soft limit as far as the flood needs and the hard limit lets it; says how many files there may be.
#[cfg(unix)]
fn allow_for(capacity_rps: f64, factor: f64) -> Option<u64> {
    rlimit::increase_nofile_limit(needed(capacity_rps, factor)).ok()
}

#[cfg(not(unix))]
fn allow_for(_capacity_rps: f64, _factor: f64) -> Option<u64> {
    None
}

/// The flood that fits into `files` open files, if `factor` does not.
fn affordable(capacity_rps: f64, factor: f64, files: u64) -> Option<f64> {
    if files >= needed(capacity_rps, factor) {
        return None;
    }
    let callers = (files as f64 - RESERVE).max(0.0) / ENDS;
    Some((callers / (capacity_rps * DEADLINE.as_secs_f64()) * 10.0).floor() / 10.0)
}

/// When nobody is answered, everybody who came within one deadline is still there.
fn needed(capacity_rps: f64, factor: f64) -> u64 {
    (capacity_rps * factor * DEADLINE.as_secs_f64() * ENDS + RESERVE).ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_left_alone() {
        assert_eq!(affordable(700.0, 5.0, needed(700.0, 5.0)), None);
    }

    #[test]
    fn what_does_not_fit_is_cut_down_until_it_does() {
        let factor = affordable(700.0, 5.0, 1_024 + 3_000).unwrap();
        assert!(needed(700.0, factor) <= 4_024, "{factor}");
        assert!(needed(700.0, factor + 0.1) > 4_024, "{factor}");
    }

    #[test]
    fn almost_no_files_carry_no_flood() {
        assert_eq!(affordable(700.0, 5.0, 20), Some(0.0));
    }
}
