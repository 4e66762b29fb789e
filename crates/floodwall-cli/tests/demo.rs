//! The program as its users meet it: what it prints, what it refuses. Never how fast it was.

use std::{
    fs,
    process::{Command, Output, Stdio},
    str, thread,
    time::Duration,
};

use serde_json::Value;

fn floodwall(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_floodwall"))
        .args(args)
        .env_remove("NO_COLOR")
        .output()
        .expect("the program was built beside this test")
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).expect("the program writes UTF-8")
}

#[test]
fn a_small_demo_prints_one_json_object_of_the_promised_shape() {
    let output = floodwall(&[
        "demo",
        "--seconds",
        "1",
        "--factor",
        "2",
        "--json",
        "--quiet",
        "--seed",
        "1",
    ]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(text(&output.stderr), "");
    // `from_slice` refuses anything after the object.
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["capacity_rps"].as_f64().unwrap() > 0.0);
    let runs = report["runs"].as_array().unwrap();
    assert_eq!(names(runs), ["bare", "floodwall"]);
    let refused = |run: &Value, phase: usize| run["phases"][phase]["statuses"]["503"].is_u64();
    assert!(
        (0..3).all(|phase| !refused(&runs[0], phase)),
        "the bare service cannot refuse: {report}"
    );
    assert!(
        refused(&runs[1], 1),
        "twice the capacity is too much for a wall to let in: {report}"
    );
    for run in runs {
        let phases = run["phases"].as_array().unwrap();
        assert_eq!(names(phases), ["calm", "flood", "recovery"]);
        for phase in phases {
            check_phase(phase);
        }
    }
}

fn names(values: &[Value]) -> Vec<&str> {
    values
        .iter()
        .map(|value| value["name"].as_str().unwrap())
        .collect()
}

/// Whatever the machine did, every request is accounted for exactly once.
fn check_phase(phase: &Value) {
    for rate in ["offered_rps", "goodput_rps"] {
        assert!(phase[rate].as_f64().unwrap() >= 0.0, "{rate}: {phase}");
    }
    for quantile in ["p50_ms", "p99_ms", "refusal_p50_ms"] {
        assert!(
            phase[quantile].is_f64() || phase[quantile].is_null(),
            "{quantile}: {phase}"
        );
    }
    let priorities = phase["priorities"].as_array().unwrap();
    let numbers: Vec<_> = priorities
        .iter()
        .map(|priority| count(&priority["priority"]))
        .collect();
    assert_eq!(numbers, [0, 3, 6]);
    let sum = |field: &str| {
        priorities
            .iter()
            .map(|priority| count(&priority[field]))
            .sum::<u64>()
    };
    let statuses = phase["statuses"].as_object().unwrap();
    let answered: u64 = statuses.values().map(count).sum();
    assert_eq!(
        sum("offered"),
        answered + count(&phase["timeouts"]) + count(&phase["errors"]),
        "{phase}"
    );
    assert_eq!(
        sum("succeeded"),
        statuses.get("200").map_or(0, count),
        "{phase}"
    );
}

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

#[test]
fn both_runs_get_the_same_arrivals() {
    let output = floodwall(&[
        "demo",
        "--seconds",
        "0.5",
        "--factor",
        "1",
        "--json",
        "--quiet",
        "--seed",
        "7",
    ]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let offered = |run: usize, phase: usize| {
        report["runs"][run]["phases"][phase]["offered_rps"]
            .as_f64()
            .unwrap()
    };
    for phase in 0..3 {
        assert_eq!(offered(0, phase), offered(1, phase));
    }
}

#[test]
fn a_small_demo_draws_and_writes_without_colours_into_a_pipe() {
    let picture = tempfile();
    let path = picture.to_str().unwrap();
    let output = floodwall(&[
        "demo",
        "--seconds",
        "0.5",
        "--factor",
        "1",
        "--quiet",
        "--svg",
        path,
    ]);
    assert!(output.status.success(), "{output:?}");
    let shown = text(&output.stdout);
    for word in [
        "bare",
        "floodwall",
        "capacity",
        "calm 0.5x",
        "flood 1x",
        "recovery",
    ] {
        assert!(shown.contains(word), "{word} is missing from:\n{shown}");
    }
    assert!(!shown.contains('\x1b'), "{shown}");
    let svg = fs::read_to_string(&picture).unwrap();
    fs::remove_file(&picture).unwrap();
    assert!(
        svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"),
        "{svg}"
    );
}

fn tempfile() -> std::path::PathBuf {
    std::env::temp_dir().join(format!("floodwall-demo-{}.svg", std::process::id()))
}

#[test]
fn nonsense_is_refused_by_the_name_of_its_flag() {
    for (flag, values) in [
        (
            "--factor",
            ["0", "-1", "NaN", "1e12", "five", ""].as_slice(),
        ),
        ("--seconds", &["0", "-5", "nan", "inf", "86400", "ten"]),
        ("--seed", &["-1", "0.5", "99999999999999999999", "x"]),
    ] {
        for value in values {
            let output = floodwall(&["demo", flag, value]);
            let message = text(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{flag} {value}: {message}");
            assert!(message.contains(flag), "{flag} {value}: {message}");
            assert_eq!(text(&output.stdout), "");
        }
    }
}

#[test]
fn a_picture_that_cannot_be_written_is_refused_before_the_flood() {
    let output = floodwall(&["demo", "--svg", "no/such/directory/flood.svg"]);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(
        message.contains("--svg") && message.contains("no/such/directory/flood.svg"),
        "{message}"
    );
}

#[test]
fn without_arguments_it_says_what_to_try() {
    let output = floodwall(&[]);
    assert!(output.status.success());
    assert!(
        text(&output.stdout).contains("floodwall demo --svg"),
        "{output:?}"
    );
}

/// Interrupted in the flood, which is when the bare server has hundreds of connections open.
#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_in_the_flood_stops_it_and_prints_what_it_has() {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_floodwall"))
        .args(["demo", "--seconds", "3", "--json", "--quiet"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let files = format!("/proc/{}/fd", demo.id());
    let open = || fs::read_dir(&files).map_or(0, Iterator::count);
    while open() < 300 {
        assert!(demo.try_wait().unwrap().is_none(), "it ended by itself");
        thread::park_timeout(Duration::from_millis(5));
    }
    let killed = Command::new("kill")
        .args(["-INT", &demo.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    let output = demo.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["interrupted"], true);
    let phases = report["runs"][0]["phases"].as_array().unwrap();
    assert_eq!(names(phases), ["calm", "flood"]);
}
