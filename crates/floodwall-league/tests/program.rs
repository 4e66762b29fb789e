//! The program as it is run: what `cargo xtask league` hands over to.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

/// A file of results of this test alone.
fn results(name: &str) -> PathBuf {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.jsonl"));
    let _ = fs::remove_file(&file);
    file
}

fn league(file: &PathBuf, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_floodwall-league"))
        .arg("--results")
        .arg(file)
        .args(words)
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn lines(file: &PathBuf) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// What CI runs: one seed of the short scenarios, everybody.
#[test]
fn a_quick_league_plays_everybody_and_scores_nobody_above_the_best_fixed_limit() {
    let file = results("quick");
    let league = json(&league(&file, &["--quick", "--json"]));
    let rows = league["rows"].as_array().unwrap();
    assert!(rows.len() >= 4);
    for row in rows {
        let results = row["results"].as_array().unwrap();
        assert!(results.len() > 10);
        for result in results {
            let score = result["score"].as_f64().unwrap();
            assert!((0.0..=1.0).contains(&score), "{row}");
        }
        let score = |name: &str| {
            let found = results.iter().find(|result| result["name"] == name);
            found.unwrap()["score"].as_f64().unwrap()
        };
        // The stack of the scenario has a limit that was chosen for it; nothing at all collapses.
        assert!(score("floodwall") > 0.9, "{}", row["name"]);
        assert!(score("bare") < 0.6, "{}", row["name"]);
        for spot in row["points"].as_array().unwrap() {
            assert!(spot["sweep"].as_array().unwrap().len() >= 5);
        }
    }
}

const ONE: [&str; 9] = [
    "--tuning",
    "--only",
    "single",
    "--contender",
    "aimd",
    "--starts",
    "1,20",
    "--seeds",
    "1",
];

/// The same arguments play nothing again; a torn line, as of a run that was killed, is played again.
#[test]
fn a_league_goes_on_where_it_was_stopped() {
    let file = results("stopped");
    let words = [&ONE[..], &["--json"]].concat();
    let first = league(&file, &words);
    let whole = lines(&file);
    // Five fixed limits and two starts.
    assert_eq!(whole.len(), 7);
    assert_eq!(json(&first), json(&league(&file, &words)));
    assert_eq!(lines(&file), whole, "nothing is played twice");

    let half = &whole[6][..whole[6].len() / 2];
    fs::write(&file, whole[..6].join("\n") + "\n" + half).unwrap();
    assert_eq!(json(&first), json(&league(&file, &words)));
    assert_eq!(lines(&file).len(), 8, "the torn line stays, one is new");
}

/// A result of other code has another print and is not used.
#[test]
fn results_of_other_code_are_not_used() {
    let file = results("stale");
    json(&league(&file, &[&ONE[..], &["--json"]].concat()));
    let stale: Vec<_> = lines(&file)
        .iter()
        .map(|line| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            line["print"] = "of other code".into();
            line.to_string()
        })
        .collect();
    fs::write(&file, stale.join("\n") + "\n").unwrap();
    json(&league(&file, &[&ONE[..], &["--json"]].concat()));
    assert_eq!(lines(&file).len(), 14);
}

#[test]
fn tables_name_the_scenario_and_who_plays() {
    let output = league(&results("table"), &ONE);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("single") && text.contains("aimd"), "{text}");
    assert!(text.contains("best fixed limit 1"), "{text}");
}

#[test]
fn what_is_not_there_is_told() {
    for (words, told) in [
        (["--only", "nowhere"], "no scenario is called `nowhere`"),
        (["--contender", "vega"], "did you mean `vegas`?"),
        (["--starts", "0"], "0"),
    ] {
        let output = league(&results("wrong"), &words);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success());
        assert!(error.contains(told), "{error}");
    }
}

/// Whoever plays is held against the bars, and the program ends as they say.
#[test]
fn the_program_ends_as_the_bars_say() {
    let file = results("bars");
    let words = [
        "--only",
        "calm",
        "--contender",
        "bbr_go_zero",
        "--seeds",
        "1",
        "--check",
    ];
    let output = league(&file, &words);
    let text = String::from_utf8_lossy(&output.stdout);
    // Ours did not play: nothing is passed and nothing fails.
    assert!(output.status.success(), "{text}");
    assert!(text.contains("0 pass, 0 fail"), "{text}");
    let words = [
        "--only",
        "calm",
        "--contender",
        "marginal:1",
        "--seeds",
        "1",
        "--check",
    ];
    let output = league(&file, &words);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("calm, marginal:1: not one refusal after a minute"),
        "{text}"
    );
    let fails = text.contains("FAIL");
    assert_eq!(output.status.success(), !fails, "{text}");
}
