//! Calling cargo: shown before it runs, streamed while it runs, judged by how it ends.

use std::fmt;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

/// One call of cargo, built up word by word. Its `Display` can be pasted into a shell.
pub(crate) struct Cargo {
    envs: Vec<(&'static str, String)>,
    args: Vec<String>,
}

/// How many tests ran, summed over every test program of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) ignored: u64,
}

/// `cargo` with these words.
pub(crate) fn cargo<'a>(args: impl IntoIterator<Item = &'a str>) -> Cargo {
    Cargo {
        envs: Vec::new(),
        args: args.into_iter().map(str::to_owned).collect(),
    }
}

impl Cargo {
    pub(crate) fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    pub(crate) fn args<'a>(mut self, args: impl IntoIterator<Item = &'a str>) -> Self {
        self.args.extend(args.into_iter().map(str::to_owned));
        self
    }

    pub(crate) fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.envs.push((name, value.into()));
        self
    }

    /// Runs it with our own standard output and error.
    pub(crate) fn run(&self) -> Result<()> {
        self.announce();
        self.run_unannounced()
    }

    /// For what prints something that others read.
    pub(crate) fn run_unannounced(&self) -> Result<()> {
        let status = self.command().status().context("cannot start cargo")?;
        ensure!(status.success(), "`{self}` failed: {status}");
        Ok(())
    }

    /// Runs `cargo test`, passes its output on as it comes, and counts what ran.
    pub(crate) fn run_tests(&self) -> Result<Counts> {
        self.announce();
        let mut child = self
            .command()
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start cargo")?;
        let mut lines = BufReader::new(child.stdout.take().context("no output to read")?);
        let mut counts = Counts::default();
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line)? > 0 {
            // A closed pipe on our side must not leave the tests half run.
            let _ = std::io::stdout().write_all(&line);
            counts.add_line(&String::from_utf8_lossy(&line));
            line.clear();
        }
        let status = child.wait()?;
        ensure!(status.success(), "`{self}` failed: {status}");
        Ok(counts)
    }

    /// What it prints; its standard error stays ours.
    pub(crate) fn output(&self) -> Result<String> {
        let output = self
            .command()
            .stderr(Stdio::inherit())
            .output()
            .context("cannot start cargo")?;
        ensure!(
            output.status.success(),
            "`{self}` failed: {}",
            output.status
        );
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Runs it in silence and ends this program the way it ended.
    pub(crate) fn hand_over(&self) -> Result<()> {
        let status = self.command().status().context("cannot start cargo")?;
        std::process::exit(status.code().unwrap_or(1));
    }

    fn announce(&self) {
        println!("$ {self}");
    }

    fn command(&self) -> Command {
        // Cargo names itself to what it runs; the same toolchain then does every step.
        let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(program);
        command
            .args(&self.args)
            .envs(self.envs.iter().map(|(name, value)| (name, value)))
            .current_dir(root());
        command
    }
}

impl fmt::Display for Cargo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.envs {
            write!(f, "{name}={} ", quoted(value))?;
        }
        f.write_str("cargo")?;
        for arg in &self.args {
            write!(f, " {}", quoted(arg))?;
        }
        Ok(())
    }
}

impl Counts {
    fn add_line(&mut self, line: &str) {
        let Some((_, result)) = line.split_once("test result: ") else {
            return;
        };
        self.passed += number_before(result, " passed");
        self.failed += number_before(result, " failed");
        self.ignored += number_before(result, " ignored");
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            passed,
            failed,
            ignored,
        } = self;
        write!(f, "{passed} passed, {failed} failed, {ignored} skipped")
    }
}

/// Fails with the way to install it when a part of the toolchain is missing.
pub(crate) fn need(subcommand: &str, install: &str) -> Result<()> {
    let there = cargo([subcommand, "--version"])
        .command()
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !there {
        bail!("`cargo {subcommand}` is not installed; install it with `{install}`");
    }
    Ok(())
}

/// The colour choice for test programs, whose output we read through a pipe.
pub(crate) fn test_colour() -> &'static str {
    let wanted = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    if wanted {
        "--color=always"
    } else {
        "--color=never"
    }
}

/// The workspace's folder, wherever the caller stands.
pub(crate) fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

fn number_before(text: &str, word: &str) -> u64 {
    text.split_once(word)
        .and_then(|(before, _)| before.rsplit(' ').next())
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}

fn quoted(word: &str) -> String {
    if word.contains(' ') {
        format!("\"{word}\"")
    } else {
        word.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_over_several_test_programs() {
        let mut counts = Counts::default();
        for line in [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.00s",
            "test result: \u{1b}[31mFAILED\u{1b}(B\u{1b}[m. 12 passed; 4 failed; 0 ignored; 0 measured; 0 filtered out",
        ] {
            counts.add_line(line);
        }
        assert_eq!(counts.to_string(), "15 passed, 4 failed, 1 skipped");
    }

    #[test]
    fn a_shown_command_can_be_pasted_into_a_shell() {
        let shown = cargo(["test", "--lib"])
            .env("RUSTFLAGS", "--cfg floodwall_loom")
            .to_string();
        assert_eq!(shown, "RUSTFLAGS=\"--cfg floodwall_loom\" cargo test --lib");
    }
}
