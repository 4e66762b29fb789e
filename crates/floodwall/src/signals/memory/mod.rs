//! How much of the memory that it may use the process uses, and how long it stalls for want of it.
//!
//! Linux only: elsewhere nothing is there to be read, and the signal is silent.

mod files;
mod group;

use std::path::{Path, PathBuf};

use files::{lines, number, text};
use group::{Version, levels, own_groups};

/// Where to read: the root of the control groups and that of procfs.
///
/// ```
/// use floodwall::signals::memory::MemoryPaths;
///
/// if let Some(memory) = MemoryPaths::default().read() {
///     println!("{} of {} bytes ({:?})", memory.used, memory.limit, memory.source);
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryPaths {
    cgroup: PathBuf,
    proc: PathBuf,
}

/// Memory at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct MemoryReading {
    /// The working set in bytes: what is used, without the page cache that can be dropped at once.
    pub used: u64,
    /// How much may be used, in bytes; never zero.
    pub limit: u64,
    /// Whose limit it is.
    pub source: MemorySource,
}

/// What sets a limit to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MemorySource {
    /// A control group, version 2 (`memory.max`, `memory.high`).
    CgroupV2,
    /// A control group, version 1 (`memory.limit_in_bytes`).
    CgroupV1,
    /// The machine (`/proc/meminfo`).
    Machine,
}

impl MemorySource {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CgroupV2 => "cgroup_v2",
            Self::CgroupV1 => "cgroup_v1",
            Self::Machine => "machine",
        }
    }
}

impl MemoryReading {
    /// The working set as a part of the limit; more than 1 for a moment, before the kernel reclaims.
    pub fn ratio(&self) -> f64 {
        self.used as f64 / self.limit as f64
    }
}

impl Default for MemoryPaths {
    /// `/sys/fs/cgroup` and `/proc`.
    fn default() -> Self {
        Self::new("/sys/fs/cgroup", "/proc")
    }
}

impl MemoryPaths {
    /// Other roots, as in a test or where the host's are mounted elsewhere.
    pub fn new(cgroup: impl Into<PathBuf>, proc: impl Into<PathBuf>) -> Self {
        Self {
            cgroup: cgroup.into(),
            proc: proc.into(),
        }
    }

    pub(crate) fn proc(&self) -> &Path {
        &self.proc
    }

    /// Reads about ten small files; some tens of microseconds.
    ///
    /// A control group is limited by itself and by all that it lies in. Of these the one that is
    /// nearest to its limit is told; if what they use is the same, that is the one with the lowest
    /// limit. `memory.high` counts as a limit, because beyond it every allocation is slowed down.
    /// A limit that is not below the machine's memory is none. Version 2 goes before version 1, and
    /// if neither limits anything, the machine's own memory counts.
    ///
    /// `None` if nothing of this can be read.
    pub fn read(&self) -> Option<MemoryReading> {
        let machine = self.machine();
        let most = machine.map_or(1 << 62, |machine| machine.limit);
        let groups = own_groups(&self.proc);
        // In a hybrid set-up the second version is mounted beside the first.
        let unified = self.cgroup.join("unified");
        let v2 = |root: &Path| tightest(Version::Two, root, &groups.v2, most);
        v2(&self.cgroup)
            .or_else(|| v2(&unified))
            .or_else(|| tightest(Version::One, &self.cgroup.join("memory"), &groups.v1, most))
            .or(machine)
    }

    /// The part of the last ten seconds in which some task stood still for want of memory, 0 to 1:
    /// `some avg10` of the pressure stall information (PSI), of the own control group where there
    /// is one, of the machine otherwise.
    pub fn stall(&self) -> Option<f64> {
        let group = own_groups(&self.proc).v2;
        [self.cgroup.clone(), self.cgroup.join("unified")]
            .iter()
            // The root's are the machine's.
            .filter_map(|root| levels(root, &group).into_iter().next())
            .map(|own| own.join("memory.pressure"))
            .chain([self.proc.join("pressure/memory")])
            .find_map(|file| stall(&file))
    }

    fn machine(&self) -> Option<MemoryReading> {
        let info = text(&self.proc.join("meminfo"))?;
        let bytes = |key| number(&info, key)?.checked_mul(1024);
        let (total, available) = (bytes("MemTotal:")?, bytes("MemAvailable:")?);
        (total > 0).then(|| MemoryReading {
            used: total.saturating_sub(available),
            limit: total,
            source: MemorySource::Machine,
        })
    }
}

/// Of the group and all above it, whichever is nearest to its limit.
fn tightest(version: Version, root: &Path, group: &str, most: u64) -> Option<MemoryReading> {
    let source = match version {
        Version::One => MemorySource::CgroupV1,
        Version::Two => MemorySource::CgroupV2,
    };
    let mut used_below = None;
    let mut tightest: Option<MemoryReading> = None;
    for level in levels(root, group) {
        // A group above whose use cannot be read uses at least what the one below uses.
        let used = version.working_set(&level).or(used_below);
        used_below = used;
        let limit = version.limit(&level).filter(|limit| *limit < most);
        if let (Some(used), Some(limit)) = (used, limit) {
            let here = MemoryReading {
                used,
                limit,
                source,
            };
            if tightest.is_none_or(|tightest| here.ratio() > tightest.ratio()) {
                tightest = Some(here);
            }
        }
    }
    tightest
}

fn stall(file: &Path) -> Option<f64> {
    let text = text(file)?;
    let some = lines(&text).find_map(|line| line.strip_prefix("some "))?;
    let percent: f64 = some
        .split_whitespace()
        .find_map(|field| field.strip_prefix("avg10="))?
        .parse()
        .ok()?;
    (0.0..=100.0).contains(&percent).then_some(percent / 100.0)
}
