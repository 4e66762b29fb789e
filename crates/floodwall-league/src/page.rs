//! `docs/league.md`: the same bytes for the same results.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::checks::OURS;
use crate::rows::Row;
use crate::score::{League, Scored};
use crate::table::{bests, number};
use crate::{pictures, rows};

const INTRO: &str = "\
# The league

Every limit algorithm that is public, and floodwall's own (`marginal`), over every scenario of the simulator. This page is written by
`cargo xtask league`; nothing in it is written by hand.

All algorithms stand behind the same queue, that of the scenario, with the same classes, deadlines and shedding; only what moves the limit
differs. Each begins at 1, at 20 and at 200, with the settings of its source and no other in any scenario.

The *score* of a scenario is goodput over that of the best fixed limit, which a sweep of a dozen fixed limits finds for this very scenario and
load, at most 1. The first ten seconds count apart, as settling. Where several fixed limits do equally well (within half a per cent), the smallest
is called the best one. A scenario with several loads has the mean of them. The best fixed limit is known only afterwards: to reach it is as
much as there is to have.
";

const REPEAT: &str = "\
## How to repeat it

`cargo xtask league` plays what is missing and writes this page; results are kept in `target/league.jsonl` and used again while neither the
scenario nor the code that it depends on changes, so it goes on where it was stopped. `--only SCENARIO` and `--contender NAME` play a part,
`--seeds 3` less often, `--tuning` the scenarios that may be tuned on, `--check` holds the bars against it, `--json` prints it for programs. The
same seeds give the same figures on every machine.
";

/// Writes the page and its pictures into `docs/`.
pub(crate) fn write(rows: &[Row], league: &League) -> Result<()> {
    let docs = docs();
    let folder = docs.join("league");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut drawn = Vec::new();
    for (name, about, svg) in pictures::all(rows, league)? {
        let path = folder.join(format!("{name}.svg"));
        fs::write(&path, svg).with_context(|| format!("cannot write {}", path.display()))?;
        drawn.push((name, about));
    }
    let path = docs.join("league.md");
    fs::write(&path, page(league, &drawn)?)
        .with_context(|| format!("cannot write {}", path.display()))?;
    println!("\nwrote {}", path.display());
    Ok(())
}

fn docs() -> PathBuf {
    rows::home().join("../../docs")
}

fn page(league: &League, drawn: &[(String, String)]) -> Result<String> {
    let mut text = INTRO.to_owned();
    let _ = writeln!(
        text,
        "\nSeeds: {}; runs of half an hour {} at most.",
        league.seeds,
        3.min(league.seeds)
    );
    for (name, about) in drawn {
        let _ = writeln!(text, "\n![{about}](league/{name}.svg)");
    }
    text += "\n## Mean score\n\n";
    text += &means(league);
    text += "\n## Every scenario\n\n";
    text += &scores(league);
    text += "\n";
    text += &others(league);
    text += "\n## Beside the league\n\n";
    text += &beside(league);
    text += "\n## Row by row\n";
    for row in &league.rows {
        text += &details(row);
    }
    text += "\n## Which scenarios judge\n\n";
    text += &lists(league)?;
    text += "\n";
    text += REPEAT;
    Ok(text)
}

fn means(league: &League) -> String {
    let mut text = "| algorithm | mean score | from 1 | from 20 | from 200 | worst scenario |\n|---|---|---|---|---|---|\n".to_owned();
    let means = league.means();
    let best = means.iter().find(|(_, is_algorithm, _)| *is_algorithm);
    let best = best.map(|(name, ..)| name.clone());
    for (name, is_algorithm, mean) in &means {
        if !is_algorithm {
            continue;
        }
        let results: Vec<_> = league
            .judging()
            .filter_map(|row| Some((row, row.result(name)?)))
            .collect();
        let from = |start| {
            let of = results.iter().filter_map(|(_, result)| {
                let found = result.starts.iter().find(|(at, _)| *at == Some(start));
                found.map(|(_, score)| *score)
            });
            let of: Vec<f64> = of.collect();
            (!of.is_empty()).then(|| crate::score::mean(&of))
        };
        let worst = results
            .iter()
            .min_by(|one, other| one.1.score.total_cmp(&other.1.score));
        let worst = worst.map_or(String::new(), |(row, result)| {
            format!("{} ({:.3})", row.name, result.score)
        });
        let bold = if best.as_ref() == Some(name) {
            "**"
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "| {bold}{name}{bold} | {bold}{mean:.3}{bold} | {} | {} | {} | {worst} |",
            number(from(1), 3),
            number(from(20), 3),
            number(from(200), 3)
        );
    }
    text
}

