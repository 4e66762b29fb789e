mod access_log;
mod csv_rows;
mod format;
mod json_rows;
mod lines;
mod reader;
mod row;
#[cfg(test)]
mod tests;

use std::io::{Cursor, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ScenarioError, units};

pub(crate) use format::Format;
pub(crate) use reader::TraceReader;
pub(crate) use row::TraceRow;

/// Requests from a recording, played back at the times at which they came.
///
/// The file's ending tells its format: `.csv` with the columns `time`, `class`, `key` and `cost` (only
/// `time`, in seconds, is needed), `.jsonl` with an object of the same names on each line, and `.log`
/// in the common or combined log format of web servers, where the key is the client's address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// The recording, from the folder of the scenario.
    pub file: PathBuf,
    /// How many times faster than it was recorded: 1 when not said.
    #[serde(default = "unit")]
    pub speed: f64,
    /// After that an answer is worth nothing.
    #[serde(
        default,
        with = "units::optional_duration",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<units::DurationText>")]
    pub deadline: Option<Duration>,
    /// After that callers hang up.
    #[serde(
        default,
        with = "units::optional_duration",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<units::DurationText>")]
    pub patience: Option<Duration>,
    /// The recording itself, where it is in no file.
    #[serde(skip)]
    #[schemars(skip)]
    pub(crate) embedded: Option<Arc<[u8]>>,
}

impl Trace {
    /// The recording in `file`, as it was recorded.
    #[must_use]
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self {
            file: file.into(),
            speed: unit(),
            deadline: None,
            patience: None,
            embedded: None,
        }
    }

    /// Requests at these times from the start, in order, and nothing else about them: what the n-th
    /// of them is like, a service of one's own knows by [`Attempt::id`](crate::Attempt::id), which
    /// counts from 0.
    ///
    /// ```
    /// use floodwall_sim::{Answer, Scenario, Simulation, Trace};
    /// use std::time::Duration;
    ///
    /// let times = [0, 40, 45].map(Duration::from_millis);
    /// let scenario = Scenario::new("recorded").trace(Trace::at_times(times));
    /// let service = tower::service_fn(async |_| Ok::<_, std::convert::Infallible>(Answer::GOOD));
    /// let report = Simulation::new(&scenario).run(|_| service)?;
    /// assert_eq!(report.phases[0].all.offered, 3);
    /// # Ok::<(), floodwall_sim::RunError>(())
    /// ```
    #[must_use]
    pub fn at_times(times: impl IntoIterator<Item = Duration>) -> Self {
        let mut rows = b"time\n".to_vec();
        for time in times {
            // Writing to memory cannot fail.
            let _ = writeln!(rows, "{}.{:09}", time.as_secs(), time.subsec_nanos());
        }
        let mut trace = Self::new("times.csv");
        trace.embedded = Some(rows.into());
        trace
    }

    /// Its requests, from wherever it is.
    pub(crate) fn rows(&self) -> Result<TraceReader<'static>, ScenarioError> {
        match &self.embedded {
            Some(bytes) => self.reader(Box::new(Cursor::new(Arc::clone(bytes)))),
            None => self.open(),
        }
    }
}

const fn unit() -> f64 {
    1.0
}
