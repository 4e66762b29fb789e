use std::any::Any;
use std::fmt;
use std::time::Duration;

use crate::scenario::units::show_duration;

/// Why a run has no report.
///
/// Its `Debug` is its `Display`, so that an `unwrap` in a test says what is wrong.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum RunError {
    /// The service started blocking work on another thread.
    Blocking,
    /// A request was woken by another thread.
    Thread,
    /// Requests still wait a virtual hour after the last arrival: nothing has woken them.
    Stuck {
        /// How many.
        waiting: usize,
        /// Whose the first of them is.
        client: String,
        /// When, from the start of the run.
        at: Duration,
    },
    /// The service panicked.
    Panicked {
        /// What it said.
        message: String,
        /// When, from the start of the run.
        at: Duration,
    },
    /// The simulation was started inside of a runtime.
    InsideRuntime,
    /// tokio's clock was moved by somebody else.
    ClockMoved,
    /// A trace could not be read to its end.
    Trace(String),
    /// What cannot be simulated.
    Scenario(String),
    /// Whoever was told how far it is did not want it to go on.
    Stopped,
}

impl fmt::Debug for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blocking => f.write_str(
                "the service started work on another thread (spawn_blocking, or name resolution and files, which use it): virtual time cannot \
                 wait for threads; put something that sleeps in its place",
            ),
            Self::Thread => f.write_str(
                "a request was woken by another thread: virtual time cannot wait for threads, and no two runs would be alike; \
                 put something that sleeps in its place",
            ),
            Self::Stuck { waiting, client, at } => write!(
                f,
                "{waiting} requests still wait at {}, an hour after the last arrival (the first is of `{client}`): they wait for I/O, for \
                 another thread, or for a wake-up that was lost",
                show_duration(*at),
            ),
            Self::Panicked { message, at } if message.contains("IO is disabled") => write!(
                f,
                "the service does I/O at {}: there is none in virtual time; put something that sleeps in its place",
                show_duration(*at),
            ),
            Self::Panicked { message, at } => {
                write!(f, "the service panicked at {}: {message}", show_duration(*at))
            }
            Self::InsideRuntime => f.write_str(
                "a simulation has a runtime of its own and cannot run within another: call it from a plain `#[test]`, not from `#[tokio::test]`",
            ),
            Self::ClockMoved => f.write_str(
                "tokio's clock is not where the simulation left it: the service must not pause, resume or advance it",
            ),
            Self::Stopped => f.write_str("the run was stopped"),
            Self::Trace(problem) | Self::Scenario(problem) => f.write_str(problem),
        }
    }
}

impl std::error::Error for RunError {}

/// What a panic said.
pub(super) fn message(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "(no message)".to_owned())
}
