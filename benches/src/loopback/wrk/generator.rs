//! wrk, on a core of its own, and what it says.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::contender::Contender;
use crate::process::{GENERATOR_CORE, Pin};

/// What this contender answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answered {
    pub(super) requests: u64,
    /// In a second.
    pub(super) rate: f64,
}

/// Loads this contender for a while.
pub(super) fn load(
    pin: Pin,
    contender: Contender,
    port: &str,
    connections: u32,
    time: Duration,
) -> Result<Answered> {
    let words = [
        "--threads=1".to_owned(),
        format!("--connections={connections}"),
        format!("--duration={}s", time.as_secs()),
        format!("http://127.0.0.1:{port}/"),
    ];
    let said = Said::read(&pin.output_of(GENERATOR_CORE, "wrk", &words)?)?;
    said.check(contender)?;
    Ok(Answered {
        requests: said.requests,
        rate: said.rate,
    })
}

#[derive(Debug, PartialEq)]
struct Said {
    requests: u64,
    rate: f64,
    /// Those with another status than 2xx or 3xx.
    refused: u64,
    errors: bool,
}

impl Said {
    fn read(text: &str) -> Result<Self> {
        let after = |word: &str| {
            let rest = text.split_once(word)?.1.trim_start();
            rest.split(|c: char| !c.is_ascii_digit() && c != '.').next()
        };
        let requests = text
            .split_once(" requests in ")
            .and_then(|(before, _)| before.rsplit(char::is_whitespace).next()?.parse().ok())
            .context("wrk tells no number of requests")?;
        let rate = after("Requests/sec:").and_then(|rate| rate.parse().ok());
        let refused = after("Non-2xx or 3xx responses:").and_then(|number| number.parse().ok());
        Ok(Self {
            requests,
            rate: rate.context("wrk tells no rate")?,
            refused: refused.unwrap_or(0),
            errors: text.contains("Socket errors:"),
        })
    }

    /// A figure of something else than what was meant is worse than none.
    fn check(&self, contender: Contender) -> Result<()> {
        let name = contender.name();
        ensure!(self.requests > 0, "`{name}` answered nothing");
        ensure!(!self.errors, "wrk had errors of sockets with `{name}`");
        let expected = if contender.refuses() {
            // The very first one is let in.
            self.requests - 1..=self.requests
        } else {
            0..=0
        };
        ensure!(
            expected.contains(&self.refused),
            "`{name}` refused {} of {}",
            self.refused,
            self.requests
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(end: &str) -> Said {
        let text = format!(
            "Running 1s test @ http://127.0.0.1:1/\n  1 threads and 32 connections\n  \
             11843 requests in 1.10s, 1.45MB read\n{end}Requests/sec:  10766.36\nTransfer/sec:      1.32MB\n"
        );
        Said::read(&text).unwrap()
    }

    #[test]
    fn what_wrk_prints_is_understood() {
        let expected = Said {
            requests: 11_843,
            rate: 10_766.36,
            refused: 0,
            errors: false,
        };
        assert_eq!(said(""), expected);
        assert_eq!(said("  Non-2xx or 3xx responses: 11842\n").refused, 11_842);
        assert!(said("  Socket errors: connect 0, read 1, write 0, timeout 0\n").errors);
        assert!(Said::read("wrk: command not found").is_err());
    }

    #[test]
    fn who_does_something_else_than_it_should_has_no_figure() {
        let all = said("  Non-2xx or 3xx responses: 11842\n");
        assert!(all.check(Contender::Floodwall).is_err());
        assert!(all.check(Contender::FloodwallRefusing).is_ok());
        let half = said("  Non-2xx or 3xx responses: 6000\n");
        assert!(half.check(Contender::FloodwallRefusing).is_err());
        assert!(said("").check(Contender::Bare).is_ok());
        assert!(said("").check(Contender::GovernorRefusing).is_err());
        let broken = said("  Socket errors: connect 0, read 1, write 0, timeout 0\n");
        assert!(broken.check(Contender::Bare).is_err());
    }
}
