//! The same compiler and the same valgrind count the same: there the instructions themselves are
//! held against the baseline. Others do not, but what they change they change for the peer too:
//! there the ratio to tower in the same run is.

use std::fmt;

use anyhow::{Context, Result};

use super::baseline::{Baseline, Row};
use super::versions::Versions;

/// What a benchmark may get dearer without a reason given.
const TOLERANCE: f64 = 0.02;

/// What the others are divided by.
const REFERENCE: &str = "tower";

/// No code of ours is in them: where versions differ, they are shown and not judged.
const PEERS: [&str; 4] = ["noop", REFERENCE, "tower_refused", "http_noop"];

#[derive(Debug)]
pub(super) struct Comparison {
    pub(super) stored: Versions,
    pub(super) here: Versions,
    pub(super) lines: Vec<Line>,
}

/// One benchmark, then and now.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) now: Option<Row>,
    pub(super) then: Option<Row>,
    /// Of the instructions to those of the reference in this run.
    pub(super) ratio: Option<f64>,
    /// Of what is judged: 0.01 is 1 % more.
    pub(super) change: Option<f64>,
    pub(super) verdict: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Good,
    /// By more than what is tolerated: worth a new baseline, so that it stays so.
    Cheaper,
    Dearer,
    MoreAllocations,
    /// In the baseline, and not counted now.
    Gone,
    /// Counted now, and not in the baseline.
    New,
}

impl Comparison {
    pub(super) fn of(stored: &Baseline, counted: &Baseline) -> Result<Self> {
        let by_ratio = stored.versions != counted.versions;
        let reference_now = reference(counted)?;
        let scale = if by_ratio {
            reference(stored)? / reference_now
        } else {
            1.0
        };
        let gone = stored
            .rows
            .iter()
            .filter(|row| counted.row(&row.name).is_none());
        let lines = counted.rows.iter().chain(gone).map(|row| {
            let (now, then) = (counted.row(&row.name), stored.row(&row.name));
            let change = now
                .zip(then)
                .map(|(now, then)| now.instructions / then.instructions * scale - 1.0);
            let judged = !by_ratio || !PEERS.contains(&row.name.as_str());
            Line {
                name: row.name.clone(),
                now: now.cloned(),
                then: then.cloned(),
                ratio: now.map(|now| now.instructions / reference_now),
                change,
                verdict: match (now, then, change) {
                    (Some(now), Some(then), Some(change)) if judged => verdict(now, then, change),
                    (Some(_), None, _) => Verdict::New,
                    (None, _, _) => Verdict::Gone,
                    _ => Verdict::Good,
                },
            }
        });
        Ok(Self {
            stored: stored.versions.clone(),
            here: counted.versions.clone(),
            lines: lines.collect(),
        })
    }

    pub(super) fn by_ratio(&self) -> bool {
        self.stored != self.here
    }

    /// One for each benchmark that does not hold, with what to do about it.
    pub(super) fn complaints(&self) -> impl Iterator<Item = String> {
        let what = if self.by_ratio() {
            "its ratio to tower"
        } else {
            "its instructions"
        };
        let save = "save a new baseline with `cargo xtask counts --save` and give the reason in the commit";
        self.lines.iter().filter_map(move |line| {
            let name = &line.name;
            let percent = line.change.unwrap_or(f64::NAN) * 100.0;
            Some(match line.verdict {
                Verdict::Good | Verdict::Cheaper => return None,
                Verdict::Dearer => format!(
                    "`{name}` is dearer, {what} by {percent:.1} % ({:.0} are allowed): make it cheaper, or {save}",
                    TOLERANCE * 100.0
                ),
                Verdict::MoreAllocations => {
                    format!("`{name}` allocates more than before: allocate less, or {save}")
                }
                Verdict::Gone => format!(
                    "`{name}` is in the baseline and was not counted: bring it back, or {save}"
                ),
                Verdict::New => format!("`{name}` has no baseline yet: {save}"),
            })
        })
    }
}

fn reference(of: &Baseline) -> Result<f64> {
    let row = of.row(REFERENCE).filter(|row| row.instructions > 0.0);
    let row = row.with_context(|| format!("`{REFERENCE}`, the reference, was not counted"))?;
    Ok(row.instructions)
}

