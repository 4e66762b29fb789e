//! Fair queuing between the tenants of one class.
//!
//! Tenants are dealt onto a fixed number of queues by shuffle sharding, and the queues take turns
//! in virtual time: whoever has had least of the service is next. So one who asks for a thousand
//! times more than the others gets no more than they do, and whoever asks for little gets it all.

mod account;
mod allocation;
mod flows;
mod link;
mod shuffle;
mod tenant;

use std::num::NonZeroU32;

use self::flows::Flows;
use self::link::Link;
use super::slab::NIL;
use crate::{Moment, Priority};

pub use self::allocation::fair_allocation;
pub use self::shuffle::{FairQueues, FairQueuesError};
pub use self::tenant::{Served, Tenant};

/// The tenants' queues of all classes, and who waits in which of them.
#[derive(Debug)]
pub(super) struct Fair {
    queues: FairQueues,
    /// Made when the first of a class comes.
    classes: [Option<Box<Flows>>; Priority::COUNT],
    /// By slot; means nothing for a slot where nobody waits.
    links: Vec<Link>,
    next_number: u64,
    /// Tells receipts of an earlier set-up apart.
    epoch: u32,
}

/// Who has to leave for a newcomer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Crowd {
    /// The heaviest tenant has more than the newcomer's would have: one of it.
    Heavier(u32),
    /// One of the heaviest tenant, which has no more than the newcomer's.
    Even(u32),
}

impl Crowd {
    pub(super) const fn who(self) -> u32 {
        match self {
            Self::Heavier(slot) | Self::Even(slot) => slot,
        }
    }
}

impl Fair {
    pub(super) fn new(queues: FairQueues, epoch: u32) -> Box<Self> {
        Box::new(Self {
            queues,
            classes: [const { None }; Priority::COUNT],
            links: Vec::new(),
            next_number: 0,
            epoch,
        })
    }

    /// Who waits in a slot.
    pub(super) fn tenant_of(&self, slot: u32) -> Tenant {
        self.links[slot as usize].tenant
    }

    pub(super) fn push(&mut self, class: usize, slot: u32, tenant: Tenant, now: Moment) {
        let queues = self.queues;
        let flows =
            self.classes[class].get_or_insert_with(|| Box::new(Flows::new(queues.queues())));
        let queue = flows.place(&queues.hand_of(tenant.key), tenant.key, now);
        let link = Link {
            older: NIL,
            younger: NIL,
            queue,
            tenant,
            number: self.next_number,
        };
        self.next_number += 1;
        let at = slot as usize;
        if self.links.len() <= at {
            self.links.resize(at + 1, link);
        }
        self.links[at] = link;
        flows.link(&mut self.links, slot, now);
    }

    /// One who waited does so no more.
    pub(super) fn remove(&mut self, class: usize, slot: u32) {
        if let Some(flows) = &mut self.classes[class] {
            flows.unlink(&mut self.links, slot);
        }
    }

    /// Whose turn it is in a class.
    pub(super) fn first(&self, class: usize, newest_first: bool, now: Moment) -> Option<u32> {
        let flows = self.classes[class].as_ref()?;
        flows.first(&self.links, newest_first, now)
    }

    /// One goes in, and has been taken out of the queue.
    pub(super) fn serve(&mut self, class: usize, slot: u32, now: Moment) -> Option<Served> {
        let Link { queue, tenant, .. } = self.links[slot as usize];
        let flows = self.classes[class].as_mut()?;
        Some(Served {
            class: class as u8,
            queue: queue as u16,
            epoch: self.epoch,
            rate: NonZeroU32::new(tenant.rate())?,
            prepaid: flows.serve(queue, tenant.rate(), now),
            since: now,
        })
    }

    /// One has left.
    pub(super) fn done(&mut self, served: &Served, now: Moment) {
        let known = served.epoch == self.epoch;
        let class = self.classes.get_mut(usize::from(served.class));
        if let (true, Some(Some(flows))) = (known, class) {
            flows.done(served, now);
        }
    }

    /// Who of a class would have to leave for one of `newcomer`.
    pub(super) fn crowd(
        &self,
        class: usize,
        newcomer: Option<Tenant>,
        newest_first: bool,
    ) -> Option<Crowd> {
        let flows = self.classes[class].as_ref()?;
        let (heaviest, load) = flows.heaviest()?;
        let slot = flows.last(heaviest, newest_first);
        let own = newcomer.map_or(0, |tenant| {
            let queue = flows.would_place(&self.queues.hand_of(tenant.key), tenant.key);
            flows.load(queue).saturating_add(u64::from(tenant.rate()))
        });
        Some(if load > own {
            Crowd::Heavier(slot)
        } else {
            Crowd::Even(slot)
        })
    }

    /// How many of a class are served before one of `tenant` that comes now, if all take equally
    /// long.
    pub(super) fn ahead(&self, class: usize, tenant: Tenant, newest_first: bool) -> u32 {
        self.classes[class].as_ref().map_or(0, |flows| {
            let hand = self.queues.hand_of(tenant.key);
            flows.ahead(flows.would_place(&hand, tenant.key), newest_first)
        })
    }
}
