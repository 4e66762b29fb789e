use std::fmt::Write as _;

use crate::score::{League, Scored};

/// The league for a terminal: a row for each scenario, a column for each of the field.
pub(crate) fn show(league: &League) -> String {
    let mut text = String::new();
    let Some(first) = league.rows.first() else {
        return "nothing was played\n".to_owned();
    };
    let names: Vec<_> = first
        .results
        .iter()
        .map(|result| result.name.as_str())
        .collect();
    let _ = write!(text, "{:30} {:>5}", "score (of the worst start)", "best");
    for name in &names {
        let _ = write!(text, " {name:>12}");
    }
    text.push('\n');
    for row in &league.rows {
        let _ = write!(text, "{:30} {:>5}", name(row), bests(row));
        for result in &row.results {
            let worst = result.starts.iter().map(|(_, score)| *score);
            let worst = worst.fold(f64::INFINITY, f64::min);
            let cell = if result.starts.len() > 1 {
                format!("{:.3} ({worst:.2})", result.score)
            } else {
                format!("{:.3}", result.score)
            };
            let _ = write!(text, " {cell:>12}");
        }
        text.push('\n');
    }
    let _ = write!(text, "{:30} {:>5}", "mean of what is scored", "");
    let means = league.means();
    for name in &names {
        let mean = means.iter().find(|(other, ..)| other == name);
        let _ = write!(
            text,
            " {:>12}",
            mean.map_or("-".to_owned(), |(.., mean)| format!("{mean:.3}"))
        );
    }
    text.push('\n');
    text + &details(league)
}

fn details(league: &League) -> String {
    let mut text = String::new();
    for row in &league.rows {
        let _ = writeln!(
            text,
            "\n{} (seeds: {}): best fixed limit {}",
            row.name,
            row.seeds,
            bests(row)
        );
        let _ = writeln!(
            text,
            "  {:16} {:>7} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}  by start",
            "", "score", "first 10", "top", "false", "settles", "recovers", "limit"
        );
        for result in &row.results {
            let starts: Vec<_> = result
                .starts
                .iter()
                .filter_map(|(start, score)| Some(format!("{}: {score:.3}", (*start)?)))
                .collect();
            let _ = writeln!(
                text,
                "  {:16} {:>7.3} {:>8.3} {:>8} {:>8} {:>8} {:>8} {:>8}  {}",
                result.name,
                result.score,
                result.settling,
                number(result.top, 3),
                number(result.false_refusals, 1),
                number(result.settles, 1),
                number(result.recovers, 1),
                number(result.limit, 2),
                starts.join(", ")
            );
        }
    }
    text
}

fn name(row: &Scored) -> String {
    match row.shown {
        Some(_) => format!("({})", row.name),
        None => row.name.clone(),
    }
}

/// The best fixed limit; of a sweep, the least and the most.
pub(crate) fn bests(row: &Scored) -> String {
    let bests = || row.points.iter().map(|spot| spot.best.0);
    let (least, most) = (bests().min().unwrap_or(0), bests().max().unwrap_or(0));
    if least == most {
        least.to_string()
    } else {
        format!("{least}-{most}")
    }
}

pub(crate) fn number(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.decimals$}"))
}
