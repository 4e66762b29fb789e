//! Memory, by folders made for the test, and by a real control group where the machine lets us make one.

use std::fs;
use std::path::{Path, PathBuf};

use floodwall::signals::memory::{MemoryPaths, MemorySource};

/// A folder that is removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("floodwall-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn with(&self, files: &[(&str, &str)]) -> MemoryPaths {
        for (file, text) in files {
            let file = self.0.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        MemoryPaths::new(self.0.join("cg"), self.0.join("proc"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const MEMINFO: (&str, &str) = (
    "proc/meminfo",
    "MemTotal:       8000 kB\nMemFree:        1000 kB\nMemAvailable:   6000 kB\n",
);
const MACHINE: Option<(u64, u64, MemorySource)> =
    Some((2_000 * 1024, 8_000 * 1024, MemorySource::Machine));

type Files = &'static [(&'static str, &'static str)];

struct Case {
    name: &'static str,
    files: Files,
    with_meminfo: bool,
    expected: Option<(u64, u64, MemorySource)>,
}

const CASES: &[Case] = &[
    Case {
        name: "v2-own-limit-without-page-cache",
        files: &[
            ("proc/self/cgroup", "0::/app\n"),
            ("cg/app/memory.max", "1000000\n"),
            ("cg/app/memory.current", "700000\n"),
            (
                "cg/app/memory.stat",
                "anon 1\ninactive_file 200000\nactive_file 3\n",
            ),
        ],
        with_meminfo: true,
        expected: Some((500_000, 1_000_000, MemorySource::CgroupV2)),
    },
    Case {
        name: "v2-lowest-limit-is-an-ancestors",
        files: &[
            ("proc/self/cgroup", "0::/a/b/c\n"),
            ("cg/a/memory.max", "900000\n"),
            ("cg/a/memory.current", "300000\n"),
            ("cg/a/b/memory.max", "500000\n"),
            ("cg/a/b/memory.current", "300000\n"),
            ("cg/a/b/c/memory.max", "max\n"),
            ("cg/a/b/c/memory.current", "300000\n"),
        ],
        with_meminfo: true,
        expected: Some((300_000, 500_000, MemorySource::CgroupV2)),
    },
    Case {
        name: "v2-an-ancestor-that-others-fill",
        files: &[
            ("proc/self/cgroup", "0::/a/b\n"),
            ("cg/a/memory.max", "900000\n"),
            ("cg/a/memory.current", "880000\n"),
            ("cg/a/b/memory.max", "500000\n"),
            ("cg/a/b/memory.current", "100000\n"),
        ],
        with_meminfo: true,
        expected: Some((880_000, 900_000, MemorySource::CgroupV2)),
    },
    Case {
        name: "v2-ancestor-whose-use-is-hidden",
        files: &[
            ("proc/self/cgroup", "0::/a/b\n"),
            ("cg/a/memory.max", "400000\n"),
            ("cg/a/b/memory.max", "max\n"),
            ("cg/a/b/memory.current", "100000\n"),
        ],
        with_meminfo: true,
        expected: Some((100_000, 400_000, MemorySource::CgroupV2)),
    },
    Case {
        name: "v2-high-is-a-limit",
        files: &[
            ("proc/self/cgroup", "0::/app\n"),
            ("cg/app/memory.max", "max\n"),
            ("cg/app/memory.high", "600000\n"),
            ("cg/app/memory.current", "300000\n"),
        ],
        with_meminfo: true,
        expected: Some((300_000, 600_000, MemorySource::CgroupV2)),
    },
    Case {
        name: "v2-namespace-mounts-the-own-group-as-root",
        files: &[
            ("proc/self/cgroup", "0::/\n"),
            ("cg/memory.max", "600000\n"),
            ("cg/memory.current", "300000\n"),
        ],
        with_meminfo: true,
        expected: Some((300_000, 600_000, MemorySource::CgroupV2)),
    },
    Case {
        name: "v2-path-of-the-host-inside-a-container",
        files: &[
            ("proc/self/cgroup", "0::/docker/0123\n"),
            ("cg/memory.max", "600000\n"),
            ("cg/memory.current", "300000\n"),
        ],
        with_meminfo: true,
        expected: Some((300_000, 600_000, MemorySource::CgroupV2)),
    },
    Case {
        name: "v2-group-outside-of-the-namespace",
        files: &[
            ("proc/self/cgroup", "0::/../outside\n"),
            ("outside/memory.max", "1\n"),
            ("outside/memory.current", "1\n"),
            ("cg/memory.max", "600000\n"),
            ("cg/memory.current", "300000\n"),
        ],
        with_meminfo: true,
        expected: Some((300_000, 600_000, MemorySource::CgroupV2)),
    },
    Case {
        name: "v2-all-max-is-the-machine",
        files: &[
            ("proc/self/cgroup", "0::/app\n"),
            ("cg/app/memory.max", "max\n"),
            ("cg/app/memory.high", "max\n"),
            ("cg/app/memory.current", "300000\n"),
        ],
        with_meminfo: true,
        expected: MACHINE,
    },
    Case {
        name: "v2-limit-above-the-machine-is-none",
        files: &[
            ("proc/self/cgroup", "0::/app\n"),
            ("cg/app/memory.max", "99999999999\n"),
            ("cg/app/memory.current", "300000\n"),
        ],
        with_meminfo: true,
        expected: MACHINE,
    },
    Case {
        name: "v1-own-limit-with-children",
        files: &[
            (
                "proc/self/cgroup",
                "5:cpu:/x\n4:hugetlb,memory:/app\n1:name=systemd:/y\n",
            ),
            ("cg/memory/app/memory.limit_in_bytes", "1000000\n"),
            ("cg/memory/app/memory.usage_in_bytes", "700000\n"),
            (
                "cg/memory/app/memory.stat",
                "inactive_file 1\ntotal_inactive_file 100000\n",
            ),
        ],
        with_meminfo: true,
        expected: Some((600_000, 1_000_000, MemorySource::CgroupV1)),
    },
    Case {
        name: "hybrid-without-memory-at-the-unified-root",
        files: &[
            ("proc/self/cgroup", "4:memory:/app/web\n0::/\n"),
            ("cg/unified/cgroup.controllers", "\n"),
            ("cg/memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("cg/memory/memory.usage_in_bytes", "5000000\n"),
            ("cg/memory/app/memory.limit_in_bytes", "800000\n"),
            ("cg/memory/app/memory.usage_in_bytes", "400000\n"),
            (
                "cg/memory/app/web/memory.limit_in_bytes",
                "9223372036854771712\n",
            ),
            ("cg/memory/app/web/memory.usage_in_bytes", "300000\n"),
        ],
        with_meminfo: true,
        expected: Some((400_000, 800_000, MemorySource::CgroupV1)),
    },
    Case {
        name: "hybrid-with-memory-under-unified",
        files: &[
            ("proc/self/cgroup", "4:memory:/app\n0::/app\n"),
            ("cg/unified/app/memory.max", "800000\n"),
            ("cg/unified/app/memory.current", "400000\n"),
        ],
        with_meminfo: true,
        expected: Some((400_000, 800_000, MemorySource::CgroupV2)),
    },
    Case {
        name: "v1-without-a-limit-and-without-meminfo",
        files: &[
            ("proc/self/cgroup", "4:memory:/app\n"),
            (
                "cg/memory/app/memory.limit_in_bytes",
                "9223372036854771712\n",
            ),
            ("cg/memory/app/memory.usage_in_bytes", "400000\n"),
        ],
        with_meminfo: false,
        expected: None,
    },
    Case {
        name: "garbage-everywhere",
        files: &[
            ("proc/self/cgroup", "::::\n0\n0:\n\0\n4:memory\n"),
            ("cg/memory.max", "-5\n"),
            ("cg/memory.current", "lots\n"),
            ("cg/memory.stat", "inactive_file\ninactive_file x\n"),
            ("cg/memory/memory.limit_in_bytes", "1e9\n"),
            ("cg/memory/memory.usage_in_bytes", "\n"),
        ],
        with_meminfo: true,
        expected: MACHINE,
    },
    Case {
        name: "a-limit-of-zero-and-numbers-too-great",
        files: &[
            ("proc/self/cgroup", "0::/app\n"),
            ("cg/app/memory.max", "0\n"),
            ("cg/app/memory.high", "99999999999999999999999999\n"),
            ("cg/app/memory.current", "300000\n"),
        ],
        with_meminfo: true,
        expected: MACHINE,
    },
    Case {
        name: "more-page-cache-than-use",
        files: &[
            ("proc/self/cgroup", "0::/app\n"),
            ("cg/app/memory.max", "600000\n"),
            ("cg/app/memory.current", "300000\n"),
            ("cg/app/memory.stat", "inactive_file 400000\n"),
        ],
        with_meminfo: true,
        expected: Some((0, 600_000, MemorySource::CgroupV2)),
    },
    Case {
        name: "no-control-groups-at-all",
        files: &[],
        with_meminfo: true,
        expected: MACHINE,
    },
    Case {
        name: "nothing-at-all",
        files: &[],
        with_meminfo: false,
        expected: None,
    },
];

#[test]
fn the_limit_that_is_nearest_is_found_in_every_layout() {
    for case in CASES {
        let folder = Folder::new(case.name);
        let mut files = case.files.to_vec();
        if case.with_meminfo {
            files.push(MEMINFO);
        }
        let read = folder.with(&files).read();
        let told = read.map(|memory| (memory.used, memory.limit, memory.source));
        assert_eq!(told, case.expected, "{}", case.name);
    }
}

#[test]
fn a_file_that_is_no_text_or_a_folder_is_no_reading() {
    let folder = Folder::new("no-text");
    let paths = folder.with(&[
        MEMINFO,
        ("proc/self/cgroup", "0::/app\n"),
        ("cg/app/memory.max/oops", ""),
        ("cg/app/memory.current", "300000\n"),
    ]);
    fs::write(folder.0.join("cg/app/memory.high"), [0xff, 0xfe, b'1']).unwrap();
    assert_eq!(paths.read().unwrap().source, MemorySource::Machine);
}

#[test]
fn stalls_are_the_own_groups_or_the_machines() {
    const PSI: &str = "some avg10=12.50 avg60=1.00 avg300=0.00 total=5\nfull avg10=1.00 avg60=0 avg300=0 total=1\n";
    const MACHINE: (&str, &str) = (
        "proc/pressure/memory",
        "some avg10=50.00 avg60=0.00 avg300=0.00 total=0\n",
    );
    let table: &[(&str, Files, Option<f64>)] = &[
        (
            "own",
            &[
                ("proc/self/cgroup", "0::/app\n"),
                ("cg/app/memory.pressure", PSI),
                MACHINE,
            ],
            Some(0.125),
        ),
        (
            "machine",
            &[("proc/self/cgroup", "0::/app\n"), MACHINE],
            Some(0.5),
        ),
        (
            "broken",
            &[("proc/pressure/memory", "some avg10=lots\nfull avg10=1.00\n")],
            None,
        ),
        (
            "no-percentage",
            &[("proc/pressure/memory", "some avg10=NaN\n")],
            None,
        ),
        (
            "negative",
            &[("proc/pressure/memory", "some avg10=-1\n")],
            None,
        ),
        ("none", &[], None),
    ];
    for (name, files, expected) in table {
        let folder = Folder::new(&format!("psi-{name}"));
        assert_eq!(folder.with(files).stall(), *expected, "{name}");
    }
}

/// A control group of the machine's, with a limit; removed in the end.
struct RealGroup(PathBuf);

const LIMIT: u64 = 256 << 20;
const ALLOCATED: usize = 128 << 20;

impl RealGroup {
    /// In the version that the machine has, below the group that we are in.
    fn make() -> Result<Self, String> {
        let name = format!("floodwall-test-{}", std::process::id());
        let own = fs::read_to_string("/proc/self/cgroup").map_err(|error| error.to_string())?;
        let group = |is_meant: &dyn Fn(&str, &str) -> bool| {
            own.lines().find_map(|line| {
                let mut parts = line.splitn(3, ':');
                let (id, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
                is_meant(id, controllers).then(|| path.trim_start_matches('/').to_owned())
            })
        };
        let v1 = group(&|_, controllers| controllers.split(',').any(|one| one == "memory"));
        let v2 = group(&|id, _| id == "0");
        let mut problems = Vec::new();
        let root = Path::new("/sys/fs/cgroup");
        for (parent, file) in [
            (
                v1.map(|own| root.join("memory").join(own)),
                "memory.limit_in_bytes",
            ),
            (Some(root.join("memory")), "memory.limit_in_bytes"),
            (v2.map(|own| root.join(own)), "memory.max"),
            (Some(root.to_owned()), "memory.max"),
        ] {
            let Some(folder) = parent.map(|parent| parent.join(&name)) else {
                continue;
            };
            let made = fs::create_dir(&folder).and_then(|()| {
                // Elsewhere than in the kernel's file system, it would be a folder like any other.
                fs::metadata(folder.join("cgroup.procs"))?;
                fs::write(folder.join(file), LIMIT.to_string())
            });
            match made {
                Ok(()) => return Ok(Self(folder)),
                Err(error) => {
                    let _ = fs::remove_dir(&folder);
                    problems.push(format!("{}: {error}", folder.display()));
                }
            }
        }
        Err(problems.join("; "))
    }
}

impl Drop for RealGroup {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

/// The part that runs inside of the group, in a process of its own: waits until it is in, reads,
/// allocates, reads again.
#[test]
fn inside_of_a_real_group() {
    if std::env::var_os("FLOODWALL_INSIDE").is_none() {
        return;
    }
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    let paths = MemoryPaths::default();
    let tell = |when: &str| {
        let memory = paths.read().unwrap();
        let (used, limit, source) = (memory.used, memory.limit, memory.source.as_str());
        eprintln!("reading {when} {used} {limit} {source}");
    };
    tell("before");
    let allocated = vec![1_u8; ALLOCATED];
    tell("after");
    assert_eq!(
        allocated.iter().rev().step_by(4096).count(),
        ALLOCATED / 4096
    );
}

#[test]
fn a_real_allocation_shows_in_a_real_control_group() {
    let group = match RealGroup::make() {
        Ok(group) => group,
        Err(problem) => {
            eprintln!("NO CONTROL GROUP CAN BE MADE HERE: {problem}");
            eprintln!("what the machine tells is looked at instead");
            if cfg!(target_os = "linux") {
                let memory = MemoryPaths::default().read().expect("Linux has meminfo");
                assert!(memory.used > 0 && memory.limit > memory.used, "{memory:?}");
            }
            return;
        }
    };
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "inside_of_a_real_group", "--nocapture"])
        .env("FLOODWALL_INSIDE", "1")
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    fs::write(group.0.join("cgroup.procs"), child.id().to_string()).unwrap();
    // Its end opens the gate.
    drop(child.stdin.take());
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    let reading = |when: &str| {
        let line = told
            .lines()
            .find(|line| line.starts_with(&format!("reading {when} ")));
        let words: Vec<_> = line
            .unwrap_or_else(|| panic!("{told}"))
            .split(' ')
            .collect();
        let numbers = (
            words[2].parse::<u64>().unwrap(),
            words[3].parse::<u64>().unwrap(),
        );
        (numbers.0, numbers.1, words[4].to_owned())
    };
    let (before, after) = (reading("before"), reading("after"));
    eprintln!("{before:?} then {after:?} in {}", group.0.display());
    assert!(before.2.starts_with("cgroup_"), "{before:?}");
    assert_eq!((before.1, after.1), (LIMIT, LIMIT));
    let grown = after.0.saturating_sub(before.0);
    let allocated = ALLOCATED as u64;
    assert!(
        (allocated * 9 / 10..allocated * 12 / 10).contains(&grown),
        "{grown}"
    );
}
