//! `floodwall replay` and `floodwall explain` as their users meet them.

mod explaining;
mod figures;
mod logs;
mod stacks;
mod usage;

use std::{
    fmt::Write as _,
    fs,
    path::PathBuf,
    process::{Command, Output},
    str,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

/// Each client may ask once a second, and twice at once.
const QUOTA: &str =
    "[[quota]]\nallow = \"1/s burst 2\"\nper = \"client_address\"\nname = \"client\"\n";

/// A directory of its own, which goes when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "floodwall-replay-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
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

/// Lines of an access log: when, from whom, for what, and what stands behind the agent.
fn access_log(rows: impl IntoIterator<Item = (u32, String, String, String)>) -> String {
    let mut text = String::new();
    for (second, client, path, more) in rows {
        let (hour, minute) = (10 + second / 3_600, second / 60 % 60);
        writeln!(
            text,
            "{client} - - [02/Jan/2026:{hour:02}:{minute:02}:{:02} +0000] \
             \"GET {path} HTTP/1.1\" 200 512 \"-\" \"test/1.0\" {more}",
            second % 60
        )
        .unwrap();
    }
    text
}

/// Five minutes, one request a second, each from another client; from 120 s to 129 s one client
/// asks four times a second, too. 340 lines.
fn busy_client() -> String {
    let calm = (0..300).map(|second| {
        let client = format!("192.0.2.{}", second % 100 + 1);
        (second, client, "/".to_owned(), "0.020".to_owned())
    });
    let busy = (0..40).map(|n| {
        let client = "198.51.100.7".to_owned();
        (
            120 + n / 4,
            client,
            "/export".to_owned(),
            "0.020".to_owned(),
        )
    });
    let mut rows: Vec<_> = calm.chain(busy).collect();
    rows.sort_by_key(|row| row.0);
    access_log(rows)
}

fn program(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_floodwall"))
        .args(args)
        .env_remove("NO_COLOR")
        .env_remove("FLOODWALL_SIM_SEED")
        .output()
        .expect("the program was built beside this test")
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).expect("the program writes UTF-8")
}

/// What it prints when all is well: nothing else is said.
#[track_caller]
fn printed(args: &[&str]) -> String {
    let output = program(args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {output:?}");
    assert_eq!(text(&output.stderr), "", "{args:?}");
    text(&output.stdout).to_owned()
}

#[track_caller]
fn json(args: &[&str]) -> serde_json::Value {
    serde_json::from_str(&printed(&[args, &["--json"]].concat())).unwrap()
}

/// What it says when it refuses: nothing else is printed.
#[track_caller]
fn refused(args: &[&str]) -> String {
    let output = program(args);
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
