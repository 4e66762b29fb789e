//! Runs the benchmarks and reads what gungraun says of them.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::baseline::{Baseline, Row};
use super::times::TIMES;
use super::versions::Versions;
use crate::cargo::cargo;
use crate::tools;
use crate::workspace::{Workspace, list};

pub(super) fn run(workspace: &Workspace) -> Result<Baseline> {
    // Without the symbols of libc valgrind's tools for the heap do not start.
    tools::debian("valgrind", &["valgrind", "libc6-dbg"])?;
    let runner = tools::gungraun_runner(Path::new(workspace.target_directory()?))?;
    let bench = cargo(["bench", "--profile", "counts", "-p", "floodwall-count"])
        .args(["--bench", "counts", "--", "--output-format=json"])
        .env("GUNGRAUN_RUNNER", runner.to_string_lossy());
    eprintln!("$ {bench}");
    Ok(Baseline {
        versions: Versions::here()?,
        rows: read(&bench.output()?)?,
    })
}

/// One object on a line for each benchmark.
fn read(text: &str) -> Result<Vec<Row>> {
    let lines = text.lines().filter(|line| line.starts_with('{'));
    let rows: Vec<_> = lines.map(row).collect::<Result<_>>()?;
    ensure!(!rows.is_empty(), "gungraun told nothing:\n{text}");
    Ok(rows)
}

fn row(line: &str) -> Result<Row> {
    let summary: Value = serde_json::from_str(line)?;
    let name = summary["id"]
        .as_str()
        .context("a benchmark without a name")?;
    let per_request = |tool: &str, metric: &str| {
        let profiles = list(&summary["profiles"]).iter();
        let profile = profiles.clone().find(|profile| profile["tool"] == tool);
        profile
            .and_then(|it| it["data"]["total"]["metrics"][metric]["values"]["new"].as_f64())
            // Hundredths are enough to read, and to see 2 % of the least.
            .map(|total| (total / TIMES as f64 * 100.0).round() / 100.0)
            .with_context(|| format!("gungraun tells no {metric} of `{name}`"))
    };
    Ok(Row {
        name: name.to_owned(),
        instructions: per_request("Callgrind", "Ir")?,
        allocations: per_request("DHAT", "TotalBlocks")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_in_all_is_told_of_one_request() {
        let line = r#"{"id":"limit","profiles":[
            {"tool":"Callgrind","data":{"total":{"metrics":{"Ir":{"values":{"new":1974321,"old":7}}}}}},
            {"tool":"DHAT","data":{"total":{"metrics":{"TotalBlocks":{"values":{"new":60000}}}}}}
        ]}"#
        .replace('\n', "");
        let expected = Row {
            name: "limit".to_owned(),
            instructions: 197.43,
            allocations: 6.0,
        };
        let text = format!("not for us\n{line}\n");
        assert_eq!(read(&text).unwrap(), [expected]);
    }

    #[test]
    fn nothing_told_is_an_error() {
        assert!(read("not for us\n").is_err());
        let error = read(r#"{"id":"limit","profiles":[]}"#).unwrap_err();
        assert!(error.to_string().contains("`limit`"), "{error}");
    }
}
