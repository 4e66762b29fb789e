use super::fair::Served;
use super::slab::Ticket;
use crate::{Moment, Priority, Reason};

/// One who waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waiter<T> {
    /// What was pushed.
    pub value: T,
    /// Its class.
    pub priority: Priority,
    /// Since when it had waited.
    pub pushed: Moment,
    /// For [`Queue::done`](super::Queue::done), if it was taken out of a fair queue to be served.
    pub served: Option<Served>,
}

/// What became of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pushed<T> {
    /// The place of the newcomer.
    pub ticket: Ticket,
    /// When its time is up.
    pub expires: Moment,
    /// Who had to leave for it.
    pub evicted: Option<Waiter<T>>,
}

/// A push that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused<T> {
    /// What was to be pushed.
    pub value: T,
    /// [`Reason::Full`] or [`Reason::Deadline`].
    pub reason: Reason,
}

/// One whose time was up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expired<T> {
    /// Who it was.
    pub waiter: Waiter<T>,
    /// [`Reason::QueueTimeout`], or [`Reason::Deadline`] if its own came first.
    pub reason: Reason,
}

/// In which order a class is served. Exhaustive: a line has two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Who came last is served first, because the class has a standing delay.
    NewestFirst,
    /// Who came first is served first.
    OldestFirst,
}
