//! The same figures for people and for programs.

use std::fmt::Write;

use serde_json::{Value, json};

use super::compare::{Comparison, Line, Verdict};

pub(super) fn text(comparison: &Comparison) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "{:14} {:>12} {:>10} {:>8} {:>9} {:>12}",
        "one request", "instructions", "baseline", "change", "to tower", "allocations"
    );
    for line in &comparison.lines {
        let Line {
            name,
            now,
            then,
            ratio,
            change,
            verdict,
        } = line;
        let cell = |figure: Option<f64>, digits: usize| {
            figure.map_or("-".to_owned(), |figure| format!("{figure:.digits$}"))
        };
        let instructions = cell(now.as_ref().map(|row| row.instructions), 1);
        let baseline = cell(then.as_ref().map(|row| row.instructions), 1);
        let change = change.map_or("-".to_owned(), |it| format!("{:+.1} %", it * 100.0));
        let ratio = cell(*ratio, 3);
        let allocations = cell(now.as_ref().map(|row| row.allocations), 2);
        let row = format!(
            "{name:14} {instructions:>12} {baseline:>10} {change:>8} {ratio:>9} {allocations:>12}  {verdict}"
        );
        let _ = writeln!(text, "{}", row.trim_end());
    }
    let _ = writeln!(text, "{}", comparison.here);
    if comparison.by_ratio() {
        let _ = writeln!(
            text,
            "the baseline is of {}: changes are those of the ratio to tower",
            comparison.stored
        );
    }
    let cheaper = |line: &Line| line.verdict == Verdict::Cheaper;
    if comparison.lines.iter().any(cheaper) && !comparison.by_ratio() {
        let _ = writeln!(
            text,
            "what got cheaper stays so once `cargo xtask counts --save` has stored it"
        );
    }
    text
}

pub(super) fn json(comparison: &Comparison) -> Value {
    let rows: Vec<_> = comparison
        .lines
        .iter()
        .map(|line| {
            json!({
                "name": line.name,
                "now": line.now,
                "baseline": line.then,
                "change": line.change,
                "ratio_to_tower": line.ratio,
                "verdict": format!("{:?}", line.verdict),
            })
        })
        .collect();
    json!({
        "versions": comparison.here,
        "baseline_versions": comparison.stored,
        "judged_by": if comparison.by_ratio() { "ratio" } else { "instructions" },
        "rows": rows,
    })
}
