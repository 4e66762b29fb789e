use std::fmt;

/// What is wrong with a scenario or its trace: where, what, and what to do about it.
///
/// A scenario may have several faults; they are shown one per line, in the order of the file.
///
/// ```
/// use floodwall_sim::Scenario;
///
/// let error = Scenario::parse("[stack]\nlimt = 16\n", "flood.toml").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "flood.toml:2: unknown key `limt` in `stack`: did you mean `limit`?",
/// );
/// assert_eq!(error.line(), Some(2));
/// ```
#[derive(Debug)]
pub struct ScenarioError {
    file: String,
    // On the heap, so that a `Result` with an error is no larger than the others.
    first: Box<Fault>,
    more: Vec<Fault>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Counted from 1; none in what was made in code.
    pub(crate) line: Option<usize>,
    /// The key of what was made in code.
    pub(crate) key: Option<String>,
    pub(crate) problem: String,
    pub(crate) fix: String,
}

impl Fault {
    pub(crate) fn at_line(
        line: Option<usize>,
        problem: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            line,
            key: None,
            problem: problem.into(),
            fix: fix.into(),
        }
    }
}

impl ScenarioError {
    pub(crate) fn one(file: impl Into<String>, fault: Fault) -> Self {
        Self {
            file: file.into(),
            first: Box::new(fault),
            more: Vec::new(),
        }
    }

    /// `None` if nothing is wrong.
    pub(crate) fn all(file: &str, mut faults: Vec<Fault>) -> Option<Self> {
        // Stable: what concerns the same line stays in the order in which it was found.
        faults.sort_by_key(|fault| fault.line);
        let mut faults = faults.into_iter();
        Some(Self {
            file: file.to_owned(),
            first: Box::new(faults.next()?),
            more: faults.collect(),
        })
    }

    /// The file that the first fault is in, or the name of a scenario that was made in code.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line of the first fault, counted from 1; `None` for a scenario that was made in code, and
    /// where a file cannot be read at all.
    #[must_use]
    pub const fn line(&self) -> Option<usize> {
        self.first.line
    }

    /// What is wrong first.
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.first.problem
    }

    /// What to do about the first fault.
    #[must_use]
    pub fn fix(&self) -> &str {
        &self.first.fix
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, fault) in std::iter::once(&*self.first).chain(&self.more).enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}:", self.file)?;
            if let Some(line) = fault.line {
                write!(f, "{line}:")?;
            }
            if let Some(key) = &fault.key {
                write!(f, " {key}:")?;
            }
            write!(f, " {}: {}", fault.problem, fault.fix)?;
        }
        Ok(())
    }
}

impl std::error::Error for ScenarioError {}
