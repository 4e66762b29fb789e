//! `--svg`.

use std::fs;

use crate::{FLOOD, Folder, HOLDS, assert_says, printed, refused, simulate, text};

#[track_caller]
fn assert_picture(path: &str) {
    let picture = fs::read_to_string(path).unwrap();
    assert!(picture.starts_with("<svg"), "{path}");
    assert!(picture.trim_end().ends_with("</svg>"), "{path}");
}

#[test]
fn each_stack_and_their_comparison_are_drawn_into_a_new_directory() {
    let folder = Folder::new();
    let file = folder.file("flood.toml", &[FLOOD, HOLDS]);
    let directory = folder.path("a/b");
    let output = simulate(&[
        &file,
        "--svg",
        &directory,
        "--compare",
        "fifo:20,floodwall",
        "--seeds",
        "1..2",
    ]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    for name in ["flood-fifo-20", "flood-floodwall", "flood-compare"] {
        let path = folder.0.join("a/b").join(format!("{name}.svg"));
        let path = path.to_str().unwrap();
        assert_picture(path);
        assert_says(text(&output.stderr), &[&format!("wrote {path}")]);
    }
    assert_eq!(fs::read_dir(directory).unwrap().count(), 3);
}

#[test]
fn a_sweep_is_one_picture() {
    let folder = Folder::new();
    let file = folder.file("flood.toml", &[FLOOD]);
    let here = folder.path("");
    printed(
        &[&file, "--svg", &here, "--sweep", "load=0.5,2", "--quiet"],
        0,
    );
    assert_picture(&folder.path("flood-sweep.svg"));
}

#[test]
fn whoever_wants_quiet_is_not_told_what_was_written() {
    let folder = Folder::new();
    let file = folder.file("flood.toml", &[FLOOD]);
    let here = folder.path("");
    let output = simulate(&[&file, "--svg", &here, "--quiet"]);
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn a_directory_that_cannot_be_written_is_refused_before_anything_runs() {
    let folder = Folder::new();
    // Runs for longer than anybody waits.
    let long = FLOOD.replace("for = \"3s\"", "for = \"86400s\"");
    let file = folder.file("long.toml", &[&long]);
    let below = format!("{file}/pictures");
    assert_says(&refused(&[&file, "--svg", &below]), &["--svg", &below]);
}

#[test]
fn pictures_that_would_overwrite_one_another_are_refused() {
    let folder = Folder::new();
    let one = folder.file("one.toml", &["name = \"same\"\n", FLOOD]);
    let other = folder.file("other.toml", &["name = \"same\"\n", FLOOD]);
    let told = refused(&[&one, &other, "--svg", &folder.path("")]);
    assert_says(&told, &["--svg", "`same`"]);
}

#[test]
fn more_stacks_than_a_picture_holds_are_refused() {
    let folder = Folder::new();
    let file = folder.file("flood.toml", &[FLOOD]);
    let all = "bare,fifo:20,tower,codel,codel-lifo,ordered:40,dagor";
    let told = refused(&[&file, "--compare", all, "--svg", &folder.path("")]);
    assert_says(&told, &["--svg", "7 stacks", "6 at most"]);
}
