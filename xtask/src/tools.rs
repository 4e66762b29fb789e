//! Programs that cargo does not bring along.

use std::fs;
use std::io::stderr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::cargo::{cargo, root};

/// Makes sure that `program` is there. On Debian and its kin it is installed when it is missing, and
/// that is said.
pub(crate) fn debian(program: &str, packages: &[&str]) -> Result<()> {
    if starts(program) {
        return Ok(());
    }
    let list = packages.join(" ");
    eprintln!("`{program}` is missing: installing {list} with apt-get");
    let install = || {
        let words = ["install", "--yes", "--no-install-recommends"];
        apt(&[&words, packages].concat())
    };
    // A fresh container has no lists of packages yet.
    let installed = install() || (apt(&["update"]) && install());
    ensure!(
        installed && starts(program),
        "`{program}` is missing and apt-get did not install it; install {list} yourself"
    );
    Ok(())
}

/// gungraun's runner, of the very version that the lock file has of gungraun itself, in a folder of
/// its own below `target/`: nothing else on the machine changes.
pub(crate) fn gungraun_runner(target: &Path) -> Result<PathBuf> {
    let lock = fs::read_to_string(root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let version = locked(&lock, "gungraun").context("gungraun is not in Cargo.lock")?;
    let place = target.join("tools").join(format!("gungraun-{version}"));
    let program = place.join("bin").join("gungraun-runner");
    if program.is_file() {
        return Ok(program);
    }
    let install = cargo(["install", "gungraun-runner", "--locked", "--debug"])
        .arg(format!("--version=={version}"))
        .arg("--root")
        .arg(place.to_string_lossy())
        .env("CARGO_PROFILE_DEV_DEBUG", "0");
    eprintln!("$ {install}");
    install.run_unannounced()?;
    Ok(program)
}

/// What a program prints, on one line.
pub(crate) fn told(program: &str, words: &[&str]) -> Result<String> {
    let output = Command::new(program)
        .args(words)
        .output()
        .with_context(|| format!("cannot start `{program}`"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Some programs know no `--version`; that they start is enough.
fn starts(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok()
}

fn apt(words: &[&str]) -> bool {
    let is_root = told("id", &["-u"]).is_ok_and(|id| id == "0");
    let mut command = if is_root {
        Command::new("apt-get")
    } else {
        let mut sudo = Command::new("sudo");
        sudo.args(["--non-interactive", "apt-get"]);
        sudo
    };
    command
        .args(words)
        .env("DEBIAN_FRONTEND", "noninteractive")
        // Standard output may be read by a program.
        .stdout(stderr())
        .status()
        .is_ok_and(|status| status.success())
}

fn locked<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let entry = format!("name = \"{name}\"\nversion = \"");
    lock.split_once(&entry)?.1.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_the_very_crate() {
        let lock = "\
            [[package]]\nname = \"gungraun-runner\"\nversion = \"1.0.0\"\n\n\
            [[package]]\nname = \"gungraun\"\nversion = \"2.0.0\"\nsource = \"x\"\n";
        assert_eq!(locked(lock, "gungraun"), Some("2.0.0"));
        assert_eq!(locked(lock, "gun"), None);
    }
}
