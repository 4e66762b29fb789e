//! Where the pictures go, and what they are called.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process,
};

use anyhow::{Context, ensure};

use super::{
    figures::Figures,
    outcome::{Group, Outcome},
    picture::{self, Curve},
    plan::{Plan, Subject},
};

/// A directory that can be written to: known before anything runs, so that nothing runs in vain.
#[derive(Debug)]
pub(crate) struct Album {
    directory: PathBuf,
    quiet: bool,
}

impl Album {
    pub(crate) fn open(directory: &Path, plan: &Plan, quiet: bool) -> anyhow::Result<Self> {
        let mut names = BTreeSet::new();
        for subject in &plan.subjects {
            let stacks = subject.contenders.len();
            ensure!(
                stacks <= picture::MOST,
                "--svg: {stacks} stacks do not fit into one picture: say `--compare` with {} at most",
                picture::MOST,
            );
            let name = plain(&subject.scenario().name);
            ensure!(
                names.insert(name.clone()),
                "--svg: two scenarios are called `{name}`, and so would their pictures be: run them one by one",
            );
        }
        let probe = directory.join(format!(".floodwall-{}", process::id()));
        fs::create_dir_all(directory)
            .and_then(|()| fs::write(&probe, ""))
            .and_then(|()| fs::remove_file(&probe))
            .with_context(|| {
                format!(
                    "--svg: cannot write to `{}`; name a directory that is yours, or one that can be made",
                    directory.display()
                )
            })?;
        Ok(Self {
            directory: directory.to_owned(),
            quiet,
        })
    }

    pub(crate) fn fill(&self, plan: &Plan, outcome: &Outcome<'_>) -> anyhow::Result<()> {
        for subject in &plan.subjects {
            let groups: Vec<_> = outcome.groups_of(subject).collect();
            if subject.is_swept() {
                self.write(
                    subject,
                    "sweep",
                    &picture::sweep(&curves(subject, &groups))?,
                )?;
                continue;
            }
            // One seed is drawn: a mean of several would hide how it goes.
            let firsts: Vec<_> = groups
                .iter()
                .filter_map(|group| group.reports.first())
                .collect();
            for report in &firsts {
                self.write(subject, &report.stack, &picture::timeline(report)?)?;
            }
            self.write(subject, "compare", &picture::compare(&firsts)?)?;
        }
        Ok(())
    }

    fn write(&self, subject: &Subject, what: &str, picture: &str) -> anyhow::Result<()> {
        let name = format!("{}-{}.svg", plain(&subject.scenario().name), plain(what));
        let path = self.directory.join(name);
        fs::write(&path, picture)
            .with_context(|| format!("--svg: cannot write `{}`", path.display()))?;
        if !self.quiet {
            eprintln!("wrote {}", path.display());
        }
        Ok(())
    }
}

fn curves(subject: &Subject, groups: &[&Group<'_>]) -> Vec<Curve> {
    let curve = |contender| {
        let of_it = groups.iter().filter(|group| group.contender == contender);
        Curve {
            stack: contender.to_string(),
            points: of_it
                .filter_map(|group| Some((group.load()?, Figures::mean(&group.wholes()))))
                .collect(),
        }
    };
    subject.contenders.iter().copied().map(curve).collect()
}

/// A part of a file name, everywhere.
fn plain(name: &str) -> String {
    let fine = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    name.chars()
        .map(|c| if fine(c) { c } else { '-' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_lead_nowhere_else() {
        assert_eq!(plain("fifo:20"), "fifo-20");
        assert_eq!(plain("../a b"), "---a-b");
    }
}
