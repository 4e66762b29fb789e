//! What floodwall costs, beside its peers: `cargo xtask bench [NAME] [--json] [--save]`.

use std::process::ExitCode;

fn main() -> ExitCode {
    floodwall_measured::bench()
}
