//! What results depend on, as numbers: results of other code are not used again.

use std::hash::Hasher;
use std::path::{Path, PathBuf};

use siphasher::sip::SipHasher13;

const LIMIT: &str = "floodwall-core/src/limit";

fn main() {
    let crates = Path::new("..");
    let mut all = Vec::new();
    for source in ["floodwall-core/src", "floodwall/src", "floodwall-sim/src"] {
        let folder = crates.join(source);
        println!("cargo::rerun-if-changed={}", folder.display());
        files(&folder, &mut all);
    }
    all.sort();
    let limit = crates.join(LIMIT);
    let ours = limit.join("marginal");
    // Pictures and what is said of runs change no figure.
    let silent =
        ["plot", "scenario/explain"].map(|part| crates.join("floodwall-sim/src").join(part));
    let engine = |file: &&PathBuf| {
        !file.starts_with(&limit) && !silent.iter().any(|silent| file.starts_with(silent))
    };
    let presets = |file: &&PathBuf| file.starts_with(&limit) && !file.starts_with(&ours);
    let marginal = |file: &&PathBuf| file.starts_with(&limit);
    println!(
        "cargo::rustc-env=LEAGUE_ENGINE={:016x}",
        hash(all.iter().filter(engine))
    );
    println!(
        "cargo::rustc-env=LEAGUE_PRESETS={:016x}",
        hash(all.iter().filter(presets))
    );
    println!(
        "cargo::rustc-env=LEAGUE_MARGINAL={:016x}",
        hash(all.iter().filter(marginal))
    );
}

fn files(folder: &Path, all: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).expect("the folder of sources can be read");
    for entry in entries {
        let path = entry.expect("its entries can be read").path();
        if path.is_dir() {
            files(&path, all);
        } else {
            all.push(path);
        }
    }
}

fn hash<'a>(files: impl Iterator<Item = &'a PathBuf>) -> u64 {
    let mut hasher = SipHasher13::new();
    for file in files {
        hasher.write(file.to_string_lossy().as_bytes());
        hasher.write(&std::fs::read(file).expect("a file of sources can be read"));
    }
    hasher.finish()
}
