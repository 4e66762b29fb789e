use super::scale;
use crate::PhaseReport;

/// What became of a phase, in words.
pub(super) fn figures(phase: &PhaseReport) -> Vec<String> {
    let mut figures = Vec::new();
    if let Some(possible) = phase.possible.and_then(scale::known) {
        let possible = scale::percent(possible);
        figures.push(format!("answers {possible} of what is possible"));
    }
    let top = phase.classes.first().unwrap_or(&phase.all);
    if let Some(success) = top.success() {
        let who = match top.name.as_str() {
            "" => "all",
            name => name,
        };
        let success = scale::percent(success);
        figures.push(format!("{who}: {success} of the requests succeed"));
    }
    let p99 = phase.all.latency.p99.and_then(scale::known).map_or_else(
        || "no answer in time".to_owned(),
        |p99| format!("p99 {}", scale::time(p99)),
    );
    figures.push(p99);
    // Whatever comes first says of which phase all of them are.
    figures[0] = format!("{}: {}", phase.name, figures[0]);
    figures
}
