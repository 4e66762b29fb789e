//! What is refused by the name of its flag.

use crate::{Folder, QUOTA, access_log, assert_says, busy_client, refused};

#[test]
fn nonsense_is_refused_by_the_name_of_its_flag_with_what_would_do() {
    let folder = Folder::new();
    let log = folder.file("access.log", busy_client());
    let stack = folder.file("stack.toml", QUOTA);
    for (flag, value, would_do) in [
        ("--service", "20", "no unit"),
        ("--service", "-1ms", "negative"),
        ("--service", "0s", "above 0"),
        ("--service", "{ normal = \"20ms\" }", "exponential"),
        ("--service", "{ exponential = \"20\" }", "no unit"),
        (
            "--service",
            "{ exponential = \"20ms\" }\nx = { constant = \"1s\" }",
            "one distribution",
        ),
        ("--service", "{", ""),
        ("--workers", "0", "1 or more"),
        ("--workers", "-1", "1 or more"),
        ("--workers", "many", "1 or more"),
        ("--seed", "x", "whole number"),
        ("--svg", "/no/such/folder/x.svg", "a directory that exists"),
    ] {
        let told = refused(&["replay", &log, "--stack", &stack, flag, value]);
        assert_says(&told, &[flag, would_do]);
    }
    assert_says(&refused(&["replay", &log]), &["--stack"]);
    assert_says(&refused(&["replay", "--stack", &stack]), &["LOG"]);
}

#[test]
fn a_log_without_service_times_needs_the_flag_and_says_so() {
    let folder = Folder::new();
    let stack = folder.file("stack.toml", QUOTA);
    let rows = ["0.010", ""].map(|more| (0, "a".to_owned(), "/".to_owned(), more.to_owned()));
    let log = folder.file("access.log", access_log(rows));
    let told = refused(&["replay", &log, "--stack", &stack]);
    assert_says(&told, &["1 of 2 requests do not tell", "--service 20ms"]);
}

#[test]
fn requests_that_cannot_be_are_refused_by_the_name_of_the_flag() {
    let folder = Folder::new();
    let stack = folder.file("stack.toml", QUOTA);
    for (args, says) in [
        (&["search"][..], &["begin it with `/`"][..]),
        (&["/a b"], &["is no path"]),
        (&["--peer", "localhost", "/"], &["--peer", "192.0.2.1"]),
        (&["--method", "G T", "/"], &["--method", "GET"]),
        (&["--header", "nothing", "/"], &["--header", "name: value"]),
        (&["--header", "a b: c", "/"], &["--header", "name: value"]),
        (&["--peer", "192.0.2.1"], &["PATH"]),
    ] {
        let told = refused(&[&["explain", "--stack", &stack], args].concat());
        assert_says(&told, says);
    }
    assert_says(&refused(&["explain", "/"]), &["--stack"]);
}
