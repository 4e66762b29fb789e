use std::convert::Infallible;
use std::time::Duration;

use floodwall::{Reason, admit};
use tokio::time::Instant;

/// What a client gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// What it asked for. If the body streams, its head came at `head` and the end is now.
    Good {
        /// When the head came, if that was before now.
        head: Option<Instant>,
    },
    /// It was tried and did not work.
    Failed,
    /// Nothing was tried.
    Refused(Refusal),
}

/// A refusal as a client sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    reason: Reason,
    retry_after: Option<Duration>,
}

impl Answer {
    /// What it asked for, all of it now.
    pub const GOOD: Self = Self::Good { head: None };

    /// A refusal for this reason.
    #[must_use]
    pub const fn refused(reason: Reason) -> Self {
        Self::Refused(Refusal {
            reason,
            retry_after: None,
        })
    }

    /// A refusal for this reason that says how long to stay away.
    #[must_use]
    pub const fn refused_for(reason: Reason, retry_after: Option<Duration>) -> Self {
        Self::Refused(Refusal {
            reason,
            retry_after,
        })
    }
}

impl Refusal {
    /// Why.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// How long to stay away, if it says so.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

/// What a service gives back, read as an answer: implement it for the responses and the errors of a
/// service of your own.
///
/// ```
/// use floodwall_sim::{Answer, IntoAnswer};
///
/// struct Page { status: u16 }
///
/// impl IntoAnswer for Page {
///     fn into_answer(self) -> Answer {
///         if self.status < 500 { Answer::GOOD } else { Answer::Failed }
///     }
/// }
/// assert_eq!(Page { status: 200 }.into_answer(), Answer::GOOD);
/// ```
pub trait IntoAnswer {
    /// The answer.
    fn into_answer(self) -> Answer;
}

impl IntoAnswer for Answer {
    fn into_answer(self) -> Answer {
        self
    }
}

impl IntoAnswer for () {
    fn into_answer(self) -> Answer {
        Answer::GOOD
    }
}

impl IntoAnswer for Infallible {
    fn into_answer(self) -> Answer {
        match self {}
    }
}

impl<E: IntoAnswer> IntoAnswer for admit::Error<E> {
    fn into_answer(self) -> Answer {
        match self {
            Self::Inner(error) => error.into_answer(),
            Self::Rejected(refusal) => Answer::refused_for(refusal.reason(), refusal.retry_after()),
        }
    }
}

/// Errors of tower's own layers: [`Overloaded`](tower::load_shed::error::Overloaded) is a refusal,
/// anything else a failure.
impl IntoAnswer for tower::BoxError {
    fn into_answer(self) -> Answer {
        if self.is::<tower::load_shed::error::Overloaded>() {
            Answer::refused(Reason::Full)
        } else {
            Answer::Failed
        }
    }
}
