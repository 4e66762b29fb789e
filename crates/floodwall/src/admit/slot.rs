use floodwall_core::Outcome;

use crate::admission::{End, Permit};

/// Where a permit stays from its admission to its end: whatever moves it about has to copy it.
pub(super) struct Slot<P: Permit> {
    permit: Option<P>,
    /// Its work has begun.
    runs: bool,
}

/// The work begins; unless it is kept, the permit goes.
pub(super) struct Begun<'a, P: Permit> {
    slot: &'a mut Slot<P>,
    keeps: bool,
}

impl<P: Permit> Slot<P> {
    pub(super) const fn empty() -> Self {
        Self {
            permit: None,
            runs: false,
        }
    }

    /// Where the decision leaves it, and whoever needs it elsewhere takes it.
    pub(super) const fn place(&mut self) -> &mut Option<P> {
        &mut self.permit
    }

    /// The work has ended.
    #[inline]
    pub(super) fn complete(&mut self, end: &End) {
        P::complete_in(&mut self.permit, end);
    }

    pub(super) const fn begin(&mut self) -> Begun<'_, P> {
        self.runs = true;
        Begun {
            slot: self,
            keeps: false,
        }
    }

    #[cold]
    fn refuse(&mut self) {
        self.complete(&End::new(Outcome::Refused));
    }
}

impl<P: Permit> Drop for Slot<P> {
    #[inline]
    fn drop(&mut self) {
        if !self.runs && self.permit.is_some() {
            self.refuse();
        }
    }
}

impl<P: Permit> Begun<'_, P> {
    pub(super) fn permit(&mut self) -> &mut P {
        self.slot.permit.as_mut().expect("it was admitted")
    }

    pub(super) fn keep(mut self) {
        self.keeps = true;
    }
}

impl<P: Permit> Drop for Begun<'_, P> {
    #[inline]
    fn drop(&mut self) {
        if !self.keeps {
            self.slot.permit = None;
        }
    }
}
