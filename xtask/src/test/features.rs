//! Each library in every set of features that users meet: none, each alone, the default, all. Its tests
//! and examples in those of them that say most: none, the default, all.

use anyhow::Result;

use crate::cargo::{Cargo, Counts, cargo, need, test_colour};
use crate::workspace::{Library, Workspace};

pub(super) fn run(workspace: &Workspace) -> Result<Counts> {
    need("clippy", "rustup component add clippy")?;
    let libraries = workspace.libraries()?;
    for library in &libraries {
        for features in selections(library) {
            // By itself: test dependencies may switch on what the library forgot to ask for.
            check(library, &features, "--lib").run()?;
        }
        for features in with_tests(library) {
            check(library, &features, "--all-targets").run()?;
        }
    }
    let mut counts = Counts::default();
    for library in &libraries {
        for features in tested(library) {
            let mut tests = cargo(["test", "--lib", "-p", &library.name]);
            if library.name == "floodwall" {
                // What promises to work without HTTP is run without it.
                tests = tests.args(["--test", "plain", "--test", "modes", "--test", "outcomes"]);
            }
            counts += tests
                .args(features.iter().map(String::as_str))
                .args(["--", test_colour()])
                .run_tests()?;
        }
    }
    Ok(counts)
}

/// Clippy instead of check: it does the same and knows how to refuse warnings in our code only.
fn check(library: &Library, features: &[String], targets: &str) -> Cargo {
    cargo(["clippy", "-p", &library.name, targets])
        .args(features.iter().map(String::as_str))
        .args(["--", "-D", "warnings"])
}

/// Every selection once, as arguments to cargo.
fn selections(library: &Library) -> Vec<Vec<String>> {
    let mut selections = tested(library);
    if library.features.is_empty() {
        return selections;
    }
    for feature in &library.features {
        selections.push(words(["--no-default-features", "--features", feature]));
    }
    selections.push(words(["--all-features"]));
    selections
}

/// Whose tests are checked as well: with a single feature more of them takes long, and nobody is met by it.
fn with_tests(library: &Library) -> Vec<Vec<String>> {
    let mut selections = tested(library);
    if !library.features.is_empty() {
        selections.push(words(["--all-features"]));
    }
    selections
}

/// Whose unit tests also run: nothing switched on, and what `cargo add` gives. The `test` step
/// runs them with everything on.
fn tested(library: &Library) -> Vec<Vec<String>> {
    if library.features.is_empty() {
        return vec![Vec::new()];
    }
    vec![words(["--no-default-features"]), Vec::new()]
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_features<const N: usize>(features: [&str; N]) -> Library {
        Library {
            name: "wall".to_owned(),
            version: "0.1.0".to_owned(),
            features: words(features),
            loom: false,
            rust_version: None,
        }
    }

    #[test]
    fn no_selection_is_forgotten() {
        let shown: Vec<_> = selections(&with_features(["http", "tracing"]))
            .iter()
            .map(|selection| selection.join(" "))
            .collect();
        assert_eq!(
            shown,
            [
                "--no-default-features",
                "",
                "--no-default-features --features http",
                "--no-default-features --features tracing",
                "--all-features",
            ]
        );
    }

    #[test]
    fn a_library_without_features_is_checked_once() {
        assert_eq!(selections(&with_features([])), [Vec::<String>::new()]);
    }
}