/// A row for each scenario, a column for each algorithm; who wins is bold.
fn scores(league: &League) -> String {
    let Some(first) = league.rows.first() else {
        return String::new();
    };
    let names: Vec<_> = first
        .results
        .iter()
        .filter(|result| result.is_algorithm)
        .map(|result| result.name.as_str())
        .collect();
    let mut text = format!(
        "| scenario | best fixed | {} |\n|---|---|{}\n",
        names.join(" | "),
        "---|".repeat(names.len())
    );
    for row in league
        .judging()
        .chain(league.rows.iter().filter(|row| row.shown.is_some()))
    {
        let shown = if row.shown.is_some() {
            " (not scored)"
        } else {
            ""
        };
        let _ = write!(text, "| {}{shown} | {} |", row.name, bests(row));
        let best = row.ranking().first().map_or(0.0, |result| result.score);
        for name in &names {
            let Some(result) = row.result(name) else {
                text += " - |";
                continue;
            };
            // Who is as good as the best to three digits has won, too.
            let bold = if result.score >= best - 0.0005 {
                "**"
            } else {
                ""
            };
            let _ = write!(text, " {bold}{:.3}{bold} |", result.score);
        }
        text.push('\n');
    }
    text
}

/// Where another algorithm wins, said in a sentence.
fn others(league: &League) -> String {
    let mut text = String::new();
    for row in league.judging() {
        let ranking = row.ranking();
        let (Some(best), Some(ours)) = (ranking.first(), row.result(OURS)) else {
            continue;
        };
        if ours.score >= best.score - 0.0005 {
            continue;
        }
        let _ = writeln!(
            text,
            "- *{}*: {} wins with {:.3}, {OURS} has {:.3}.",
            row.name, best.name, best.score, ours.score
        );
    }
    if text.is_empty() {
        return format!(
            "No other algorithm does better than {OURS} in any scenario that judges, to three digits.\n"
        );
    }
    format!("Where another algorithm wins:\n\n{text}")
}

fn beside(league: &League) -> String {
    let mut text = "These are told how many workers there are, or how many may be inside, or take no limit at all: shown, and no part of the league.\n\n| | mean score |\n|---|---|\n".to_owned();
    for (name, is_algorithm, mean) in league.means() {
        if !is_algorithm {
            let _ = writeln!(text, "| {name} | {mean:.3} |");
        }
    }
    text
}

fn details(row: &Scored) -> String {
    let mut text = format!("\n### {}\n\n", row.name);
    if let Some(why) = &row.shown {
        let _ = writeln!(text, "Not scored: {why}.\n");
    }
    let _ = writeln!(
        text,
        "Best fixed limit: {}. Seeds: {}.\n",
        bests(row),
        row.seeds
    );
    text += "| | score | first 10 s | top class | false refusals | settles, s | recovers, s | limit / best |\n|---|---|---|---|---|---|---|---|\n";
    let best = row.ranking().first().map_or(0.0, |result| result.score);
    for result in &row.results {
        let wins = result.is_algorithm && result.score >= best - 0.0005;
        let bold = if wins { "**" } else { "" };
        let _ = writeln!(
            text,
            "| {bold}{}{bold} | {bold}{:.3}{bold} | {:.3} | {} | {} | {} | {} | {} |",
            result.name,
            result.score,
            result.settling,
            number(result.top, 3),
            number(result.false_refusals, 0),
            number(result.settles, 1),
            number(result.recovers, 1),
            number(result.limit, 2)
        );
    }
    text
}

fn lists(league: &League) -> Result<String> {
    let names = |rows: &mut dyn Iterator<Item = &Scored>| {
        let names: Vec<_> = rows.map(|row| format!("*{}*", row.name)).collect();
        names.join(", ")
    };
    let mut text = format!("Judging: {}.\n", names(&mut league.judging()));
    text += "\nShown and not scored:\n\n";
    for row in &league.rows {
        if let Some(why) = &row.shown {
            let _ = writeln!(text, "- *{}*: {why}", row.name);
        }
    }
    text += "\nLeft out:\n\n";
    for (name, why) in &rows::lists()?.left_out {
        let _ = writeln!(text, "- *{name}*: {why}");
    }
    let tuning: Vec<_> = rows::tuning()?
        .iter()
        .map(|row| format!("*{}*", row.name))
        .collect();
    let _ = writeln!(
        text,
        "\nTuned on, and in no table here: {} (`crates/floodwall-league/tuning/`).",
        tuning.join(", ")
    );
    Ok(text)
}
