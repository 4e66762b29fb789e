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

    pub(super) fn put(&mut self, permit: P) {
        self.permit = Some(permit);
    }

    /// # Panics
    ///
    /// If there is none.
    pub(super) fn take(&mut self) -> P {
        self.permit.take().expect("it was admitted")
    }

    pub(super) const fn begin(&mut self) -> Begun<'_, P> {
        self.runs = true;
        Begun {
            slot: self,
            keeps: false,
        }
    }
}

impl<P: Permit> Drop for Slot<P> {
    fn drop(&mut self) {
        if self.runs {
            return;
        }
        if let Some(permit) = self.permit.take() {
            permit.complete(&End::new(Outcome::Refused));
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
    fn drop(&mut self) {
        if !self.keeps {
            self.slot.permit = None;
        }
    }
}
