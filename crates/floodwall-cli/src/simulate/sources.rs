//! Where scenarios come from: a file, or the program itself.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::bail;
use floodwall_sim::{Builtin, Scenario, builtin};

use crate::nearest::nearest;

const HOW_TO_LIST: &str =
    "`floodwall simulate --list` shows the scenarios that come with the program";

/// The scenario in the file `path`, or the one that comes with the program under this name.
pub(crate) fn scenario(path: &Path) -> anyhow::Result<Scenario> {
    if let Some(known) = path.to_str().and_then(Builtin::find) {
        return Ok(known.scenario()?);
    }
    if path.is_dir() {
        bail!(directory(path));
    }
    if !path.exists() {
        bail!(nothing(path));
    }
    Ok(Scenario::load(path)?)
}

fn directory(path: &Path) -> String {
    let shown = path.display();
    match first_scenario(path) {
        Some(file) => format!(
            "`{shown}` is a directory: name the files in it, such as {}",
            file.display()
        ),
        None => format!(
            "`{shown}` is a directory without a scenario file (.toml) in it: name a file; {HOW_TO_LIST}"
        ),
    }
}

fn first_scenario(directory: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(directory).ok()?;
    entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .min()
}

fn nothing(path: &Path) -> String {
    let shown = path.display();
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    match nearest(&name, builtin().iter().map(Builtin::name)) {
        Some(near) => format!(
            "there is no file `{shown}` and no scenario of that name: did you mean `{near}`? {HOW_TO_LIST}"
        ),
        None => format!("there is no file `{shown}` and no scenario of that name: {HOW_TO_LIST}"),
    }
}
