//! This program again, on a core of its own.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

pub(crate) const SERVER_CORE: u8 = 0;
pub(crate) const GENERATOR_CORE: u8 = 1;

/// Whether parts are pinned to cores, and if not, why.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pin {
    works: bool,
}

/// A part that runs until it is dropped.
pub(crate) struct Running(Child);

impl Pin {
    pub(crate) fn find() -> Self {
        let tried = |core: &str| {
            Command::new("taskset")
                .args(["-c", core, "true"])
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
        };
        Self {
            works: tried("0") && tried("1"),
        }
    }

    pub(crate) const fn works(self) -> bool {
        self.works
    }

    fn command(self, core: u8, program: impl AsRef<OsStr>, args: &[String]) -> Command {
        let mut command = if self.works {
            let mut taskset = Command::new("taskset");
            taskset.args(["-c", &core.to_string()]).arg(program);
            taskset
        } else {
            Command::new(program)
        };
        command.args(args);
        command
    }

    /// What a part prints, once it has ended.
    pub(crate) fn output(self, core: u8, args: &[String]) -> Result<String> {
        self.output_of(core, std::env::current_exe()?, args)
    }

    /// The same of another program.
    pub(crate) fn output_of(
        self,
        core: u8,
        program: impl AsRef<OsStr>,
        args: &[String],
    ) -> Result<String> {
        let output = self
            .command(core, program, args)
            .stderr(Stdio::inherit())
            .output()
            .context("cannot start a part of this program")?;
        ensure!(output.status.success(), "`{}` failed", args.join(" "));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// A part that goes on, and the first line that it prints.
    pub(crate) fn start(self, core: u8, args: &[String]) -> Result<(Running, String)> {
        self.start_of(core, std::env::current_exe()?, args)
    }

    /// The same of another program.
    pub(crate) fn start_of(
        self,
        core: u8,
        program: impl AsRef<OsStr>,
        args: &[String],
    ) -> Result<(Running, String)> {
        let mut child = self
            .command(core, program, args)
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start a part of this program")?;
        let stdout = child.stdout.take().context("no output to read")?;
        let running = Running(child);
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        Ok((running, line.trim().to_owned()))
    }
}

impl Running {
    /// Until it ends by itself; tells whether it ended well.
    pub(crate) fn wait(&mut self) -> Result<bool> {
        Ok(self.0.wait()?.success())
    }

    /// What it took of its core so far; none where the system does not tell.
    pub(crate) fn cpu(&self) -> Option<Duration> {
        cpu_of(&fs::read_to_string(format!("/proc/{}/stat", self.0.id())).ok()?)
    }
}

/// Linux tells in hundredths of a second, whatever its own ticks are.
fn cpu_of(stat: &str) -> Option<Duration> {
    // The name in front may have spaces.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_ascii_whitespace().skip(11);
    let mut hundredths = || times.next()?.parse::<u64>().ok();
    Some(Duration::from_millis(10 * (hundredths()? + hundredths()?)))
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Unprotected, as many sockets are open as requests come within the second that a client waits.
pub(crate) fn raise_file_limit() {
    #[cfg(unix)]
    let _ = rlimit::increase_nofile_limit(65_536);
}

/// The arguments of a part, none of which has a space in it.
pub(crate) fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_process_is_its_own_and_the_kernels() {
        let stat = "7 (a (b) c) S 1 2 3 0 -1 4194304 100 0 0 0 250 130 9 9 20 0 3 0 5";
        assert_eq!(cpu_of(stat), Some(Duration::from_millis(3_800)));
        assert_eq!(cpu_of("7 (a) S 1"), None);
    }
}
