use std::fmt;

/// A setting that makes no sense: which one, and what would.
///
/// ```
/// use floodwall_core::outbound::Budget;
///
/// let error = Budget::new(20.0, 3).unwrap_err();
/// assert_eq!(error.field(), "share");
/// assert_eq!(error.to_string(), "share: write 0 to 1, as 0.2 for a fifth");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsound {
    field: &'static str,
    fix: &'static str,
}

impl Unsound {
    pub(super) const fn new(field: &'static str, fix: &'static str) -> Self {
        Self { field, fix }
    }

    /// The setting.
    pub const fn field(&self) -> &'static str {
        self.field
    }

    /// What would be right.
    pub const fn fix(&self) -> &'static str {
        self.fix
    }
}

impl fmt::Display for Unsound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.fix)
    }
}

impl std::error::Error for Unsound {}

/// `fix` is owed for `field` unless it `is_sound`.
pub(super) const fn check(
    is_sound: bool,
    field: &'static str,
    fix: &'static str,
) -> Result<(), Unsound> {
    if is_sound {
        Ok(())
    } else {
        Err(Unsound::new(field, fix))
    }
}
