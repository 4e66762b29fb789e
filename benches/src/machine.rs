//! Where it was measured: a figure without its machine says nothing.

use std::fs;

pub(crate) struct Machine {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) system: &'static str,
    /// Processes that wanted a core during the minute before. Linux only.
    pub(crate) load: Option<f64>,
}

impl Machine {
    pub(crate) fn read() -> Self {
        Self {
            cpu: cpu_model(&read("/proc/cpuinfo")).unwrap_or_else(|| std::env::consts::ARCH.into()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            system: std::env::consts::OS,
            load: read("/proc/loadavg")
                .split(' ')
                .next()
                .and_then(|load| load.parse().ok()),
        }
    }

    /// Whether others wanted more than half of the cores; a contender that was interrupted
    /// measures the interruption.
    pub(crate) fn is_busy(&self) -> bool {
        self.load.is_some_and(|load| load * 2.0 > self.cores as f64)
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn cpu_model(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo
        .lines()
        .find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_is_named_as_the_kernel_names_it() {
        let cpuinfo = "processor\t: 0\nmodel name\t: Fast CPU @ 3 GHz\n";
        assert_eq!(cpu_model(cpuinfo).as_deref(), Some("Fast CPU @ 3 GHz"));
        assert_eq!(cpu_model("processor\t: 0\n"), None);
    }
}
