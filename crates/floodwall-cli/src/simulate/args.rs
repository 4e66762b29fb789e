//! What `floodwall simulate` can be asked.

use std::path::PathBuf;

use clap::Args;
use floodwall_sim::Contender;

use super::{loads::Loads, seeds::Seeds};

const MORE: &str = "\
FILE is the path of a scenario file, or the name of a scenario that comes with the program.

Try:
  floodwall simulate --list                            which scenarios there are
  floodwall simulate --explain breakwater-spike        one of them, in words
  floodwall simulate breakwater-spike                  play it, bare and behind floodwall
  floodwall simulate flood.toml --seeds 1..20          a file of your own, with twenty seeds
  floodwall simulate flood.toml --sweep load=0.1..6    at more and more load

The exit status is 0 if all that is expected holds, 1 if something does not or if the bare service
does not collapse, 2 if something cannot be simulated, and 130 after Ctrl-C.
";

/// What `floodwall simulate` can be asked.
#[derive(Args, Clone, Debug)]
#[command(after_help = MORE)]
pub(crate) struct SimulateArgs {
    /// Scenario files, or names of scenarios that come with the program
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// Which random numbers to draw [default: 1]
    #[arg(long, value_name = "NUMBER", value_parser = crate::cli::seed, conflicts_with = "seeds", allow_hyphen_values = true)]
    pub(crate) seed: Option<u64>,

    /// Run once for each of these: 1..20, both ends included, or 1,5,9
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    pub(crate) seeds: Option<Seeds>,

    /// Print one JSON object instead of tables and sentences
    #[arg(long)]
    pub(crate) json: bool,

    /// Also draw pictures into this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) svg: Option<PathBuf>,

    /// What stands in front of the service, one after the other: bare,tower,floodwall. There is bare,
    /// fifo:N (a line of N), tower[:N] (its own limit and shed), codel, codel-lifo (folly's), ordered:N (by
    /// priority), dagor (after WeChat's), and floodwall (the `[stack]` of the file)
    #[arg(long, value_name = "STACKS", value_delimiter = ',', value_parser = str::parse::<Contender>)]
    pub(crate) compare: Vec<Contender>,

    /// Run once for each load, in multiples of the capacity: load=0.1..6, load=0.1..6/12 or
    /// load=0.5,1,2
    #[arg(long, value_name = "LOADS", allow_hyphen_values = true)]
    pub(crate) sweep: Option<Loads>,

    /// No progress bar and no notes, only the result
    #[arg(long, short)]
    pub(crate) quiet: bool,

    /// List the scenarios that come with the program, and what each is for
    #[arg(long, conflicts_with_all = ["files", "explain", "schema", "seed", "seeds", "svg", "compare", "sweep"])]
    pub(crate) list: bool,

    /// Tell scenarios in words instead of playing them
    #[arg(long, conflicts_with_all = ["schema", "json", "seed", "seeds", "svg", "compare", "sweep"])]
    pub(crate) explain: bool,

    /// Print the JSON schema of scenario files, for editors
    #[arg(long, conflicts_with_all = ["files", "seed", "seeds", "svg", "compare", "sweep"])]
    pub(crate) schema: bool,
}

impl SimulateArgs {
    /// In ascending order, so that the order in which they were given changes no output.
    pub(crate) fn seeds(&self) -> Vec<u64> {
        match &self.seeds {
            Some(seeds) => seeds.as_slice().to_vec(),
            None => vec![self.seed.unwrap_or(1)],
        }
    }
}
