//! How it ends: the exit status, and what is said when something does not hold.

use std::{
    io::Read,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use crate::{COLLAPSES, FAILS, FLOOD, Folder, HOLDS, assert_says, printed, program, refused, text};

#[test]
fn what_fails_is_told_with_the_command_that_shows_it_again() {
    let folder = Folder::new();
    let file = folder.file("flood.toml", &[FLOOD, COLLAPSES, FAILS]);
    let shown = printed(&[&file, "--seeds", "7..8"], 1);
    let again = format!("again: floodwall simulate {file} --seed ");
    assert_says(
        &shown,
        &[
            "FAILS  floodwall, during flood: success at least 90 %: measured ",
            &again,
            "1 holds, 1 fails, 0 pending",
        ],
    );
    let seed = shown.split(&again).nth(1).unwrap();
    let seed = seed.lines().next().unwrap();
    assert_says(&printed(&[&file, "--seed", seed], 1), &["FAILS  floodwall"]);
}

#[test]
fn a_failing_mean_is_shown_again_with_all_its_seeds() {
    let folder = Folder::new();
    let mean = "over = \"mean\"\n";
    let file = folder.file("flood.toml", &[FLOOD, FAILS, mean]);
    let shown = printed(&[&file, "--seeds", "1,2,3", "--compare", "floodwall"], 1);
    assert_says(
        &shown,
        &[
            ", the mean of 3 seeds",
            &format!("simulate {file} --seeds 1..3 --compare floodwall\n"),
        ],
    );
}

#[test]
fn what_is_pending_fails_nothing() {
    let folder = Folder::new();
    let needs = "needs = \"shedding\"\n";
    let file = folder.file("flood.toml", &[FLOOD, COLLAPSES, FAILS, needs]);
    let shown = printed(&[&file], 0);
    assert_says(
        &shown,
        &[
            "pending (needs shedding)  floodwall, during flood: success at least 90 %: measured ",
            "1 holds, 0 fail, 1 pending",
        ],
    );
}

#[test]
fn a_bare_service_that_does_not_collapse_proves_nothing() {
    let folder = Folder::new();
    let collapses = COLLAPSES.replace("flood", "calm");
    let file = folder.file("flood.toml", &[FLOOD, &collapses, HOLDS]);
    let shown = printed(&[&file], 1);
    assert_says(
        &shown,
        &[
            "FAILS  bare, during calm: success at most 15 %",
            "does not collapse as it should, so this scenario proves nothing",
        ],
    );
}

#[test]
fn a_scenario_says_why_nothing_collapses() {
    let folder = Folder::new();
    let why = "no_collapse = \"There is no flood.\"\n";
    let file = folder.file("flood.toml", &[why, FLOOD, HOLDS]);
    assert_says(&printed(&[&file], 0), &["There is no flood."]);
}

#[test]
fn what_cannot_be_simulated_says_why() {
    let folder = Folder::new();
    let start = FLOOD.find("[[tier]]").unwrap();
    let trace = "[trace]\nfile = \"gone.csv\"\n\n";
    let file = folder.file("replay.toml", &[trace, &FLOOD[start..]]);
    let told = refused(&[&file]);
    assert_says(&told, &["replay.toml", "cannot be simulated", "gone.csv"]);
}

#[test]
fn whoever_closes_the_pipe_has_seen_enough() {
    let folder = Folder::new();
    let file = folder.file("flood.toml", &[FLOOD, HOLDS]);
    let mut running = program()
        .args([&file, "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(running.stdout.take());
    let mut told = String::new();
    let mut stderr = running.stderr.take().unwrap();
    stderr.read_to_string(&mut told).unwrap();
    assert_eq!(running.wait().unwrap().code(), Some(0), "{told}");
    assert_eq!(told, "");
}

/// Only assertions of tests tell somebody to set it.
#[test]
fn the_seed_of_tests_is_not_taken_for_ours() {
    let folder = Folder::new();
    let file = folder.file("flood.toml", &[FLOOD]);
    let run = |seed: Option<&str>| {
        let mut program = program();
        program.arg(&file).arg("--json");
        if let Some(seed) = seed {
            program.env("FLOODWALL_SIM_SEED", seed);
        }
        program.output().unwrap().stdout
    };
    assert_eq!(run(None), run(Some("3")));
}

/// A day of it: long enough that it cannot end by itself meanwhile.
#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_stops_it() {
    let folder = Folder::new();
    let long = FLOOD.replace("for = \"3s\"", "for = \"86400s\"");
    let file = folder.file("long.toml", &[&long]);
    let mut running = program()
        .arg(&file)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", running.id());
    while !listens_for_ctrl_c(&status) {
        assert!(running.try_wait().unwrap().is_none(), "it ended by itself");
        thread::park_timeout(Duration::from_millis(5));
    }
    let killed = Command::new("kill")
        .args(["-INT", &running.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    let output = running.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert_eq!(text(&output.stdout), "");
    assert_says(text(&output.stderr), &["interrupted"]);
}

/// Before that, a signal would end it the other way.
#[cfg(target_os = "linux")]
fn listens_for_ctrl_c(status: &str) -> bool {
    let status = std::fs::read_to_string(status).unwrap_or_default();
    let caught = status
        .lines()
        .find_map(|line| line.strip_prefix("SigCgt:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // SIGINT is the second signal.
    caught.is_some_and(|mask| mask & 0b10 != 0)
}
