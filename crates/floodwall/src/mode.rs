use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU8, Ordering};

/// What a policy does with its decisions.
///
/// ```
/// use floodwall::Mode;
///
/// assert_eq!("shadow".parse(), Ok(Mode::Shadow));
/// assert!("shadows".parse::<Mode>().unwrap_err().to_string().contains("enforce, shadow or off"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Refusals are refusals.
    #[default]
    Enforce,
    /// Decides and counts with its own state, and lets everything through at once.
    Shadow,
    /// Decides nothing; only what is inside is still counted, so that switching back is exact.
    Off,
}

impl Mode {
    /// The word for it, as in configuration and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Shadow => "shadow",
            Self::Off => "off",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Mode {
    type Err = ModeError;
    fn from_str(text: &str) -> Result<Self, ModeError> {
        match text {
            "enforce" => Ok(Self::Enforce),
            "shadow" => Ok(Self::Shadow),
            "off" => Ok(Self::Off),
            _ => Err(ModeError(text.to_owned())),
        }
    }
}

/// A text that is no mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModeError(String);

impl fmt::Display for ModeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "mode {:?} is unknown: write enforce, shadow or off",
            self.0
        )
    }
}

impl std::error::Error for ModeError {}

/// A mode that a handle can change while requests run.
#[derive(Debug, Default)]
pub(crate) struct ModeSwitch(AtomicU8);

impl ModeSwitch {
    pub(crate) fn new(mode: Mode) -> Self {
        Self(AtomicU8::new(mode as u8))
    }

    pub(crate) fn get(&self) -> Mode {
        match self.0.load(Ordering::Relaxed) {
            0 => Mode::Enforce,
            1 => Mode::Shadow,
            _ => Mode::Off,
        }
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.0.store(mode as u8, Ordering::Relaxed);
    }
}
