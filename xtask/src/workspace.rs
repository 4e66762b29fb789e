//! What the manifests say, as `cargo metadata` tells it, so that no list here can fall behind.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::cargo::{cargo, root};

/// The workspace as one call of `cargo metadata` shows it.
pub(crate) struct Workspace {
    metadata: Value,
}

/// A library crate that users can depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Library {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Without `default`, sorted by name.
    pub(crate) features: Vec<String>,
    /// Has models that loom explores.
    pub(crate) loom: bool,
    /// The oldest Rust that it promises to build with.
    pub(crate) rust_version: Option<String>,
}

impl Workspace {
    /// The members alone.
    pub(crate) fn load() -> Result<Self> {
        Self::ask("--no-deps")
    }

    /// With everything that is locked and how it hangs together. Downloads what is not here yet,
    /// for every platform.
    pub(crate) fn load_graph() -> Result<Self> {
        Self::ask("--all-features")
    }

    fn ask(how: &str) -> Result<Self> {
        let text = cargo(["metadata", "--format-version=1", how]).output()?;
        Ok(Self {
            metadata: serde_json::from_str(&text)?,
        })
    }

    /// The libraries; what depends on none of the others comes first.
    pub(crate) fn libraries(&self) -> Result<Vec<Library>> {
        let members = &self.metadata["workspace_members"];
        let mut packages: Vec<_> = self
            .packages()
            .iter()
            .filter(|package| contains(members, &package["id"]))
            .filter(|package| package["publish"].is_null() && has_lib(package))
            .collect();
        ensure!(!packages.is_empty(), "no library crates found");
        packages.sort_by_key(|package| siblings(package));
        Ok(packages.into_iter().map(library).collect())
    }

    /// Every package that was asked for, members included.
    pub(crate) fn packages(&self) -> &[Value] {
        list(&self.metadata["packages"])
    }

    /// One node per locked package, with what it depends on.
    pub(crate) fn nodes(&self) -> &[Value] {
        list(&self.metadata["resolve"]["nodes"])
    }

    /// Where cargo builds.
    pub(crate) fn target_directory(&self) -> Result<&str> {
        self.metadata["target_directory"]
            .as_str()
            .context("cargo metadata names no target directory")
    }
}

/// The parts of a JSON array; nothing for anything else.
pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A crate's folder below `crates/`.
pub(crate) fn folder(library: &str) -> std::path::PathBuf {
    root().join("crates").join(library)
}

fn contains(array: &Value, wanted: &Value) -> bool {
    list(array).contains(wanted)
}

fn has_lib(package: &Value) -> bool {
    list(&package["targets"])
        .iter()
        .any(|target| contains(&target["kind"], &Value::from("lib")))
}

/// How many crates of this workspace it needs.
fn siblings(package: &Value) -> usize {
    list(&package["dependencies"])
        .iter()
        .filter(|dependency| dependency["path"].is_string())
        .count()
}

fn library(package: &Value) -> Library {
    let text = |key: &str| package[key].as_str().map(str::to_owned);
    Library {
        name: text("name").unwrap_or_default(),
        version: text("version").unwrap_or_default(),
        features: package["features"]
            .as_object()
            .into_iter()
            .flat_map(|features| features.keys())
            .filter(|name| *name != "default")
            .cloned()
            .collect(),
        loom: list(&package["dependencies"])
            .iter()
            .any(|dependency| dependency["name"] == "loom"),
        rust_version: text("rust_version"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_libraries_are_found_with_their_features() {
        let found = Workspace::load().unwrap().libraries().unwrap();
        let names: Vec<_> = found.iter().map(|library| library.name.as_str()).collect();
        assert_eq!(names.first(), Some(&"floodwall-core"), "{names:?}");
        let floodwall = found
            .iter()
            .find(|library| library.name == "floodwall")
            .unwrap();
        assert!(floodwall.features.contains(&"http".to_owned()));
        assert!(!floodwall.features.contains(&"default".to_owned()));
        assert!(floodwall.loom);
    }

    #[test]
    fn members_that_nobody_can_depend_on_are_left_out() {
        let found = Workspace::load().unwrap().libraries().unwrap();
        assert!(found.iter().all(|library| library.name != "xtask"));
        assert!(found.iter().all(|library| library.name != "floodwall-cli"));
    }

    #[test]
    fn every_dependency_has_its_reason_in_the_decisions() {
        let decisions = std::fs::read_to_string(root().join("docs/decisions.md")).unwrap();
        let workspace = Workspace::load().unwrap();
        for package in workspace.packages() {
            for dependency in list(&package["dependencies"]) {
                let name = dependency["name"].as_str().unwrap();
                assert!(
                    dependency["path"].is_string() || decisions.contains(&format!("`{name}`")),
                    "{} depends on `{name}`: say why in docs/decisions.md",
                    package["name"]
                );
            }
        }
    }
}
