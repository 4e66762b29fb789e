//! `floodwall simulate` as its users meet it: what it prints, what it refuses, and how it ends.

mod ending;
mod output;
mod pictures;
mod sweeps;
mod telling;
mod usage;

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
    str,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

/// Four seconds against a small service, which drowns without a stack.
const FLOOD: &str = r#"
about = "Four times the capacity, for a moment."

[[phase]]
name = "calm"
for = "1s"
load = 0.5

[[phase]]
name = "flood"
for = "3s"
load = 4.0

[[client]]
name = "everybody"
share = 1.0
deadline = "100ms"

[[tier]]
name = "service"
workers = 10
service = { exponential = "10ms" }

[stack]
limit = 10
queue = { capacity = 50, max_wait = "50ms" }
"#;

const COLLAPSES: &str = r#"
[[collapse]]
measure = "success"
during = "flood"
at_most = "15 %"
"#;

const HOLDS: &str = r#"
[[expect]]
measure = "possible"
during = "flood"
at_least = "80 %"
"#;

/// More than there can be.
const FAILS: &str = r#"
[[expect]]
measure = "success"
during = "flood"
at_least = "90 %"
"#;

/// A directory of its own, which goes when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "floodwall-simulate-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, parts: &[&str]) -> String {
        let path = self.0.join(name);
        fs::write(&path, parts.concat()).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind in the temporary directory fails no test.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_floodwall"));
    program
        .arg("simulate")
        .env_remove("NO_COLOR")
        .env_remove("FLOODWALL_SIM_SEED");
    program
}

fn simulate(args: &[&str]) -> Output {
    program()
        .args(args)
        .output()
        .expect("the program was built beside this test")
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).expect("the program writes UTF-8")
}

/// What it prints, if it ends like this.
#[track_caller]
fn printed(args: &[&str], status: i32) -> String {
    let output = simulate(args);
    assert_eq!(output.status.code(), Some(status), "{args:?}: {output:?}");
    text(&output.stdout).to_owned()
}

/// What it says when it refuses: nothing else is printed.
#[track_caller]
fn refused(args: &[&str]) -> String {
    let output = simulate(args);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {output:?}");
    assert_eq!(text(&output.stdout), "", "{args:?}");
    text(&output.stderr).to_owned()
}

#[track_caller]
fn assert_says(told: &str, words: &[&str]) {
    for word in words {
        assert!(told.contains(word), "`{word}` is missing from:\n{told}");
    }
}
