//! Instructions that the server takes for a request, outside of the kernel.
//!
//! Under callgrind, twice: what the longer run has more than the shorter is what its requests took.

use std::fs;

use anyhow::{Context, Result, ensure};

use super::client;
use super::contender::Contender;
use crate::process::{Pin, SERVER_CORE};

/// What is done once, and what is warmed up, is over by then.
const FIRST: u32 = 1_000;

pub(super) fn per_request(pin: Pin, contender: Contender, requests: u32) -> Result<f64> {
    let fewer = collected(pin, contender, FIRST)?;
    let more = collected(pin, contender, FIRST + requests)?;
    Ok((more as f64 - fewer as f64) / f64::from(requests))
}

/// Whether it can be done here.
pub(super) fn works() -> bool {
    let tried = std::process::Command::new("valgrind")
        .arg("--version")
        .output();
    tried.is_ok_and(|output| output.status.success())
}

fn collected(pin: Pin, contender: Contender, requests: u32) -> Result<u64> {
    let name = contender.name();
    let log = std::env::temp_dir().join(format!("floodwall-wrk-{}.log", std::process::id()));
    let words = [
        "--tool=callgrind".to_owned(),
        "--callgrind-out-file=/dev/null".to_owned(),
        format!("--log-file={}", log.display()),
        std::env::current_exe()?.to_string_lossy().into_owned(),
        "serve-wrk".to_owned(),
        format!("--contender={name}"),
    ];
    let (mut server, port) = pin.start_of(SERVER_CORE, "valgrind", &words)?;
    client::ask(&port, requests).with_context(|| format!("`{name}` under valgrind"))?;
    ensure!(server.wait()?, "`{name}` did not end well under valgrind");
    let text = fs::read_to_string(&log)?;
    fs::remove_file(&log)?;
    read(&text).with_context(|| format!("callgrind tells nothing of `{name}`"))
}

fn read(log: &str) -> Option<u64> {
    let line = log.lines().find(|line| line.contains("Collected : "))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callgrind_tells_at_its_end_what_it_collected() {
        let log = "==1== Events    : Ir\n==1== Collected : 181265\n==1== \n";
        assert_eq!(read(log), Some(181_265));
        assert_eq!(read("==1== Events    : Ir\n"), None);
    }
}