fn verdict(now: &Row, then: &Row, change: f64) -> Verdict {
    // Kept to hundredths: what is below is how two figures were rounded.
    const ROUNDING: f64 = 1e-9;
    if change > TOLERANCE + ROUNDING {
        Verdict::Dearer
    } else if now.allocations > then.allocations + ROUNDING {
        Verdict::MoreAllocations
    } else if change < -TOLERANCE - ROUNDING {
        Verdict::Cheaper
    } else {
        Verdict::Good
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Good => "",
            Self::Cheaper => "cheaper",
            Self::Dearer => "DEARER",
            Self::MoreAllocations => "MORE ALLOCATIONS",
            Self::Gone => "GONE",
            Self::New => "NEW",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(rustc: &str, rows: &[(&str, f64)]) -> Baseline {
        Baseline {
            versions: Versions {
                rustc: rustc.to_owned(),
                target: "x86_64-unknown-linux-gnu".to_owned(),
                valgrind: "3.19.0".to_owned(),
            },
            rows: rows
                .iter()
                .map(|&(name, instructions)| Row {
                    name: name.to_owned(),
                    instructions,
                    allocations: 1.0,
                })
                .collect(),
        }
    }

    fn verdicts(stored: &Baseline, now: &Baseline) -> Vec<(String, Verdict)> {
        let comparison = Comparison::of(stored, now).unwrap();
        let lines = comparison.lines.into_iter();
        lines.map(|line| (line.name, line.verdict)).collect()
    }

    fn of_limit(stored: &Baseline, now: &Baseline) -> Verdict {
        let mut all = verdicts(stored, now).into_iter();
        all.find(|(name, _)| name == "limit").unwrap().1
    }

    #[test]
    fn with_the_same_versions_two_per_cent_more_instructions_is_the_edge() {
        let stored = counted("1.95.0", &[("tower", 200.0), ("limit", 150.0)]);
        for (instructions, expected) in [
            (146.9, Verdict::Cheaper),
            (147.0, Verdict::Good),
            (150.0, Verdict::Good),
            (153.0, Verdict::Good),
            (153.01, Verdict::Dearer),
        ] {
            // What tower takes says nothing here.
            let now = counted("1.95.0", &[("tower", 204.0), ("limit", instructions)]);
            assert_eq!(of_limit(&stored, &now), expected, "{instructions}");
        }
    }

    #[test]
    fn with_other_versions_two_per_cent_more_of_the_ratio_is_the_edge() {
        let stored = counted("1.95.0", &[("tower", 200.0), ("limit", 150.0)]);
        for (tower, instructions, expected) in [
            (400.0, 300.0, Verdict::Good),
            (400.0, 306.0, Verdict::Good),
            (400.0, 306.01, Verdict::Dearer),
            (100.0, 77.0, Verdict::Dearer),
            (400.0, 290.0, Verdict::Cheaper),
        ] {
            let now = counted("1.96.0", &[("tower", tower), ("limit", instructions)]);
            assert_eq!(of_limit(&stored, &now), expected, "{tower} {instructions}");
        }
        let mut now = counted("1.95.0", &[("tower", 400.0), ("limit", 300.0)]);
        assert_eq!(
            of_limit(&stored, &now),
            Verdict::Dearer,
            "the same versions"
        );
        now.versions.valgrind = "3.20.0".to_owned();
        assert_eq!(of_limit(&stored, &now), Verdict::Good, "another valgrind");
    }

    #[test]
    fn peers_are_judged_only_where_versions_are_the_same() {
        let stored = counted("1.95.0", &[("tower", 200.0), ("noop", 20.0)]);
        let same = counted("1.95.0", &[("tower", 200.0), ("noop", 40.0)]);
        assert_eq!(verdicts(&stored, &same)[1].1, Verdict::Dearer);
        let other = counted("1.96.0", &[("tower", 200.0), ("noop", 40.0)]);
        assert_eq!(verdicts(&stored, &other)[1].1, Verdict::Good);
    }

    #[test]
    fn a_row_that_is_missing_and_one_that_is_new_are_named_with_what_to_do() {
        let stored = counted("1.95.0", &[("tower", 200.0), ("old", 1.0)]);
        let now = counted("1.95.0", &[("tower", 200.0), ("new", 1.0)]);
        let comparison = Comparison::of(&stored, &now).unwrap();
        let complaints: Vec<_> = comparison.complaints().collect();
        assert_eq!(complaints.len(), 2, "{complaints:?}");
        assert!(complaints[0].starts_with("`new` has no baseline"));
        assert!(complaints[1].starts_with("`old` is in the baseline"));
        assert!(complaints.iter().all(|it| it.contains("counts --save")));
    }

    #[test]
    fn an_allocation_more_is_a_complaint_whatever_the_versions() {
        for rustc in ["1.95.0", "1.96.0"] {
            let stored = counted("1.95.0", &[("tower", 200.0), ("limit", 150.0)]);
            let mut now = counted(rustc, &[("tower", 200.0), ("limit", 150.0)]);
            now.rows[1].allocations = 1.01;
            assert_eq!(of_limit(&stored, &now), Verdict::MoreAllocations);
            now.rows[1].allocations = 0.0;
            assert_eq!(of_limit(&stored, &now), Verdict::Good);
        }
    }

    #[test]
    fn what_got_dearer_is_named_with_its_change() {
        let stored = counted("1.95.0", &[("tower", 200.0), ("limit", 100.0)]);
        let now = counted("1.95.0", &[("tower", 200.0), ("limit", 105.0)]);
        let comparison = Comparison::of(&stored, &now).unwrap();
        let complaint = comparison.complaints().next().unwrap();
        assert!(complaint.contains("`limit` is dearer, its instructions by 5.0 %"));
    }

    #[test]
    fn without_its_reference_nothing_is_compared() {
        let stored = counted("1.95.0", &[("tower", 200.0)]);
        let now = counted("1.95.0", &[("limit", 200.0)]);
        assert!(Comparison::of(&stored, &now).is_err());
    }
}
