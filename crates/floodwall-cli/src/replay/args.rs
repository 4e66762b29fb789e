//! What `floodwall replay` can be asked.

use std::path::PathBuf;

use clap::Args;
use floodwall_sim::Times;

const MORE: &str = "\
LOG is an access log in the common or combined format, a table (.csv) whose first line names its
columns, or JSON objects on lines. Known are, by many names: time, method, path, client, service (how
long it took), and headers. Nothing is sent anywhere: the log is played in virtual time against the
stack as it would be built from the file.

Try:
  floodwall explain --stack stack.toml                           what the stack is made of
  floodwall replay access.log --stack stack.toml                 the log says how long answers took
  floodwall replay access.log --stack stack.toml --service 20ms  it does not
  floodwall replay access.log --stack stack.toml --service '{ exponential = \"20ms\" }' --workers 16

The exit status is 0 if the log was played, 2 if it could not be, and 130 after Ctrl-C.
";

/// What `floodwall replay` can be asked.
#[derive(Args, Clone, Debug)]
#[command(after_help = MORE)]
pub(crate) struct ReplayArgs {
    /// The log of requests
    #[arg(value_name = "LOG")]
    pub(crate) log: PathBuf,

    /// The stack that would have stood in front
    #[arg(long, value_name = "FILE")]
    pub(crate) stack: PathBuf,

    /// How long the service takes where the log does not tell: a time, or a distribution as scenario
    /// files spell it
    #[arg(long, value_name = "TIME", value_parser = str::parse::<Times>, allow_hyphen_values = true)]
    pub(crate) service: Option<Times>,

    /// How many requests the service works on at once; more wait behind the stack [default: as many
    /// as there are]
    #[arg(long, value_name = "NUMBER", value_parser = workers, allow_hyphen_values = true)]
    pub(crate) workers: Option<u32>,

    /// Which random numbers to draw
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = crate::cli::seed, allow_hyphen_values = true)]
    pub(crate) seed: u64,

    /// Print one JSON object instead of the table
    #[arg(long)]
    pub(crate) json: bool,

    /// Also draw the run as a picture into this file
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,

    /// Also list the keys (addresses, values of headers) that quotas refused
    #[arg(long)]
    pub(crate) show_keys: bool,

    /// No progress bar and no notes, only the result
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

fn workers(text: &str) -> Result<u32, String> {
    let wrong = || "give a whole number, 1 or more, such as 16".to_owned();
    text.parse().ok().filter(|n| *n > 0).ok_or_else(wrong)
}
