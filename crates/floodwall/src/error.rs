use std::convert::Infallible;
use std::error::Error;
use std::fmt;

use floodwall_core::PolicyNameError;
use floodwall_core::rate::QuotaError;

/// Why a policy or a layer could not be built: names the field and the fix.
///
/// ```
/// use floodwall::ConcurrencyLimit;
///
/// let error = ConcurrencyLimit::builder(0).build().unwrap_err();
/// assert_eq!(error.field(), "limit");
/// assert!(error.to_string().contains("at least 1"));
/// ```
#[derive(Debug)]
pub struct BuildError {
    field: &'static str,
    problem: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl BuildError {
    pub(crate) fn new(field: &'static str, problem: impl Into<String>) -> Self {
        Self {
            field,
            problem: problem.into(),
            source: None,
        }
    }

    pub(crate) fn caused(field: &'static str, source: impl Error + Send + Sync + 'static) -> Self {
        Self {
            field,
            problem: source.to_string(),
            source: Some(Box::new(source)),
        }
    }

    /// The setting that is wrong.
    pub const fn field(&self) -> &'static str {
        self.field
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.problem)
    }
}

impl Error for BuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        // The cause is already in the text; showing it again would say everything twice.
        self.source.as_deref().and_then(Error::source)
    }
}

impl From<PolicyNameError> for BuildError {
    fn from(error: PolicyNameError) -> Self {
        Self::caused("name", error)
    }
}

impl From<QuotaError> for BuildError {
    fn from(error: QuotaError) -> Self {
        Self::caused("quota", error)
    }
}

impl From<Infallible> for BuildError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
