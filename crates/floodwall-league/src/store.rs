use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use floodwall_sim::Contender;
use serde::{Deserialize, Serialize};

use crate::figures::Figures;
use crate::job::print;

/// The results that there are, in a file to which each new one is added as a line.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    file: File,
    known: HashMap<Key, Figures>,
}

/// Of which run a result is. Other code, another scenario: another key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Key {
    scenario: String,
    contender: String,
    seed: u64,
    print: String,
}

#[derive(Serialize, Deserialize)]
struct Line {
    /// For people who look into the file.
    name: String,
    #[serde(flatten)]
    key: Key,
    figures: Figures,
}

impl Store {
    /// Reads what is there. A line that is no result, as the last one of a run that was killed, is left
    /// out.
    pub(crate) fn open(path: PathBuf) -> Result<Self> {
        let mut known = HashMap::new();
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let mut torn = false;
        if let Ok(file) = File::open(&path) {
            let mut lines = BufReader::new(file);
            let mut line = String::new();
            while lines.read_line(&mut line)? > 0 {
                torn = !line.ends_with('\n');
                if let Ok(Line { key, figures, .. }) = serde_json::from_str(&line) {
                    known.insert(key, figures);
                }
                line.clear();
            }
        }
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        if torn {
            file.write_all(b"\n")?;
        }
        Ok(Self { path, file, known })
    }

    pub(crate) fn get(&self, scenario: u64, contender: Contender, seed: u64) -> Option<&Figures> {
        self.known.get(&key(scenario, contender, seed))
    }

    pub(crate) fn put(
        &mut self,
        name: &str,
        (scenario, contender, seed): (u64, Contender, u64),
        figures: Figures,
    ) -> Result<()> {
        let line = Line {
            name: name.to_owned(),
            key: key(scenario, contender, seed),
            figures,
        };
        let mut text = serde_json::to_string(&line)?;
        text.push('\n');
        self.file
            .write_all(text.as_bytes())
            .with_context(|| format!("cannot write {}", self.path.display()))?;
        self.known.insert(line.key, line.figures);
        Ok(())
    }
}

fn key(scenario: u64, contender: Contender, seed: u64) -> Key {
    Key {
        scenario: format!("{scenario:016x}"),
        contender: contender.to_string(),
        seed,
        print: print(contender).to_owned(),
    }
}
