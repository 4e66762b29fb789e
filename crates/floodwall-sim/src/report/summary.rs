use std::fmt;

use serde::Serialize;

use super::{
    PhaseReport, Report, figure,
    table::{cut, name, show},
};
use crate::Measure;

/// What a summary tells.
const FIGURES: [Measure; 13] = [
    Measure::Success,
    Measure::Goodput,
    Measure::Possible,
    Measure::WorstSecond,
    Measure::Fairness,
    Measure::Refused,
    Measure::Late,
    Measure::Abandoned,
    Measure::Amplification,
    Measure::P50,
    Measure::P99,
    Measure::RefusalP50,
    Measure::Recovery,
];

/// Several runs of one scenario behind one stack, each with its own seed: means, and the worst.
///
/// Its `Display` is a table of at most 100 columns.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// The scenario's name.
    pub scenario: String,
    /// The stack's name.
    pub stack: String,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// The phases in their order.
    pub phases: Vec<PhaseSummary>,
}

/// What the seeds found in one phase.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PhaseSummary {
    /// The phase's name.
    pub name: String,
    /// Of everybody.
    pub figures: Vec<Spread>,
    /// The success of each class, most urgent first, by the class's name.
    pub classes: Vec<(String, Spread)>,
}

/// One measure over the seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Spread {
    /// What was measured.
    pub measure: Measure,
    /// The mean of the seeds that know it.
    pub mean: f64,
    /// The worst of them: the lowest share of successes, the longest latency.
    pub worst: f64,
    /// The seed of the worst.
    pub worst_seed: u64,
    /// How many seeds know it.
    pub known: usize,
}

/// Brings together the runs of the same scenario and stack, in the order in which they first appear.
///
/// ```
/// use floodwall_sim::{Report, summary};
///
/// let mut runs = vec![Report::default(), Report::default()];
/// runs[1].seed = 1;
/// let summaries = summary(&runs);
/// assert_eq!(summaries[0].seeds, [0, 1]);
/// println!("{}", summaries[0]);
/// ```
#[must_use]
pub fn summary(reports: &[Report]) -> Vec<Summary> {
    let mut groups: Vec<Vec<&Report>> = Vec::new();
    for report in reports {
        let same = |group: &&mut Vec<&Report>| {
            group[0].scenario == report.scenario && group[0].stack == report.stack
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(report),
            None => groups.push(vec![report]),
        }
    }
    groups.iter().map(|runs| one(runs)).collect()
}

fn one(runs: &[&Report]) -> Summary {
    // A run that was cut short has fewer.
    let most = runs.iter().max_by_key(|run| run.phases.len());
    let names = most.map_or(&[][..], |run| &run.phases).iter();
    Summary {
        scenario: runs[0].scenario.clone(),
        stack: runs[0].stack.clone(),
        seeds: runs.iter().map(|run| run.seed).collect(),
        phases: names.map(|phase| over(phase, runs)).collect(),
    }
}

fn over(phase: &PhaseReport, runs: &[&Report]) -> PhaseSummary {
    let phases: Vec<_> = runs
        .iter()
        .filter_map(|run| {
            let same = run.phases.iter().find(|other| other.name == phase.name);
            Some((run.seed, same?))
        })
        .collect();
    let figure = |measure: Measure, value: &dyn Fn(&PhaseReport) -> Option<f64>| {
        let values = phases.iter();
        let values: Vec<_> = values
            .filter_map(|(seed, phase)| Some((*seed, value(phase)?)))
            .filter(|(_, value)| value.is_finite())
            .collect();
        spread(measure, &values)
    };
    let classes = phase.classes.iter().filter_map(|class| {
        let success = figure(Measure::Success, &|phase| {
            let mut groups = phase.classes.iter();
            groups.find(|group| group.name == class.name)?.success()
        });
        Some((class.name.clone(), success?))
    });
    PhaseSummary {
        name: phase.name.clone(),
        figures: FIGURES
            .iter()
            .filter_map(|measure| figure(*measure, &|phase| value(phase, *measure)))
            .collect(),
        classes: classes.collect(),
    }
}

