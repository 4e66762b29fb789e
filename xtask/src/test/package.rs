//! Each library packages cleanly: with both licences and a readme, and what is in the package
//! builds without the rest of the workspace.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::cargo::{Cargo, Counts, cargo, root};
use crate::workspace::{Library, Workspace, folder};

const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

pub(super) fn run(workspace: &Workspace) -> Result<Counts> {
    let libraries = workspace.libraries()?;
    for library in &libraries {
        licences_agree(&library.name)?;
        has_all(&library.name)?;
    }
    // In one call: no registry has the lower crate yet, and the upper one's lock file names it.
    let mut package = cargo(["package", "--no-verify"]).in_progress();
    for library in &libraries {
        package = package.args(["-p", &library.name]);
    }
    package.run()?;
    builds_unpacked(&libraries, Path::new(workspace.target_directory()?))?;
    Ok(Counts::default())
}

/// What cargo's own verification does, except that it would keep the first package of a version
/// that it unpacked for ever, and then build the upper crate against yesterday's lower one.
fn builds_unpacked(libraries: &[Library], target: &Path) -> Result<()> {
    let place = target.join("unpacked");
    let _ = fs::remove_dir_all(&place);
    fs::create_dir_all(&place)?;
    let (mut members, mut patches) = (String::new(), String::new());
    for library in libraries {
        let folder = format!("{}-{}", library.name, library.version);
        let package = target.join("package").join(format!("{folder}.crate"));
        // `m`: as old as now. Packaged files all bear one date, and cargo would see no change.
        let status = Command::new("tar")
            .arg("-xzmf")
            .arg(&package)
            .arg("-C")
            .arg(&place)
            .status()
            .context("cannot start tar; it comes with every system, else install `tar`")?;
        ensure!(status.success(), "cannot unpack {}", package.display());
        members += &format!("{folder:?}, ");
        patches += &format!("{} = {{ path = {folder:?} }}\n", library.name);
    }
    let manifest = place.join("Cargo.toml");
    fs::write(
        &manifest,
        format!(
            "[workspace]\nresolver = \"3\"\nmembers = [{members}]\n\n[patch.crates-io]\n{patches}"
        ),
    )?;
    fs::copy(root().join("Cargo.lock"), place.join("Cargo.lock"))?;
    cargo(["check", "--workspace", "--lib", "--all-features"])
        .arg("--manifest-path")
        .arg(manifest.to_string_lossy())
        .run()
}

fn has_all(library: &str) -> Result<()> {
    let list = cargo(["package", "--list", "-p", library]).in_progress();
    let files = list.output()?;
    for wanted in LICENCES.into_iter().chain(["README.md"]) {
        ensure!(
            files.lines().any(|file| file == wanted),
            "the package of `{library}` has no {wanted}"
        );
    }
    Ok(())
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
