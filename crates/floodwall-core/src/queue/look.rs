//! Looks at a queue that change nothing.

use std::time::Duration;

use super::class::Class;
use super::fair::Tenant;
use super::slab::{NIL, Ticket};
use super::{Mode, Queue};
use crate::{Moment, Priority};

impl<T> Queue<T> {
    /// Whom the most urgent class would serve next: a look that decides nothing and leaves the
    /// shares out.
    pub fn first(&self) -> Option<&T> {
        let waits = |class: &&Class| class.len > 0;
        let class = self.classes.iter().find(waits)?;
        Some(&self.slab.node(class.first()).value)
    }

    /// Whom the most urgent class would serve at `now`, with the tenants' turns and the order of that
    /// moment; leaves the shares out, too.
    pub fn next(&self, now: Moment) -> Option<&T> {
        let class = self.classes.iter().position(|class| class.len > 0)?;
        let newest_first = self.classes[class].newest_first_at(now, &self.config);
        let slot = self.first_of(class, newest_first, now);
        Some(&self.slab.node(slot).value)
    }

    /// When the time of the one of `ticket` is up; none if it is not here any more.
    pub fn expiry_of(&self, ticket: Ticket) -> Option<Moment> {
        Some(self.expiry.of(self.slab.find(ticket)?))
    }

    /// When the next one's time is up.
    pub fn next_expiry(&self) -> Option<Moment> {
        Some(self.expiry.first()?.0)
    }

    /// How many wait.
    pub const fn len(&self) -> u32 {
        self.slab.len()
    }

    /// How many wait in one class.
    pub const fn len_of(&self, priority: Priority) -> u32 {
        self.classes[priority.index()].len
    }

    /// Whether nobody waits.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// For how long the one who came first has waited; zero if nobody waits.
    pub fn oldest_wait(&self, now: Moment) -> Duration {
        let ages = Priority::all().map(|priority| self.oldest_wait_of(priority, now));
        ages.max().unwrap_or_default()
    }

    /// For how long the one who came first in a class has waited; zero if nobody waits in it.
    pub fn oldest_wait_of(&self, priority: Priority, now: Moment) -> Duration {
        match self.classes[priority.index()].oldest {
            NIL => Duration::ZERO,
            oldest => now.since(self.slab.node(oldest).pushed),
        }
    }

    /// Whether a push would find a place for `priority`, be it somebody else's.
    pub fn has_room_for(&self, now: Moment, priority: Priority) -> bool {
        self.has_room_for_one_of(now, priority, Tenant::NOBODY)
    }

    /// Whether a push would find a place for one of a tenant, be it somebody else's.
    pub fn has_room_for_one_of(&self, now: Moment, priority: Priority, tenant: Tenant) -> bool {
        self.len() < self.config.capacity()
            || self.next_expiry().is_some_and(|expires| expires <= now)
            || self.victim(priority.index(), tenant, now).is_some()
    }

    /// In which order a class is served, as judged when one last came to it or was served.
    pub const fn mode_of(&self, priority: Priority) -> Mode {
        if self.classes[priority.index()].newest_first() {
            Mode::NewestFirst
        } else {
            Mode::OldestFirst
        }
    }
}
