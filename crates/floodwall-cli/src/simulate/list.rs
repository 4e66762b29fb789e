//! The scenarios that come with the program.

use std::io::{self, Write};

use floodwall_sim::builtin;
use serde::Serialize;

use crate::text::wrapped;

#[derive(Debug, Serialize)]
struct Entry {
    name: &'static str,
    about: String,
}

pub(crate) fn print(json: bool) -> anyhow::Result<()> {
    let entries: Vec<_> = builtin()
        .iter()
        .map(|one| {
            Ok(Entry {
                name: one.name(),
                about: one.scenario()?.about,
            })
        })
        .collect::<anyhow::Result<_>>()?;
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&entries)?)?;
        return Ok(());
    }
    let width = entries.iter().map(|entry| entry.name.len()).max();
    let width = width.unwrap_or(0) + 2;
    for entry in &entries {
        let name = format!("{:<width$}", entry.name);
        write!(out, "{}", wrapped(&name, &entry.about, width))?;
    }
    Ok(())
}
