use std::time::Duration;

use floodwall_core::{Outcome, Report};

use crate::Now;

/// Held while an admitted request is inside; given back by `Drop` in every case.
///
/// A permit that is dropped without [`complete`](Permit::complete) counts as
/// [`Outcome::Cancelled`]: the caller left while the work ran.
pub trait Permit: Sized {
    /// The work ended: tells how, and gives the permit back. A policy that learns nothing from the
    /// end leaves this out; its `Drop` gives back what it holds.
    fn complete(self, _end: &End) {}

    /// [`complete`](Permit::complete) where it stays, if there is one; `place` is empty then. floodwall
    /// completes in this way what it holds in one place, so a large permit overrides it to be looked at
    /// there, instead of being moved out first. Whoever overrides it overrides `complete` as well, which
    /// may be `Self::complete_in(&mut Some(self), end)`.
    #[inline]
    fn complete_in(place: &mut Option<Self>, end: &End) {
        if let Some(permit) = place.take() {
            permit.complete(end);
        }
    }

    /// The head of the response is on its way; the body may still go on for long. If it lasts for
    /// more than `hold_at_most`, a full limit may take the place back.
    fn responded(&mut self, _now: &Now, _hold_at_most: Option<Duration>) {}

    /// Adds what this policy has to tell to a report: for response fields and the handler.
    fn report(&self, _to: &mut Report) {}
}

/// How admitted work ended, and when.
///
/// ```
/// use floodwall::{End, Outcome};
///
/// let end = End::new(Outcome::Success);
/// assert_eq!(end.outcome(), Outcome::Success);
/// ```
#[derive(Clone, Debug)]
pub struct End {
    outcome: Outcome,
    at: Now,
    is_sample: bool,
}

impl End {
    /// An end right now; the clock is read when somebody asks for the time.
    pub const fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            at: Now::unread(),
            is_sample: true,
        }
    }

    /// An end at a time that is known.
    pub const fn at(outcome: Outcome, at: Now) -> Self {
        Self {
            outcome,
            at,
            is_sample: true,
        }
    }

    /// The same, of something that goes on for as long as its caller likes, such as an event stream:
    /// an adaptive limit learns nothing from it.
    ///
    /// ```
    /// use floodwall::{End, Outcome};
    ///
    /// assert!(End::new(Outcome::Success).is_sample());
    /// assert!(!End::new(Outcome::Success).no_sample().is_sample());
    /// ```
    #[must_use]
    pub const fn no_sample(mut self) -> Self {
        self.is_sample = false;
        self
    }

    /// Whether an adaptive limit may learn from it.
    pub const fn is_sample(&self) -> bool {
        self.is_sample
    }

    /// How it ended.
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// When it ended, read at most once for all permits of a request.
    pub const fn now(&self) -> &Now {
        &self.at
    }
}

/// For policies that hold nothing.
impl Permit for () {}

impl<P: Permit> Permit for Option<P> {
    fn complete(mut self, end: &End) {
        P::complete_in(&mut self, end);
    }
    #[inline]
    fn complete_in(place: &mut Option<Self>, end: &End) {
        if let Some(permit) = place {
            P::complete_in(permit, end);
            *place = None;
        }
    }
    fn responded(&mut self, now: &Now, hold_at_most: Option<Duration>) {
        if let Some(permit) = self {
            permit.responded(now, hold_at_most);
        }
    }
    fn report(&self, to: &mut Report) {
        if let Some(permit) = self {
            permit.report(to);
        }
    }
}

/// A permit whose work has not begun: dropping it says [`Outcome::Refused`], because nothing ran.
#[derive(Debug)]
pub struct Unused<P: Permit>(Option<P>);

impl<P: Permit> Unused<P> {
    /// Guards `permit` until its work begins.
    pub const fn new(permit: P) -> Self {
        Self(Some(permit))
    }

    /// The work begins: takes the permit out.
    ///
    /// # Panics
    ///
    /// If the permit was taken before.
    pub fn begin(mut self) -> P {
        self.0.take().expect("a permit begins its work once")
    }
}

impl<P: Permit> Drop for Unused<P> {
    fn drop(&mut self) {
        if let Some(permit) = self.0.take() {
            permit.complete(&End::new(Outcome::Refused));
        }
    }
}
