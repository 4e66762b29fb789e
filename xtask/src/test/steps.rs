//! The steps, cheapest answers first.

use anyhow::Result;

use super::{Step, features, loom, msrv, package};
use crate::cargo::{Counts, cargo, need, test_colour};
use crate::workspace::Workspace;

pub(super) const STEPS: [Step; 10] = [
    Step {
        name: "fmt",
        about: "the code is formatted",
        run: fmt,
    },
    Step {
        name: "clippy",
        about: "no lint complains, the promised Rust version included",
        run: clippy,
    },
    Step {
        name: "msrv",
        about: "no dependency of a library needs a newer Rust than the library promises",
        run: msrv::run,
    },
    Step {
        name: "test",
        about: "unit and integration tests; the examples build",
        run: test,
    },
    Step {
        name: "doc-tests",
        about: "the code in the documentation compiles and does what it says",
        run: doc_tests,
    },
    Step {
        name: "features",
        about: "the libraries with no feature, each alone, the default ones, all",
        run: features::run,
    },
    Step {
        name: "docs",
        about: "the documentation builds without a warning",
        run: docs,
    },
    Step {
        name: "loom",
        about: "the models of what threads share, every interleaving",
        run: loom::run,
    },
    Step {
        name: "package",
        about: "each library packages with its licences and builds from its package",
        run: package::run,
    },
    Step {
        name: "counts",
        about: "a request takes no more instructions and allocations than the baseline says",
        run: crate::counts::step,
    },
];

fn fmt(_: &Workspace) -> Result<Counts> {
    need("fmt", "rustup component add rustfmt")?;
    cargo(["fmt", "--all", "--check"]).run()?;
    Ok(Counts::default())
}

fn clippy(workspace: &Workspace) -> Result<Counts> {
    need("clippy", "rustup component add clippy")?;
    cargo(["clippy", "--workspace", "--all-targets", "--all-features"])
        .args(["--", "-D", "warnings"])
        .run()?;
    // Other code is compiled without the optional features: other lints may speak.
    let mut default_features = cargo(["clippy"]);
    for library in workspace.libraries()? {
        default_features = default_features.args(["-p", &library.name]);
    }
    default_features.args(["--", "-D", "warnings"]).run()?;
    Ok(Counts::default())
}

/// `--tests` leaves the examples and the documentation out, so the examples are built beside them
/// and the documentation is a step of its own, with the same dependencies as here.
fn test(_: &Workspace) -> Result<Counts> {
    cargo(["build", "--workspace", "--all-features", "--examples"])
        .args(["--profile", "test"])
        .run()?;
    cargo(["test", "--workspace", "--all-features", "--tests"])
        .args(["--", test_colour()])
        .run_tests()
}

fn doc_tests(_: &Workspace) -> Result<Counts> {
    cargo(["test", "--workspace", "--all-features", "--doc"])
        .args(["--", test_colour()])
        .run_tests()
}

fn docs(workspace: &Workspace) -> Result<Counts> {
    let mut doc = cargo(["doc", "--no-deps", "--all-features"]).env("RUSTDOCFLAGS", "-D warnings");
    for library in workspace.libraries()? {
        doc = doc.args(["-p", &library.name]);
    }
    doc.run()?;
    Ok(Counts::default())
}
