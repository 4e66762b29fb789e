use crate::{Moment, Priority};

/// No slot.
pub(super) const NIL: u32 = u32::MAX;

/// A place in a [`Queue`](super::Queue): small, and safe to keep after its waiter has left, since a
/// place that is used again has another generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket {
    slot: u32,
    generation: u32,
}

/// One waiter, linked with its neighbours of the same class.
#[derive(Debug)]
pub(super) struct Node<T> {
    pub(super) value: T,
    pub(super) priority: Priority,
    pub(super) pushed: Moment,
    /// Whether it is the caller's deadline that ends the wait, and not the longest wait.
    pub(super) by_deadline: bool,
    pub(super) older: u32,
    pub(super) younger: u32,
}

/// All waiters. Slots of those who left are used again, so nothing is allocated once it is as long
/// as the queue has ever been.
#[derive(Debug)]
pub(super) struct Slab<T> {
    slots: Vec<Slot<T>>,
    free: u32,
    len: u32,
}

#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    next_free: u32,
    node: Option<Node<T>>,
}

impl<T> Slab<T> {
    pub(super) const fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: NIL,
            len: 0,
        }
    }

    pub(super) const fn len(&self) -> u32 {
        self.len
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn insert(&mut self, node: Node<T>) -> u32 {
        self.len += 1;
        if self.free == NIL {
            self.slots.push(Slot {
                generation: 0,
                next_free: NIL,
                node: Some(node),
            });
            return self.slots.len() as u32 - 1;
        }
        let at = self.free;
        let slot = &mut self.slots[at as usize];
        self.free = slot.next_free;
        slot.node = Some(node);
        at
    }

    pub(super) fn remove(&mut self, at: u32) -> Node<T> {
        let slot = &mut self.slots[at as usize];
        slot.generation = slot.generation.wrapping_add(1);
        slot.next_free = self.free;
        self.free = at;
        self.len -= 1;
        slot.node.take().expect("a linked slot is in use")
    }

    pub(super) fn ticket(&self, slot: u32) -> Ticket {
        Ticket {
            slot,
            generation: self.slots[slot as usize].generation,
        }
    }

    /// The slot of a ticket whose waiter is still here.
    pub(super) fn find(&self, ticket: Ticket) -> Option<u32> {
        let slot = self.slots.get(ticket.slot as usize)?;
        (slot.generation == ticket.generation && slot.node.is_some()).then_some(ticket.slot)
    }

    /// None for [`NIL`].
    pub(super) fn get(&self, at: u32) -> Option<&Node<T>> {
        self.slots.get(at as usize)?.node.as_ref()
    }

    pub(super) fn node(&self, at: u32) -> &Node<T> {
        self.slots[at as usize]
            .node
            .as_ref()
            .expect("a linked slot is in use")
    }

    pub(super) fn node_mut(&mut self, at: u32) -> &mut Node<T> {
        self.slots[at as usize]
            .node
            .as_mut()
            .expect("a linked slot is in use")
    }
}
