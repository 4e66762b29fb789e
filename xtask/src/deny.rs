//! `cargo xtask deny`: cargo-deny over `deny.toml`.

use anyhow::Result;

use crate::cargo::{cargo, need};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Which checks: advisories, bans, licenses, sources; all of them when none is named
    #[arg(value_name = "CHECK")]
    checks: Vec<String>,
}

pub(crate) fn main(args: &Args) -> Result<()> {
    need("deny", "cargo install cargo-deny --locked")?;
    cargo(["deny", "check"])
        .args(args.checks.iter().map(String::as_str))
        .run()
}
