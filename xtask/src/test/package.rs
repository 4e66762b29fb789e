//! Each library packages cleanly: with both licences and a readme, and what is in the package
//! builds without the rest of the workspace.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::cargo::{Cargo, Counts, cargo, root};
use crate::workspace::{Workspace, folder};

const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

pub(super) fn run(workspace: &Workspace) -> Result<Counts> {
    let libraries = workspace.libraries()?;
    for library in &libraries {
        licences_agree(&library.name)?;
        let files = cargo(["package", "--list", "-p", &library.name]).in_progress();
        let files = files.output()?;
        for wanted in LICENCES.into_iter().chain(["README.md"]) {
            ensure!(
                files.lines().any(|file| file == wanted),
                "the package of `{}` has no {wanted}",
                library.name
            );
        }
    }
    // In one call: the upper crate is then built against the lower one's package, which no
    // registry has yet.
    let mut package = cargo(["package"]).in_progress();
    for library in &libraries {
        package = package.args(["-p", &library.name]);
    }
    package.run()?;
    Ok(Counts::default())
}

/// A package cannot reach above its own folder, so each library has copies.
fn licences_agree(library: &str) -> Result<()> {
    for licence in LICENCES {
        let read = |path: std::path::PathBuf| {
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        ensure!(
            read(root().join(licence))? == read(folder(library).join(licence))?,
            "crates/{library}/{licence} differs from {licence} at the root"
        );
    }
    Ok(())
}

impl Cargo {
    /// At home the work of the moment may be packaged; in CI only what is committed.
    fn in_progress(self) -> Self {
        if std::env::var_os("CI").is_some() {
            self
        } else {
            self.arg("--allow-dirty")
        }
    }
}
