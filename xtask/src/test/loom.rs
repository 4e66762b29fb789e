//! The loom models: the code under test, with loom's atomics and locks in place of std's.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::cargo::{Counts, cargo, test_colour};
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace) -> Result<Counts> {
    // Other flags mean other artefacts: a folder of its own keeps both caches warm.
    let target = Path::new(workspace.target_directory()?).join("loom");
    let libraries = workspace.libraries()?;
    let with_models: Vec<_> = libraries.iter().filter(|library| library.loom).collect();
    ensure!(!with_models.is_empty(), "no library depends on loom");
    let mut sum = Counts::default();
    for library in with_models {
        let counts = cargo(["test", "--release", "-p", &library.name, "--lib", "loom"])
            .args(["--", test_colour()])
            .env("RUSTFLAGS", "--cfg floodwall_loom")
            .env("LOOM_MAX_PREEMPTIONS", "2")
            // Quick to build and quick to run; the assertions are what the models look for.
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
            .env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true")
            .env("CARGO_TARGET_DIR", target.to_string_lossy())
            .run_tests()?;
        ensure!(
            counts.passed > 0,
            "`{}` depends on loom, and no test of it has `loom` in its path",
            library.name
        );
        sum += counts;
    }
    Ok(sum)
}
