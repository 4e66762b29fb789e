use std::fmt;

/// The name of a policy: it goes into answers, metrics and logs, so it is short and plain.
///
/// 1 to 31 bytes of visible ASCII without `"` and `\`. It is stored inline and is `Copy`, so that a
/// refusal carries its policy's name without touching a reference count that other threads touch.
///
/// ```
/// use floodwall_core::PolicyName;
///
/// assert_eq!(PolicyName::new("search").unwrap().as_str(), "search");
/// assert!(PolicyName::new("").is_err());
/// assert!(PolicyName::new("two words").is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyName {
    len: u8,
    bytes: [u8; PolicyName::MAX_LEN],
}

impl PolicyName {
    /// The longest name, in bytes.
    pub const MAX_LEN: usize = 31;

    /// A name, if `name` can be one.
    ///
    /// # Errors
    ///
    /// Says what is wrong with a name that is empty, too long, or has a character that would need
    /// quoting in a header.
    pub fn new(name: &str) -> Result<Self, PolicyNameError> {
        let problem = |problem| PolicyNameError {
            name: name.to_owned(),
            problem,
        };
        if name.is_empty() {
            return Err(problem(Problem::Empty));
        }
        if name.len() > Self::MAX_LEN {
            return Err(problem(Problem::Long));
        }
        if let Some((at, c)) = name
            .char_indices()
            .find(|(_, c)| !c.is_ascii_graphic() || matches!(c, '"' | '\\'))
        {
            return Err(problem(Problem::Character { at, c }));
        }
        Ok(Self::from_plain(name))
    }

    /// A name known at compile time.
    ///
    /// # Panics
    ///
    /// If `name` is no valid policy name; in a `const` this fails to compile.
    pub const fn from_static(name: &'static str) -> Self {
        let bytes = name.as_bytes();
        assert!(
            !bytes.is_empty() && bytes.len() <= Self::MAX_LEN,
            "a policy name has 1 to 31 bytes"
        );
        let mut i = 0;
        while i < bytes.len() {
            assert!(
                bytes[i].is_ascii_graphic() && bytes[i] != b'"' && bytes[i] != b'\\',
                "a policy name is visible ASCII without quotes and backslashes"
            );
            i += 1;
        }
        Self::from_plain(name)
    }

    const fn from_plain(name: &str) -> Self {
        let from = name.as_bytes();
        let mut bytes = [0; Self::MAX_LEN];
        let mut i = 0;
        while i < from.len() {
            bytes[i] = from[i];
            i += 1;
        }
        #[expect(clippy::cast_possible_truncation, reason = "checked: at most 31")]
        let len = from.len() as u8;
        Self { len, bytes }
    }

    /// The name as ASCII.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        // Only ASCII ever gets in, so this never takes the fallback.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

impl fmt::Display for PolicyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for PolicyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// Why a text cannot be the name of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyNameError {
    name: String,
    problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    Character { at: usize, c: char },
    Empty,
    Long,
}

impl fmt::Display for PolicyNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match self.problem {
            Problem::Empty => {
                f.write_str("a policy name is empty: give it 1 to 31 visible ASCII characters")
            }
            Problem::Long => write!(
                f,
                "policy name {name:?} has {} bytes: shorten it to {} at most",
                name.len(),
                PolicyName::MAX_LEN
            ),
            Problem::Character { at, c } => write!(
                f,
                "policy name {name:?} has {c:?} at byte {at}: use visible ASCII without spaces, quotes and backslashes"
            ),
        }
    }
}

impl std::error::Error for PolicyNameError {}
