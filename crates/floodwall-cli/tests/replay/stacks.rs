//! What is wrong with a stack's file is told with the file, the line, the field and the fix.

use crate::{Folder, QUOTA, assert_says, busy_client, printed, refused};

#[test]
fn a_wrong_stack_is_told_with_its_line() {
    let folder = Folder::new();
    let log = folder.file("access.log", busy_client());
    for (text, says) in [
        (
            "",
            &["stack.toml: stack: nothing was asked for", "set a limit"][..],
        ),
        (
            "[concurrency]\nlimt = 8\n",
            &["stack.toml:2: ", "`limt`", "did you mean `limit`?"],
        ),
        (
            "[concurrency]\nlimit = 0\n",
            &["stack.toml:2: ", "limit", "at least 1"],
        ),
        ("[concurrency\n", &["stack.toml:1: "]),
        (
            &format!("{QUOTA}\n{QUOTA}"),
            &["stack.toml:9: ", "quota[1].name", "name them differently"],
        ),
        (
            &format!("{QUOTA}\n[[quota]]\nallow = \"fast\"\n"),
            &["stack.toml:7: ", "quota[1].allow", "fast"],
        ),
        (
            &format!("{QUOTA}[shed]\n"),
            &["stack.toml:5: ", "shed", "a limit with a queue"],
        ),
    ] {
        let stack = folder.file("stack.toml", text);
        let told = refused(&["replay", &log, "--stack", &stack]);
        assert_says(&told, says);
        assert_eq!(told, refused(&["explain", "--stack", &stack]));
    }
}

#[test]
fn a_file_that_is_not_there_or_no_text_is_named() {
    let folder = Folder::new();
    for path in [
        folder.path("no.toml"),
        folder.path(""),
        folder.file("bytes.toml", [0xff, 0xfe]),
    ] {
        let told = refused(&["explain", "--stack", &path]);
        assert_says(&told, &["--stack", &path]);
    }
    let huge = folder.file("huge.toml", "#".repeat(2 * 1024 * 1024));
    assert_says(&refused(&["explain", "--stack", &huge]), &["1 MiB"]);
}

#[test]
fn the_example_is_a_good_stack() {
    let folder = Folder::new();
    let log = folder.file("access.log", busy_client());
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/stack.toml");
    assert_says(
        &printed(&["explain", "--stack", example]),
        &["64 inside at once"],
    );
    assert_says(
        &printed(&["replay", &log, "--stack", example]),
        &["let everything in"],
    );
}
