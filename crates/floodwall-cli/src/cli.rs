//! The command line: what can be asked for, and what is refused by name before anything runs.

use std::{
    io::{self, Write},
    ops::RangeInclusive,
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::{
    demo,
    explain::{self, ExplainArgs},
    replay::{self, args::ReplayArgs},
    simulate::{self, args::SimulateArgs},
};

const TRY: &str = "\
Try:
  floodwall demo                     half a minute: the same flood twice, bare and behind floodwall
  floodwall demo --svg flood.svg     the same, and a picture of it
  floodwall demo --json | jq .       the same, as one JSON object
  floodwall simulate --list          worst days to play in virtual time
  floodwall replay access.log --stack stack.toml --service 20ms
                                     what this stack would have done to yesterday's traffic
";

/// Overload protection for tower services: see what it does on your own machine.
#[derive(Debug, Parser)]
#[command(name = "floodwall", version, about, after_help = TRY)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Flood a real server on loopback, first bare, then behind floodwall, and compare.
    Demo(DemoArgs),
    /// Play scenarios in virtual time, bare and behind floodwall, and judge them by what they promise.
    Simulate(SimulateArgs),
    /// Play a log of requests against a stack: what would it have done to yesterday's traffic?
    Replay(ReplayArgs),
    /// Say what a stack is made of, and what it makes of a request.
    Explain(ExplainArgs),
}

/// What `floodwall demo` can be asked.
#[derive(Args, Clone, Debug)]
#[command(
    after_help = "Ctrl-C stops the demo and prints what it has; a second Ctrl-C quits at once."
)]
pub(crate) struct DemoArgs {
    /// How strong the flood is, in multiples of the measured capacity
    #[arg(long, value_name = "TIMES", default_value_t = 5.0, value_parser = factor, allow_hyphen_values = true)]
    pub(crate) factor: f64,

    /// How long each of the three phases (calm, flood, recovery) lasts; each is run twice
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0, value_parser = seconds, allow_hyphen_values = true)]
    pub(crate) seconds: f64,

    /// Which sequence of random arrivals to play; both runs get the same one
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = seed, allow_hyphen_values = true)]
    pub(crate) seed: u64,

    /// Print one JSON object instead of the table and the chart
    #[arg(long)]
    pub(crate) json: bool,

    /// Also draw the comparison as a picture into this file
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,

    /// No progress bar and no notes, only the result
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// Parses the arguments and runs what they ask for.
pub(crate) fn run() -> ExitCode {
    let (result, failure) = match Cli::parse().command {
        Some(Command::Demo(args)) => (demo::run(&args), ExitCode::FAILURE),
        Some(Command::Simulate(args)) => (simulate::run(&args), simulate::CANNOT.into()),
        Some(Command::Replay(args)) => (replay::run(&args), simulate::CANNOT.into()),
        Some(Command::Explain(args)) => (explain::run(&args), simulate::CANNOT.into()),
        None => (help(), ExitCode::FAILURE),
    };
    result.unwrap_or_else(|error| {
        // `floodwall demo | head -1`: who closed the pipe has seen enough.
        if is_broken_pipe(&error) {
            return ExitCode::SUCCESS;
        }
        eprintln!("error: {error:#}");
        failure
    })
}

fn help() -> anyhow::Result<ExitCode> {
    write!(io::stdout(), "{}", Cli::command().render_help())?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
    kind == Some(io::ErrorKind::BrokenPipe)
}

fn factor(text: &str) -> Result<f64, String> {
    number(
        text,
        1.0..=20.0,
        "how many times the capacity the flood offers, such as 5",
    )
}

fn seconds(text: &str) -> Result<f64, String> {
    number(text, 0.5..=300.0, "how long each phase lasts, such as 5")
}

pub(crate) fn seed(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("give a whole number from 0 to {}, such as 1", u64::MAX))
}

/// `contains` is false for NaN, so nothing that cannot be compared gets through.
fn number(text: &str, allowed: RangeInclusive<f64>, meaning: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|value| allowed.contains(value))
        .ok_or_else(|| {
            let (low, high) = (allowed.start(), allowed.end());
            format!("give a number from {low} to {high}: {meaning}")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn sensible_numbers_are_taken() {
        assert_eq!(factor("5"), Ok(5.0));
        assert_eq!(factor("1"), Ok(1.0));
        assert_eq!(seconds("0.5"), Ok(0.5));
        assert_eq!(seed("18446744073709551615"), Ok(u64::MAX));
    }

    #[test]
    fn nonsense_is_refused_with_what_would_do() {
        for text in ["0", "-1", "NaN", "inf", "-inf", "1e9", "0.99", "five", ""] {
            assert!(factor(text).unwrap_err().contains("from 1 to 20"), "{text}");
        }
        for text in ["0", "-1", "nan", "inf", "301", "ten"] {
            assert!(
                seconds(text).unwrap_err().contains("from 0.5 to 300"),
                "{text}"
            );
        }
        for text in ["-1", "1.5", "18446744073709551616", "lucky"] {
            assert!(seed(text).unwrap_err().contains("whole number"), "{text}");
        }
    }
}
