//! The same scenario at more and more load.

use serde_json::Value;

use crate::{COLLAPSES, FAILS, FLOOD, Folder, HOLDS, assert_says, printed, refused};

#[test]
fn a_sweep_has_one_line_for_each_load_and_is_judged_at_each() {
    let folder = Folder::new();
    let file = folder.file("flood.toml", &[FLOOD, COLLAPSES, HOLDS]);
    let shown = printed(&[&file, "--sweep", "load=3,0.5,2"], 0);
    assert_says(
        &shown,
        &[
            "holds  floodwall at load 0.5, during flood: ",
            "holds  floodwall at load 2, during flood: ",
            "holds  floodwall at load 3, during flood: ",
            "holds  bare at load 3, during flood: ",
            "1 scenario, 6 runs: 4 hold",
        ],
    );
    let rows: Vec<_> = shown
        .lines()
        .filter(|line| line.starts_with("load "))
        .map(|line| line.split_whitespace().nth(1).unwrap())
        .collect();
    assert_eq!(rows, ["0.5", "2", "3", "0.5", "2", "3"], "{shown}");
}

#[test]
fn what_fails_at_one_load_is_shown_again_at_that_load() {
    let folder = Folder::new();
    let file = folder.file("flood.toml", &[FLOOD, COLLAPSES, FAILS]);
    let shown = printed(&[&file, "--sweep", "load=0.5,4"], 1);
    assert_says(
        &shown,
        &[
            "holds  floodwall at load 0.5",
            "FAILS  floodwall at load 4",
            &format!("again: floodwall simulate {file} --seed 1 --sweep load=4\n"),
        ],
    );
}

#[test]
fn a_bare_service_that_does_not_collapse_at_the_greatest_load_proves_nothing() {
    let folder = Folder::new();
    let file = folder.file("flood.toml", &[FLOOD, COLLAPSES, HOLDS]);
    let shown = printed(&[&file, "--sweep", "load=0.2,0.5"], 1);
    assert_says(&shown, &["FAILS  bare at load 0.5", "proves nothing"]);
}

#[test]
fn every_phase_has_the_load_of_the_sweep_whatever_it_said() {
    let folder = Folder::new();
    let flood = FLOOD.replace(
        "load = 0.5",
        "rate = \"10/s\"\nshape = { ramp_to = 1000.0 }",
    );
    let file = folder.file("flood.toml", &[&flood]);
    let shown = printed(
        &[&file, "--sweep", "load=1", "--compare", "bare", "--json"],
        0,
    );
    let whole: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(whole["runs"][0]["load"], 1.0);
    for phase in whole["runs"][0]["report"]["phases"].as_array().unwrap() {
        let offered = phase["offered_rate"].as_f64().unwrap();
        assert!((850.0..1_150.0).contains(&offered), "{phase}");
    }
}

#[test]
fn a_scenario_that_is_a_sweep_is_swept() {
    let folder = Folder::new();
    let file = folder.file("flood.toml", &["sweep = [2.0, 0.5]\n", FLOOD, HOLDS]);
    let shown = printed(&[&file], 0);
    assert_says(&shown, &["load 0.5", "load 2", "1 scenario, 4 runs"]);
    let less = printed(&[&file, "--sweep", "load=1"], 0);
    assert_says(&less, &["load 1", "1 scenario, 2 runs"]);
}

#[test]
fn what_cannot_be_swept_is_refused() {
    let folder = Folder::new();
    let own = FLOOD.replace("share = 1.0", "load = 1.0");
    let own = own.replace("load = 0.5\n", "").replace("load = 4.0\n", "");
    let file = folder.file("own.toml", &[&own]);
    let told = refused(&[&file, "--sweep", "load=1..2"]);
    assert_says(&told, &["--sweep", "own.toml", "share"]);
    let start = FLOOD.find("[[tier]]").unwrap();
    let trace = "[trace]\nfile = \"gone.csv\"\n\n";
    let file = folder.file("replay.toml", &[trace, &FLOOD[start..]]);
    let told = refused(&[&file, "--sweep", "load=1..2"]);
    assert_says(&told, &["--sweep", "replay.toml", "recording"]);
    let file = folder.file("flood.toml", &[FLOOD]);
    let told = refused(&[&file, "--sweep", "load=1e9,2e9"]);
    assert_says(&told, &["--sweep", "flood.toml", "1000000000 times"]);
}
