//! What is refused, and what is said about it.

use crate::{FLOOD, Folder, assert_says, refused};

#[test]
fn nonsense_is_refused_by_the_name_of_its_flag_with_what_would_do() {
    let folder = Folder::new();
    let file = folder.file("flood.toml", &[FLOOD]);
    for (flag, value, would_do) in [
        ("--seed", "x", "such as 1"),
        ("--seed", "-1", "whole number"),
        ("--seeds", "20..1", "1..20"),
        ("--seeds", "x", "1..20"),
        ("--seeds", "", "1..20"),
        ("--seeds", "1..9999999", "at most"),
        ("--sweep", "load=", "load=0.1..6"),
        ("--sweep", "foo=1..2", "load=0.1..6"),
        ("--sweep", "load=0..2", "more than 0"),
        ("--sweep", "load=-1", "more than 0"),
        ("--compare", "nginx", "there is bare"),
        ("--compare", "towr", "did you mean `tower`?"),
        ("--compare", "bare,fifo:0", "fifo:20"),
    ] {
        let told = refused(&[&file, flag, value]);
        assert_says(&told, &[flag, would_do]);
    }
    assert_says(
        &refused(&[&file, "--seed", "1", "--seeds", "1..2"]),
        &["--seed", "--seeds"],
    );
    assert_says(&refused(&[&file, "--list"]), &["--list"]);
}

#[test]
fn without_a_file_it_says_how_to_find_one() {
    assert_says(&refused(&[]), &["FILE", "floodwall simulate --list"]);
    assert_says(&refused(&["--explain"]), &["FILE", "--list"]);
}

#[test]
fn a_name_that_is_not_known_gets_the_nearest_one() {
    let told = refused(&["breakwater-spik"]);
    assert_says(&told, &["did you mean `breakwater-spike`?", "--list"]);
    let told = refused(&["no/such/breakwatr-spike.toml"]);
    assert_says(
        &told,
        &["no/such/breakwatr-spike.toml", "`breakwater-spike`"],
    );
    let told = refused(&["nothing-like-it"]);
    assert_says(&told, &["nothing-like-it", "--list"]);
    assert!(!told.contains("did you mean"), "{told}");
}

#[test]
fn a_directory_is_no_scenario() {
    let folder = Folder::new();
    let path = folder.path("");
    assert_says(&refused(&[&path]), &["is a directory without", "--list"]);
    let file = folder.file("b.toml", &[FLOOD]);
    folder.file("c.toml", &[FLOOD]);
    assert_says(&refused(&[&path]), &["is a directory", &file]);
}

#[test]
fn a_key_that_is_not_known_is_told_with_its_file_and_line() {
    let folder = Folder::new();
    let file = folder.file("wrong.toml", &[FLOOD, "[[expect]]\nmesure = \"success\"\n"]);
    let line = FLOOD.lines().count() + 2;
    let told = refused(&[&file]);
    assert_says(
        &told,
        &[&format!("error: {file}:{line}: "), "`mesure`", "`measure`"],
    );
}

#[test]
fn one_wrong_file_is_told_before_the_others_run() {
    let folder = Folder::new();
    let good = folder.file("good.toml", &[FLOOD]);
    let wrong = folder.file("wrong.toml", &["phase = 1\n"]);
    assert_says(&refused(&[&good, &wrong]), &["wrong.toml:1"]);
}

#[test]
fn a_stack_that_a_scenario_compares_with_must_be_known() {
    let folder = Folder::new();
    let file = folder.file("flood.toml", &["compare = [\"bare\", \"nginx\"]\n", FLOOD]);
    assert_says(
        &refused(&[&file]),
        &["flood.toml:1: ", "nginx", "there is bare"],
    );
}
