use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;

/// Every limit algorithm over every scenario, beside the best fixed limit
#[derive(Debug, Parser)]
#[command(name = "cargo xtask league", bin_name = "cargo xtask league")]
pub(crate) struct Args {
    /// How many seeds; runs of half an hour take 3 at most
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    pub(crate) seeds: u64,
    /// Only this scenario; may be said several times
    #[arg(long, value_name = "SCENARIO")]
    pub(crate) only: Vec<String>,
    /// Only this algorithm or contender (the sweep of fixed limits is played anyway); may be said several
    /// times
    #[arg(long, value_name = "NAME")]
    pub(crate) contender: Vec<String>,
    /// Where the algorithms begin
    #[arg(long, value_delimiter = ',', default_values_t = [1, 20, 200], value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) starts: Vec<u32>,
    /// The scenarios that may be tuned on, instead of those that judge
    #[arg(long)]
    pub(crate) tuning: bool,
    /// One seed of the short scenarios, from a start of 20
    #[arg(long)]
    pub(crate) quick: bool,
    /// Hold the bars that floodwall's own algorithm has to pass against it; fails if one is not passed
    #[arg(long)]
    pub(crate) check: bool,
    /// Write docs/league.md even if something was left out
    #[arg(long)]
    pub(crate) page: bool,
    /// Print JSON instead of tables
    #[arg(long)]
    pub(crate) json: bool,
    /// How many runs at once: one for each core when not said
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) threads: Option<u16>,
    /// Where results are kept, so that a league goes on where it was stopped
    #[arg(long, value_name = "FILE")]
    pub(crate) results: Option<PathBuf>,
}

impl Args {
    /// Whether nothing is left out.
    pub(crate) fn is_whole(&self) -> bool {
        let all = self.only.is_empty() && self.contender.is_empty();
        all && !self.tuning && !self.quick && self.seeds >= 20 && self.starts == [1, 20, 200]
    }

    /// In the folder of what was built, which is kept and never committed.
    pub(crate) fn results(&self) -> Result<PathBuf> {
        if let Some(file) = &self.results {
            return Ok(file.clone());
        }
        let program = std::env::current_exe()?;
        // target/PROFILE/program
        let target = program.ancestors().nth(2).unwrap_or(&program);
        Ok(target.join("league.jsonl"))
    }

    pub(crate) fn seeds(&self) -> u64 {
        if self.quick { 1 } else { self.seeds }
    }

    pub(crate) fn starts(&self) -> &[u32] {
        if self.quick { &[20] } else { &self.starts }
    }
}
