use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::versions::Versions;
use crate::cargo::root;

/// What a run has counted, or one before it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Baseline {
    pub(super) versions: Versions,
    pub(super) rows: Vec<Row>,
}

/// What one request takes.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) instructions: f64,
    pub(super) allocations: f64,
}

impl Baseline {
    pub(super) fn load() -> Result<Self> {
        let file = file();
        let read = fs::read_to_string(&file).map_err(anyhow::Error::from);
        read.and_then(|text| Ok(serde_json::from_str(&text)?))
            .with_context(|| {
                let file = file.display();
                format!("no baseline in {file}: make one with `cargo xtask counts --save`")
            })
    }

    pub(super) fn save(&self) -> Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        fs::write(file(), text).context("cannot write the baseline")
    }

    pub(super) fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == name)
    }
}

fn file() -> PathBuf {
    root().join("benches/count/baseline.json")
}
