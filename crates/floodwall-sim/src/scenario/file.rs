use std::path::Path;

use serde::Deserialize;
use toml::de::{DeTable, Deserializer};

use super::error::Fault;
use super::place::{line_at, line_of, place_of};
use super::wording::reword;
use super::{Scenario, ScenarioError};

impl Scenario {
    /// Reads a scenario from the text of a file. `file` is for messages, and names a scenario that has
    /// no `name` of its own.
    ///
    /// A file describes its service, so it has at least one tier; a scenario that is made in code
    /// may be for a service of one's own.
    ///
    /// ```
    /// use floodwall_sim::Scenario;
    ///
    /// let flood = Scenario::parse(
    ///     r#"
    ///     [[phase]]
    ///     name = "flood"
    ///     for = "5s"
    ///     load = 5.0
    ///
    ///     [[client]]
    ///     name = "everybody"
    ///     share = 1.0
    ///
    ///     [[tier]]
    ///     name = "service"
    ///     workers = 16
    ///     service = { exponential = "10ms" }
    ///     "#,
    ///     "flood.toml",
    /// )?;
    /// assert_eq!(flood.name, "flood");
    /// assert_eq!(flood.best_capacity(), Some(1_600.0));
    /// # Ok::<(), floodwall_sim::ScenarioError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the text is no TOML, has a key that is not known, or says something that cannot be
    /// simulated. The error names the line, what is wrong and what would do.
    pub fn parse(text: &str, file: &str) -> Result<Self, ScenarioError> {
        let one = |fault| ScenarioError::one(file, fault);
        let root = DeTable::parse(text).map_err(|error| {
            let line = error.span().map(|span| line_at(text, span.start));
            let (problem, fix) = reword(error.message(), &super::place::Place::default());
            one(Fault::at_line(Some(line.unwrap_or(1)), problem, fix))
        })?;
        let mut scenario =
            Self::deserialize(Deserializer::from(root.clone())).map_err(|error| {
                let span = error.span().unwrap_or_default();
                let place = place_of(root.get_ref(), &span);
                let (problem, fix) = reword(error.message(), &place);
                one(Fault::at_line(
                    Some(line_at(text, span.start)),
                    problem,
                    fix,
                ))
            })?;
        if scenario.name.is_empty() {
            scenario.name = Path::new(file)
                .file_stem()
                .map(|stem| stem.to_string_lossy().into_owned())
                .unwrap_or_default();
        }
        let mut faults = scenario.faults();
        if scenario.tiers.is_empty() {
            faults.no_tier();
        }
        let faults = faults
            .into_inner()
            .into_iter()
            .map(|(place, problem, fix)| {
                let line = line_of(text, root.get_ref(), &place);
                Fault::at_line(Some(line), problem, fix)
            })
            .collect();
        ScenarioError::all(file, faults).map_or(Ok(scenario), Err)
    }

    /// Reads a scenario from a file. Its trace, if it has one, is then looked for in the folder of
    /// the file.
    ///
    /// # Errors
    ///
    /// As [`parse`](Scenario::parse), and if the file cannot be read.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ScenarioError> {
        let path = path.as_ref();
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            ScenarioError::one(
                &*file,
                Fault::at_line(
                    None,
                    format!("cannot be read: {error}"),
                    "name a scenario file that is there, in UTF-8",
                ),
            )
        })?;
        let mut scenario = Self::parse(&text, &file)?;
        if let (Some(trace), Some(folder)) = (&mut scenario.trace, path.parent()) {
            trace.file = folder.join(&trace.file);
        }
        Ok(scenario)
    }

    /// Checks a scenario that was made in code as one from a file is checked.
    ///
    /// # Errors
    ///
    /// If it says something that cannot be simulated.
    pub fn validate(&self) -> Result<(), ScenarioError> {
        let faults = self
            .faults()
            .into_inner()
            .into_iter()
            .map(|(place, problem, fix)| {
                let key = Some(place.to_string()).filter(|key| !key.is_empty());
                Fault {
                    line: None,
                    key,
                    problem,
                    fix,
                }
            })
            .collect();
        ScenarioError::all(&self.name, faults).map_or(Ok(()), Err)
    }
}
