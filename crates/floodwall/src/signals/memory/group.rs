use std::path::{Component, Path, PathBuf};

use super::files::{lines, number, text};

/// Which of the two interfaces of the kernel a control group has.
#[derive(Clone, Copy, Debug)]
pub(super) enum Version {
    One,
    Two,
}

/// The groups that this process is in, below the roots of the two versions.
#[derive(Debug)]
pub(super) struct Groups {
    pub(super) v1: String,
    pub(super) v2: String,
}

/// By `self/cgroup`; what is not told there is the root.
pub(super) fn own_groups(proc: &Path) -> Groups {
    let text = text(&proc.join("self/cgroup")).unwrap_or_default();
    let group = |is_meant: fn(&str, &str) -> bool| {
        lines(&text)
            .filter_map(|line| {
                let mut parts = line.splitn(3, ':');
                let (id, controllers) = (parts.next()?, parts.next()?);
                is_meant(id, controllers).then_some(parts.next()?)
            })
            .next()
            .unwrap_or("/")
            .to_owned()
    };
    Groups {
        v1: group(|_, controllers| controllers.split(',').any(|one| one == "memory")),
        v2: group(|id, controllers| id == "0" && controllers.is_empty()),
    }
}

/// The folder of `group` and those of all above it, up to `root`: those that are there. Inside a
/// container the own group is often mounted as the root, and nothing lies below it.
pub(super) fn levels(root: &Path, group: &str) -> Vec<PathBuf> {
    let mut folder = root.to_owned();
    let mut levels = vec![folder.clone()];
    for part in Path::new(group).components() {
        match part {
            Component::Normal(name) => folder.push(name),
            // The group lies outside of what this process may see.
            Component::ParentDir => break,
            _ => continue,
        }
        levels.push(folder.clone());
    }
    levels.retain(|level| level.is_dir());
    levels.reverse();
    levels
}

impl Version {
    /// What the kernel cannot take away at once: all that is used but the inactive page cache.
    pub(super) fn working_set(self, level: &Path) -> Option<u64> {
        let file = match self {
            Self::One => "memory.usage_in_bytes",
            Self::Two => "memory.current",
        };
        let used: u64 = text(&level.join(file))?.trim().parse().ok()?;
        let stat = text(&level.join("memory.stat")).unwrap_or_default();
        let key = match self {
            // With the groups below it, as the usage is.
            Self::One => "total_inactive_file",
            Self::Two => "inactive_file",
        };
        Some(used.saturating_sub(number(&stat, key).unwrap_or(0)))
    }

    /// The group's own limit; "max", zero and what is no number are none.
    pub(super) fn limit(self, level: &Path) -> Option<u64> {
        let files: &[&str] = match self {
            Self::One => &["memory.limit_in_bytes"],
            Self::Two => &["memory.max", "memory.high"],
        };
        files
            .iter()
            .filter_map(|file| text(&level.join(file))?.trim().parse().ok())
            .filter(|limit| *limit > 0)
            .min()
    }
}
