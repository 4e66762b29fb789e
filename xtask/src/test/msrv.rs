//! What the lock file holds for a library must build with the Rust that the library promises.
//! (What our own code uses of std is clippy's business: `incompatible_msrv`.)

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::cargo::Counts;
use crate::workspace::{Library, Workspace, list};

pub(super) fn run(_: &Workspace) -> Result<Counts> {
    let workspace = Workspace::load_graph()?;
    for library in workspace.libraries()? {
        let promised = library
            .rust_version
            .as_deref()
            .with_context(|| format!("`{}` states no rust-version", library.name))?;
        let needed = dependencies(&workspace, &library)?;
        let newer: Vec<_> = needed
            .iter()
            .filter(|package| {
                package["rust_version"]
                    .as_str()
                    .is_some_and(|needs| version(needs) > version(promised))
            })
            .map(|package| {
                let text = |key: &str| package[key].as_str().unwrap_or("?").to_owned();
                format!(
                    "{} {} needs {}",
                    text("name"),
                    text("version"),
                    text("rust_version")
                )
            })
            .collect();
        ensure!(
            newer.is_empty(),
            "`{}` promises Rust {promised}, but {}",
            library.name,
            newer.join(", ")
        );
        println!(
            "{}: Rust {promised} is enough for all {} dependencies",
            library.name,
            needed.len()
        );
    }
    Ok(Counts::default())
}

/// What is compiled for the library's users, with every feature on; not what only tests need.
fn dependencies<'a>(workspace: &'a Workspace, library: &Library) -> Result<Vec<&'a Value>> {
    let by_id = |values: &'a [Value]| -> HashMap<&'a str, &'a Value> {
        values
            .iter()
            .filter_map(|value| Some((value["id"].as_str()?, value)))
            .collect()
    };
    let packages = by_id(workspace.packages());
    let nodes = by_id(workspace.nodes());
    let start = packages
        .iter()
        .find(|(_, package)| package["name"] == library.name.as_str())
        .map(|(id, _)| *id)
        .with_context(|| format!("`{}` is not in the lock file", library.name))?;

    let mut found = vec![start];
    let mut next = 0;
    while let Some(id) = found.get(next) {
        for dependency in list(&nodes[id]["deps"]) {
            if let Some(id) = dependency["pkg"].as_str() {
                if is_for_users(dependency) && !found.contains(&id) {
                    found.push(id);
                }
            }
        }
        next += 1;
    }
    Ok(found[1..].iter().map(|id| packages[id]).collect())
}

/// A normal or build dependency. Those under a cfg of our own are for our tests.
fn is_for_users(dependency: &Value) -> bool {
    list(&dependency["dep_kinds"]).iter().any(|kind| {
        let ours = kind["target"]
            .as_str()
            .is_some_and(|target| target.contains("floodwall"));
        kind["kind"] != "dev" && !ours
    })
}

/// Major, minor, patch; a part that is not said is zero.
fn version(text: &str) -> [u32; 3] {
    let mut parts = text.split('.').map(|part| part.parse().unwrap_or(0));
    std::array::from_fn(|_| parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(version("1.100") > version("1.85"));
        assert!(version("1.85.1") > version("1.85"));
        assert_eq!(version("1.85"), version("1.85.0"));
    }

    #[test]
    fn test_dependencies_are_not_the_users_business() {
        let kind = |kind: Value, target: Value| serde_json::json!({ "dep_kinds": [{ "kind": kind, "target": target }] });
        assert!(is_for_users(&kind(Value::Null, Value::Null)));
        assert!(is_for_users(&kind("build".into(), Value::Null)));
        assert!(!is_for_users(&kind("dev".into(), Value::Null)));
        assert!(!is_for_users(&kind(
            Value::Null,
            "cfg(floodwall_loom)".into()
        )));
    }
}
