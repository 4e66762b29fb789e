//! What a phase comes to, over several seeds: the mean of those that know it.

use floodwall_sim::{Group, PhaseReport};

/// Rates per second, shares 0 to 1, times in seconds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Figures {
    pub(crate) offered: Option<f64>,
    pub(crate) goodput: Option<f64>,
    /// Goodput as a share of the capacity.
    pub(crate) of_capacity: Option<f64>,
    /// Goodput as a share of what could be.
    pub(crate) of_possible: Option<f64>,
    pub(crate) p50: Option<f64>,
    pub(crate) p99: Option<f64>,
    pub(crate) refusal_p50: Option<f64>,
    /// The success of each class, most urgent first.
    pub(crate) classes: Vec<(String, Option<f64>)>,
}

impl Figures {
    pub(crate) fn mean(phases: &[&PhaseReport]) -> Self {
        let over = |value: &dyn Fn(&PhaseReport) -> Option<f64>| {
            mean(phases.iter().filter_map(|phase| value(phase)))
        };
        let mut names: Vec<&str> = Vec::new();
        for class in phases.iter().flat_map(|phase| &phase.classes) {
            if !names.contains(&class.name.as_str()) {
                names.push(&class.name);
            }
        }
        let success = |name: &str| {
            let of = |phase: &PhaseReport| {
                let class = phase.classes.iter().find(|class| class.name == name)?;
                Group::success(class)
            };
            (name.to_owned(), over(&of))
        };
        Self {
            offered: over(&|phase| Some(phase.offered_rate)),
            goodput: over(&|phase| Some(phase.goodput_rate)),
            of_capacity: over(&|phase| phase.goodput),
            of_possible: over(&|phase| phase.possible),
            p50: over(&|phase| phase.all.latency.p50),
            p99: over(&|phase| phase.all.latency.p99),
            refusal_p50: over(&|phase| phase.all.refusal.p50),
            classes: names.into_iter().map(success).collect(),
        }
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}