fn spread(measure: Measure, values: &[(u64, f64)]) -> Option<Spread> {
    // Of equals the first: the same seed each time.
    let (worst_seed, worst) = values.iter().copied().reduce(|worst, next| {
        let worse = if measure.is_better_high() {
            next.1 < worst.1
        } else {
            next.1 > worst.1
        };
        if worse { next } else { worst }
    })?;
    Some(Spread {
        measure,
        mean: values.iter().map(|value| value.1).sum::<f64>() / values.len() as f64,
        worst,
        worst_seed,
        known: values.len(),
    })
}

/// A recovery that never came has no mean; how many are known is told.
fn value(phase: &PhaseReport, measure: Measure) -> Option<f64> {
    figure::value(phase, &phase.all, measure)
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seeds = self.seeds.len();
        let word = if seeds == 1 { "seed" } else { "seeds" };
        let title = format!("{} in {:?}, {seeds} {word}", self.stack, self.scenario);
        writeln!(f, "{}", cut(&title, 100))?;
        writeln!(
            f,
            "{:<16}{:<32}{:>12}{:>12}{:>22}",
            "phase", "measure", "mean", "worst", "seed of the worst"
        )?;
        for phase in &self.phases {
            let whole = PhaseReport {
                name: phase.name.clone(),
                ..PhaseReport::default()
            };
            let mut name = name(&whole);
            let of_all = phase.figures.iter();
            let of_all = of_all.map(|figure| (figure.measure.to_string(), figure));
            let classes = phase.classes.iter();
            let classes = classes.map(|(class, figure)| (format!("success of {class}"), figure));
            for (measure, figure) in of_all.chain(classes) {
                // Who leaves out the seeds that know nothing must say so.
                let known = match figure.known {
                    known if known < seeds => format!(" ({known} of {seeds})"),
                    _ => String::new(),
                };
                let measure = cut(&measure, 30 - known.len().min(20)) + &known;
                writeln!(
                    f,
                    "{name:<16}{measure:<32}{:>12}{:>12}{:>22}",
                    show(figure.measure, Some(figure.mean)),
                    show(figure.measure, Some(figure.worst)),
                    figure.worst_seed,
                )?;
                name.clear();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{expected, sample};

    fn runs() -> Vec<Report> {
        let mut runs = vec![sample::floodwall(), sample::bare(), sample::floodwall()];
        runs[2].seed = 8;
        runs[2].phases[1].possible = Some(0.9);
        runs[2].phases[1].all.latency.p99 = Some(0.3);
        runs[2].phases[2].recovery = None;
        runs
    }

    #[test]
    fn the_mean_and_the_worst_of_two_seeds() {
        let text: String = summary(&runs()).iter().map(Summary::to_string).collect();
        expected::check("summary", &text, include_str!("summary.expected.txt"));
    }

    #[test]
    fn the_worst_share_is_the_lowest_and_the_worst_time_the_longest() {
        let summaries = summary(&runs());
        assert_eq!(summaries.len(), 2);
        assert_eq!(summaries[0].seeds, [7, 8]);
        let flood = &summaries[0].phases[1].figures;
        for (measure, worst) in [(Measure::Possible, 0.9), (Measure::P99, 0.3)] {
            let figure = flood
                .iter()
                .find(|figure| figure.measure == measure)
                .unwrap();
            assert_eq!((figure.worst, figure.worst_seed), (worst, 8), "{measure}");
        }
    }

    #[test]
    fn a_seed_that_knows_nothing_is_not_counted_and_that_is_said() {
        let summaries = summary(&runs());
        let after = &summaries[0].phases[2].figures;
        let recovery = after
            .iter()
            .find(|figure| figure.measure == Measure::Recovery);
        assert_eq!(recovery.unwrap().known, 1);
        assert!(summaries[0].to_string().contains("recovery (1 of 2)"));
    }

    #[test]
    fn nothing_has_no_summary() {
        assert!(summary(&[]).is_empty());
        assert!(summary(&[Report::default()])[0].phases.is_empty());
    }
}
