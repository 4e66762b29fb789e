use std::fmt;

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlotError {
    /// More than fit into one picture.
    TooMany {
        /// How many there were.
        given: usize,
        /// How many fit.
        most: usize,
    },
    /// The drawing itself failed.
    Draw(String),
}

impl PlotError {
    pub(super) fn draw(error: impl fmt::Display) -> Self {
        Self::Draw(error.to_string())
    }
}

impl fmt::Display for PlotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany { given, most } => {
                write!(f, "{given} do not fit into one picture, which holds {most}")
            }
            Self::Draw(why) => write!(f, "the picture could not be drawn: {why}"),
        }
    }
}

impl std::error::Error for PlotError {}
