use std::fmt;

/// What a [`Stack`](super::Stack) is made of, part by part, in the order in which they decide.
///
/// ```
/// use floodwall::Stack;
///
/// let stack = Stack::builder().limit(8).build()?;
/// assert!(stack.describe().to_string().contains("8 inside at once"));
/// # Ok::<(), floodwall::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Description {
    /// The parts.
    pub parts: Vec<Part>,
}

/// A part of a [`Stack`](super::Stack).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Part {
    /// Which one: `exempt`, `priority`, `deadline`, `quota`, `shed`, `queue`, `limit`.
    pub part: &'static str,
    /// The policy's name in answers and metrics, if it decides.
    pub policy: Option<String>,
    /// Its mode, if it decides.
    pub mode: Option<&'static str>,
    /// What it does.
    pub does: String,
}

impl Description {
    pub(super) const fn new() -> Self {
        Self { parts: Vec::new() }
    }

    pub(super) fn reads(&mut self, part: &'static str, does: String) {
        self.parts.push(Part {
            part,
            policy: None,
            mode: None,
            does,
        });
    }

    pub(super) fn decides(
        &mut self,
        part: &'static str,
        policy: impl fmt::Display,
        mode: crate::Mode,
        does: String,
    ) {
        self.parts.push(Part {
            part,
            policy: Some(policy.to_string()),
            mode: Some(mode.as_str()),
            does,
        });
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, part) in self.parts.iter().enumerate() {
            if n > 0 {
                writeln!(f)?;
            }
            write!(f, "{:<9} {}", part.part, part.does)?;
            match part.mode {
                None | Some("enforce") => {}
                Some(mode) => write!(f, " ({mode})")?,
            }
        }
        Ok(())
    }
}
