//! The queue with the turns of tenants, and without them.

use super::Queue;
use super::fair::{Crowd, Fair, Served, Tenant};
use crate::{Moment, Priority};

impl<T> Queue<T> {
    /// One who was taken out to be served has left; see [`Waiter::served`](super::Waiter::served).
    ///
    /// Does nothing if the tenants' queues were set up anew meanwhile.
    pub fn done(&mut self, served: Served, now: Moment) {
        if let Some(fair) = &mut self.fair {
            fair.done(&served, now);
        }
    }

    /// How many of its own class are served before one of a tenant that comes now, if all take
    /// equally long.
    pub fn ahead_of(&self, priority: Priority, tenant: Tenant) -> u32 {
        let class = &self.classes[priority.index()];
        let newest_first = class.newest_first();
        match &self.fair {
            Some(fair) => fair.ahead(priority.index(), tenant, newest_first),
            None if newest_first => 0,
            None => class.len,
        }
    }

    /// Whom a class serves next.
    pub(super) fn first_of(&self, index: usize, newest_first: bool, now: Moment) -> u32 {
        let class = &self.classes[index];
        let fair = self.fair.as_ref();
        fair.and_then(|fair| fair.first(index, newest_first, now))
            .unwrap_or(if newest_first {
                class.youngest
            } else {
                class.oldest
            })
    }

    /// Who has to leave a full queue for a newcomer of `class`.
    pub(super) fn victim(&self, class: usize, tenant: Tenant, now: Moment) -> Option<u32> {
        let less_urgent = (class + 1..Priority::COUNT)
            .rev()
            .find(|&other| self.classes[other].len > self.config.protected(other));
        if let Some(other) = less_urgent {
            let class = &self.classes[other];
            let crowd = self.crowd(other, None, class.newest_first());
            return Some(crowd.map_or(class.last(), Crowd::who));
        }
        let own = &self.classes[class];
        if own.len == 0 {
            return None;
        }
        let newest_first = own.newest_first_at(now, &self.config);
        match self.crowd(class, Some(tenant), newest_first) {
            Some(Crowd::Heavier(slot)) => Some(slot),
            Some(Crowd::Even(slot)) => newest_first.then_some(slot),
            None => newest_first.then_some(own.oldest),
        }
    }

    fn crowd(&self, class: usize, newcomer: Option<Tenant>, newest_first: bool) -> Option<Crowd> {
        let fair = self.fair.as_ref()?;
        fair.crowd(class, newcomer, newest_first)
    }

    /// Deals those who wait onto the queues of another set-up, in the order in which they came.
    pub(super) fn deal_again(&mut self) {
        let before = self.fair.take();
        self.dealt = self.dealt.wrapping_add(1);
        let Some(queues) = self.config.fair() else {
            return;
        };
        let mut fair = Fair::new(queues, self.dealt);
        for (index, class) in self.classes.iter().enumerate() {
            let mut slot = class.oldest;
            while let Some(node) = self.slab.get(slot) {
                let tenant = before
                    .as_ref()
                    .map_or(Tenant::NOBODY, |before| before.tenant_of(slot));
                fair.push(index, slot, tenant, node.pushed);
                slot = node.younger;
            }
        }
        self.fair = Some(fair);
    }
}
