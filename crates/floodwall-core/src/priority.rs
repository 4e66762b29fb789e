use std::fmt;
use std::str::FromStr;

/// How urgent a request is: 0 most urgent, 7 least, 3 when nothing is said.
///
/// The numbers are the urgency of RFC 9218 (Extensible Prioritization Scheme for HTTP, section 4.1).
/// They order ascending: `Priority::CRITICAL < Priority::BACKGROUND`.
///
/// ```
/// use floodwall_core::Priority;
///
/// assert_eq!(Priority::default(), Priority::NORMAL);
/// assert_eq!(Priority::new(8), None);
/// assert_eq!("1".parse(), Ok(Priority::HIGH));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority(u8);

impl Priority {
    /// How many there are.
    pub const COUNT: usize = 8;
    /// 0: must be served while anything is, as a payment or a login.
    pub const CRITICAL: Self = Self(0);
    /// 1: a person waits for it.
    pub const HIGH: Self = Self(1);
    /// 3: what RFC 9218 assumes when nothing is said.
    pub const NORMAL: Self = Self(3);
    /// 5: can wait, as a prefetch.
    pub const LOW: Self = Self(5);
    /// 7: nobody waits for it.
    pub const BACKGROUND: Self = Self(7);

    /// The priority `urgency`, if it is 0 to 7.
    pub const fn new(urgency: u8) -> Option<Self> {
        if urgency < 8 {
            Some(Self(urgency))
        } else {
            None
        }
    }

    /// The urgency, 0 to 7.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// The urgency as an index into an array of [`Priority::COUNT`].
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// All, most urgent first.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
        (0..8).map(Self)
    }

    /// The less urgent of the two: what an untrusted hint may do to a priority.
    #[must_use]
    pub fn lowered_to(self, other: Self) -> Self {
        self.max(other)
    }
}

impl Default for Priority {
    fn default() -> Self {
        Self::NORMAL
    }
}

impl fmt::Debug for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Priority({})", self.0)
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for Priority {
    type Err = PriorityError;
    fn from_str(text: &str) -> Result<Self, PriorityError> {
        match text.as_bytes() {
            [digit @ b'0'..=b'7'] => Ok(Self(digit - b'0')),
            _ => Err(PriorityError {
                text: text.to_owned(),
            }),
        }
    }
}

/// A text that is no priority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriorityError {
    text: String,
}

impl fmt::Display for PriorityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "priority {:?} is not a number from 0 (most urgent) to 7",
            self.text
        )
    }
}

impl std::error::Error for PriorityError {}

/// A priority with one of 128 cohorts inside it, so that a part of a class can be shed evenly.
///
/// Levels order by priority first and by cohort within one: the greater, the sooner it is shed.
///
/// ```
/// use floodwall_core::{Level, Priority};
///
/// let a = Level::new(Priority::HIGH, 127).unwrap();
/// let b = Level::new(Priority::NORMAL, 0).unwrap();
/// assert!(a < b);
/// assert_eq!(a.priority(), Priority::HIGH);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(u16);

impl Level {
    /// How many cohorts a priority has.
    pub const COHORTS: u8 = 128;
    /// How many levels there are.
    pub const COUNT: usize = Priority::COUNT * 128;

    /// The level of `cohort` (0 to 127) within `priority`.
    pub const fn new(priority: Priority, cohort: u8) -> Option<Self> {
        if cohort < Self::COHORTS {
            Some(Self((priority.0 as u16) << 7 | cohort as u16))
        } else {
            None
        }
    }

    /// The priority it belongs to.
    pub const fn priority(self) -> Priority {
        Priority((self.0 >> 7) as u8)
    }

    /// The cohort, 0 to 127.
    pub const fn cohort(self) -> u8 {
        (self.0 & 127) as u8
    }

    /// Its rank among all levels, 0 to 1023.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Debug for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Level({}.{})", self.priority(), self.cohort())
    }
}
