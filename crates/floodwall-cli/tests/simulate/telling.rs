//! Scenarios that are told of, not played.

use serde_json::Value;

use crate::{FLOOD, Folder, HOLDS, assert_says, printed};

#[test]
fn the_scenarios_that_come_with_the_program_are_listed_in_80_columns() {
    let shown = printed(&["--list"], 0);
    assert_says(&shown, &["\nbreakwater-spike  ", "  Demand jumps"]);
    assert!(
        shown.lines().all(|line| line.chars().count() <= 80),
        "{shown}"
    );
}

#[test]
fn the_list_as_json_has_a_name_and_a_sentence_for_each() {
    let list: Value = serde_json::from_str(&printed(&["--list", "--json"], 0)).unwrap();
    for entry in list.as_array().unwrap() {
        assert!(!entry["name"].as_str().unwrap().is_empty(), "{entry}");
        assert!(!entry["about"].as_str().unwrap().is_empty(), "{entry}");
    }
}

#[test]
fn scenarios_are_told_in_words() {
    let folder = Folder::new();
    let file = folder.file("flood.toml", &[FLOOD, HOLDS]);
    let shown = printed(&["--explain", &file, "breakwater-spike"], 0);
    assert_says(
        &shown,
        &[
            "flood: Four times the capacity",
            "during flood: possible at least 80 %",
            "breakwater-spike: ",
        ],
    );
    assert_eq!(shown, printed(&[&file, "breakwater-spike", "--explain"], 0));
}

#[test]
fn the_schema_is_a_json_schema_of_scenario_files() {
    let schema: Value = serde_json::from_str(&printed(&["--schema"], 0)).unwrap();
    assert_eq!(schema["properties"]["phase"]["type"], "array");
    assert!(schema["$schema"].is_string());
}
