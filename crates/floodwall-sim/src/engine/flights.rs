use super::event::Attempted;
use crate::report::Counted;

/// A request of a client, whichever attempt it is at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) id: u64,
    pub(super) group: u16,
    pub(super) tenant: u32,
    pub(super) cost: u32,
    /// Where it is counted: the phase in which it came.
    pub(super) counted: Counted,
    /// Attempts before this one.
    pub(super) number: u32,
    /// Who waits for its end in a closed loop.
    pub(super) user: Option<(u16, u32)>,
}

/// An attempt under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    pub(super) wanted: Wanted,
    pub(super) sent: u64,
    /// Its client has given up on it, though the service goes on.
    pub(super) given_up: bool,
}

/// The attempts under way, by the slot of their future.
#[derive(Debug, Default)]
pub(super) struct Flights {
    slots: Vec<(u32, Option<Flight>)>,
    count: usize,
}

impl Flights {
    pub(super) fn put(&mut self, slot: u32, flight: Flight) -> Attempted {
        let index = slot as usize;
        if self.slots.len() <= index {
            self.slots.resize(index + 1, (0, None));
        }
        self.count += 1;
        self.slots[index].1 = Some(flight);
        Attempted {
            slot,
            generation: self.slots[index].0,
        }
    }

    pub(super) fn take(&mut self, slot: u32) -> Option<Flight> {
        let (generation, flight) = self.slots.get_mut(slot as usize)?;
        let taken = flight.take()?;
        *generation = generation.wrapping_add(1);
        self.count -= 1;
        Some(taken)
    }

    /// The attempt that was meant, if it is still under way.
    pub(super) fn get(&mut self, attempt: Attempted) -> Option<&mut Flight> {
        let (generation, flight) = self.slots.get_mut(attempt.slot as usize)?;
        if attempt.is(*generation) {
            flight.as_mut()
        } else {
            None
        }
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Flight> {
        self.slots.iter().filter_map(|(_, flight)| flight.as_ref())
    }
}
