//! `cargo xtask league`: builds the league's program for speed and hands over to it.

use anyhow::Result;

use crate::cargo::cargo;

#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// Handed on: `--help` tells
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

pub(crate) fn main(args: &Args) -> Result<()> {
    cargo([
        "run",
        "--quiet",
        "--profile",
        "league",
        "-p",
        "floodwall-league",
        "--",
    ])
    .args(args.words.iter().map(String::as_str))
    .hand_over()
}
