//! What a run prints.

use serde_json::Value;

use crate::{COLLAPSES, FAILS, FLOOD, Folder, HOLDS, assert_says, printed, simulate, text};

#[test]
fn a_good_run_shows_its_figures_and_what_holds() {
    let folder = Folder::new();
    let file = folder.file("flood.toml", &[FLOOD, COLLAPSES, HOLDS]);
    let shown = printed(&[&file], 0);
    assert_says(
        &shown,
        &[
            "flood: Four times the capacity, for a moment.\n",
            "bare in",
            "floodwall in",
            "calm",
            "holds  bare, during flood: success at most 15 %: measured ",
            "holds  floodwall, during flood: possible at least 80 %: measured ",
            ", seed 1\n",
            "1 scenario, 2 runs: 2 hold, 0 fail, 0 pending\n",
        ],
    );
    assert!(!shown.contains('\x1b'), "{shown}");
}

#[test]
fn into_a_pipe_nothing_is_said_beside_the_result() {
    let folder = Folder::new();
    let file = folder.file("flood.toml", &[FLOOD]);
    assert_eq!(text(&simulate(&[&file]).stderr), "");
}

#[test]
fn several_seeds_are_shown_as_their_mean() {
    let folder = Folder::new();
    let file = folder.file("flood.toml", &[FLOOD, HOLDS]);
    let shown = printed(&[&file, "--seeds", "1..3"], 0);
    assert_says(&shown, &["the mean of 3 seeds", "1 scenario, 6 runs"]);
}

#[test]
fn json_is_one_object_with_the_runs_and_the_verdicts() {
    let folder = Folder::new();
    let file = folder.file("flood.toml", &[FLOOD, COLLAPSES, FAILS]);
    let shown = printed(&[&file, "--json", "--seeds", "4..5"], 1);
    let whole: Value = serde_json::from_str(&shown).unwrap();
    let runs = whole["runs"].as_array().unwrap();
    let who: Vec<_> = runs
        .iter()
        .map(|run| {
            (
                run["stack"].as_str().unwrap(),
                run["seed"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        who,
        [("bare", 4), ("bare", 5), ("floodwall", 4), ("floodwall", 5)]
    );
    for run in runs {
        assert_eq!(run["scenario"], "flood");
        assert_eq!(run["report"]["phases"][1]["name"], "flood");
        assert!(run.get("load").is_none());
    }
    let verdicts = whole["verdicts"].as_array().unwrap();
    assert_eq!(verdicts.len(), 2, "{verdicts:?}");
    assert_eq!(verdicts[0]["stack"], "bare");
    assert_eq!(verdicts[0]["state"], "holds");
    assert_eq!(verdicts[1]["state"], "fails");
    assert!(verdicts[1]["value"].as_f64().unwrap() < 0.9);
    assert!(verdicts[1]["seed"].is_u64());
    assert!(verdicts[1]["replay"].is_string());
}

#[test]
fn the_same_runs_print_the_same_bytes_in_whatever_order_seeds_are_given() {
    let folder = Folder::new();
    let file = folder.file("flood.toml", &[FLOOD, COLLAPSES, HOLDS]);
    let json = |seeds| printed(&[&file, "--json", "--seeds", seeds], 0);
    let first = json("1..3");
    assert!(first == json("1..3"), "twice the same is not the same");
    assert!(first == json("3,1,2"), "the order of seeds matters");
}

#[test]
fn other_seeds_are_other_runs() {
    let folder = Folder::new();
    let file = folder.file("flood.toml", &[FLOOD]);
    let json = |seed| printed(&[&file, "--json", "--seed", seed], 0);
    assert!(json("1") != json("2"), "the seed changes nothing");
}

#[test]
fn what_is_compared_is_shown_and_not_judged() {
    let folder = Folder::new();
    let file = folder.file("flood.toml", &[FLOOD, COLLAPSES, FAILS]);
    let shown = printed(&[&file, "--compare", "tower,fifo:20"], 0);
    assert_says(&shown, &["tower in", "fifo:20 in", "0 hold, 0 fail"]);
    assert!(!shown.contains("bare"), "{shown}");
}

#[test]
fn a_scenario_says_what_runs_beside_the_stack() {
    let folder = Folder::new();
    let compare = "compare = [\"codel\"]\n";
    let file = folder.file("flood.toml", &[compare, FLOOD, COLLAPSES, HOLDS]);
    let shown = printed(&[&file], 0);
    assert_says(&shown, &["codel in", "floodwall in", "1 hold"]);
    assert!(!shown.contains("bare in"), "{shown}");
}

#[test]
fn several_files_are_several_scenarios_and_each_is_run_once() {
    let folder = Folder::new();
    let one = folder.file("one.toml", &[FLOOD, HOLDS]);
    let other = folder.file("other.toml", &[FLOOD, HOLDS]);
    let shown = printed(&[&other, &one, &other], 0);
    assert_says(&shown, &["2 scenarios, 4 runs: 2 hold"]);
    assert!(shown.find("other: ") < shown.find("one: "), "{shown}");
}

#[test]
fn a_scenario_that_comes_with_the_program_is_found_by_its_name() {
    let shown = printed(&["breakwater-spike"], 0);
    assert_says(&shown, &["breakwater-spike: ", "holds  bare, during spike"]);
}
