//! The bounded queue, ordered by priority.
//!
//! Who is served next: nobody whose time is up; then a class that is below its share; then the most
//! urgent class; within a class the oldest, or the newest once the class has had a standing delay
//! ("adaptive LIFO", Maurer, *Fail at Scale*, ACM Queue 2015).
//!
//! If [`fair`](QueueConfigBuilder::fair) is on, the tenants of a class take turns: whoever has had
//! least of the service is next, and that order is the one among its own.
//!
//! ```
//! use floodwall_core::{Moment, Priority, queue::{Queue, QueueConfig}};
//! use std::time::Duration;
//!
//! let config = QueueConfig::builder().capacity(2).build().unwrap();
//! let mut queue = Queue::new(config);
//! let now = Moment::ZERO;
//! queue.push(now, Priority::LOW, None, "prefetch").unwrap();
//! queue.push(now, Priority::NORMAL, None, "page").unwrap();
//!
//! // It is full: a login takes the place of the least urgent.
//! let pushed = queue.push(now, Priority::CRITICAL, None, "login").unwrap();
//! assert_eq!(pushed.evicted.unwrap().value, "prefetch");
//!
//! assert_eq!(queue.pop(now).unwrap().value, "login");
//! // Nobody waits longer than the 100 ms that are the default.
//! let late = now + Duration::from_millis(100);
//! assert_eq!(queue.expire(late).unwrap().waiter.value, "page");
//! assert!(queue.is_empty());
//! ```

mod class;
mod config;
mod expiry;
mod fair;
mod look;
mod slab;
mod tenants;
mod waiter;

use self::class::Class;
use self::config::ONE;
use self::expiry::Expiry;
use self::fair::Fair;
use self::slab::{NIL, Node, Slab};
use crate::{Moment, Priority, Reason};

pub use self::config::{QueueConfig, QueueConfigBuilder, QueueConfigError};
pub use self::fair::{FairQueues, FairQueuesError, Served, Tenant, fair_allocation};
pub use self::slab::Ticket;
pub use self::waiter::{Expired, Mode, Pushed, Refused, Waiter};

/// A queue that is bounded in length and in time, and ordered by priority.
///
/// Every operation takes at most logarithmic time. Memory grows to the largest length that the
/// queue has had, never beyond its capacity, and is used again: a push allocates nothing once that
/// length has been reached.
///
/// The module has an example.
///
/// # Delay
///
/// A class's own delay is the age of its oldest waiter, looked at whenever one comes or is served,
/// and zero when it becomes empty. If the smallest value of an [interval](QueueConfig::interval) is
/// above the [target](QueueConfig::target), the class is served newest first until an interval says
/// otherwise: those who came last can still be answered in time, those who came first cannot.
///
/// # Shares
///
/// Each grant adds its share to the credit of every class that waits. A class that is owed a whole
/// grant is below its share and goes first, the one that is owed most before the others; its grant
/// is taken from its credit, down to zero. A class that waits through `n` grants therefore gets at
/// least `share * n` of them, less at most a few for all of time.
///
/// # Tenants
///
/// With [`fair`](QueueConfigBuilder::fair), push with [`push_for`](Queue::push_for) and give back
/// whom [`pop`](Queue::pop) took out with [`done`](Queue::done). A push takes time in the size of a
/// hand, a pop in the number of tenants that wait in its class, and memory is a fixed number of
/// queues for each class that is used. Each class keeps accounts of its own.
#[derive(Debug)]
pub struct Queue<T> {
    config: QueueConfig,
    slab: Slab<T>,
    classes: [Class; Priority::COUNT],
    expiry: Expiry,
    fair: Option<Box<Fair>>,
    /// How often the tenants were dealt onto other queues.
    dealt: u32,
}

impl<T> Queue<T> {
    /// An empty queue. Allocates nothing before the first push.
    pub fn new(config: QueueConfig) -> Self {
        Self {
            slab: Slab::new(),
            classes: [const { Class::EMPTY }; Priority::COUNT],
            expiry: Expiry::default(),
            fair: config.fair().map(|queues| Fair::new(queues, 0)),
            dealt: 0,
            config,
        }
    }

    /// Lets one wait, until `max_wait` from `now` or until `deadline`, whichever is first.
    ///
    /// When the queue is full, somebody less urgent has to leave: of the least urgent class that
    /// holds more places than its share protects, whoever would be served last. If there is
    /// nobody, a newcomer whose class is served newest first replaces the oldest of that class.
    /// Take out who has [expired](Queue::expire) first: they count.
    ///
    /// # Errors
    ///
    /// [`Reason::Full`] if nobody has to leave for it, [`Reason::Deadline`] if the deadline is not
    /// after `now`. The value comes back.
    pub fn push(
        &mut self,
        now: Moment,
        priority: Priority,
        deadline: Option<Moment>,
        value: T,
    ) -> Result<Pushed<T>, Refused<T>> {
        self.push_for(now, priority, Tenant::NOBODY, deadline, value)
    }

    /// The same for one of a tenant. If the queue is full and nobody less urgent has to leave, the
    /// newcomer takes the place of one of the tenant that has most waiting in its class, if that is
    /// more than its own would have then. Without [`fair`](QueueConfigBuilder::fair) all are of one
    /// tenant.
    ///
    /// # Errors
    ///
    /// As [`Queue::push`].
    pub fn push_for(
        &mut self,
        now: Moment,
        priority: Priority,
        tenant: Tenant,
        deadline: Option<Moment>,
        value: T,
    ) -> Result<Pushed<T>, Refused<T>> {
        if deadline.is_some_and(|deadline| deadline <= now) {
            return Err(Refused {
                value,
                reason: Reason::Deadline,
            });
        }
        let class = priority.index();
        self.classes[class].look(now, &self.slab, &self.config);
        let evicted = if self.len() < self.config.capacity() {
            None
        } else if let Some(victim) = self.victim(class, tenant, now) {
            Some(self.take(victim))
        } else {
            return Err(Refused {
                value,
                reason: Reason::Full,
            });
        };

        let longest = now + self.config.max_wait();
        let expires = deadline.map_or(longest, |deadline| deadline.min(longest));
        let slot = self.slab.insert(Node {
            value,
            priority,
            pushed: now,
            by_deadline: expires < longest,
            older: NIL,
            younger: NIL,
        });
        self.classes[class].link(&mut self.slab, slot);
        self.expiry.insert(slot, expires);
        if let Some(fair) = &mut self.fair {
            fair.push(class, slot, tenant, now);
        }
        Ok(Pushed {
            ticket: self.slab.ticket(slot),
            expires,
            evicted,
        })
    }

    /// Takes out whom to serve next.
    ///
    /// Nobody is served while there is one whose time is up: call [`Queue::expire`] until it has no
    /// more.
    pub fn pop(&mut self, now: Moment) -> Option<Waiter<T>> {
        if self.expiry.first()?.0 <= now {
            return None;
        }
        let class = self.next_class()?;
        self.classes[class].look(now, &self.slab, &self.config);
        let newest_first = self.classes[class].newest_first();
        let slot = self.first_of(class, newest_first, now);
        let mut waiter = self.take(slot);
        if let Some(fair) = &mut self.fair {
            waiter.served = fair.serve(class, slot, now);
        }
        Some(waiter)
    }

    /// Takes out one whose time is up, the one that was due first.
    pub fn expire(&mut self, now: Moment) -> Option<Expired<T>> {
        let (expires, slot) = self.expiry.first()?;
        (expires <= now).then(|| self.take_expired(slot))
    }

    /// Takes out the one of `ticket` if its time is up, whoever else has expired.
    pub fn expire_one(&mut self, now: Moment, ticket: Ticket) -> Option<Expired<T>> {
        let slot = self.slab.find(ticket)?;
        (self.expiry.of(slot) <= now).then(|| self.take_expired(slot))
    }

    /// Takes out one who no longer wants to wait; none if it is not here any more.
    pub fn cancel(&mut self, ticket: Ticket) -> Option<Waiter<T>> {
        let slot = self.slab.find(ticket)?;
        Some(self.take(slot))
    }

    /// The value of one who waits; none if it is not here any more.
    pub fn get_mut(&mut self, ticket: Ticket) -> Option<&mut T> {
        let slot = self.slab.find(ticket)?;
        Some(&mut self.slab.node_mut(slot).value)
    }

    /// How the queue is set up.
    pub const fn config(&self) -> &QueueConfig {
        &self.config
    }

    /// Changes the set-up. Nobody who waits is sent away: those beyond a smaller capacity leave
    /// in their turn, and each keeps the wait that it came with.
    pub fn set_config(&mut self, config: QueueConfig) {
        for (index, class) in self.classes.iter_mut().enumerate() {
            if !config.newest_first() {
                class.oldest_first_again();
            }
            if config.share_of(index) == 0 {
                class.credit = 0;
            }
        }
        let deal = config.fair() != self.config.fair();
        self.config = config;
        if deal {
            self.deal_again();
        }
    }

    /// Whose turn it is, with the grant entered in the accounts.
    fn next_class(&mut self) -> Option<usize> {
        let mut most_urgent = None;
        let mut owed: Option<usize> = None;
        for index in 0..Priority::COUNT {
            let class = &mut self.classes[index];
            if class.len == 0 {
                continue;
            }
            most_urgent = most_urgent.or(Some(index));
            class.credit += self.config.share_of(index);
            let credit = class.credit;
            if credit >= ONE && owed.is_none_or(|most| self.classes[most].credit < credit) {
                owed = Some(index);
            }
        }
        let next = owed.or(most_urgent)?;
        let credit = &mut self.classes[next].credit;
        *credit = credit.saturating_sub(ONE);
        Some(next)
    }

    fn take_expired(&mut self, slot: u32) -> Expired<T> {
        let reason = if self.slab.node(slot).by_deadline {
            Reason::Deadline
        } else {
            Reason::QueueTimeout
        };
        Expired {
            waiter: self.take(slot),
            reason,
        }
    }

    fn take(&mut self, slot: u32) -> Waiter<T> {
        self.expiry.remove(slot);
        let class = self.slab.node(slot).priority.index();
        self.classes[class].unlink(&mut self.slab, slot);
        if let Some(fair) = &mut self.fair {
            fair.remove(class, slot);
        }
        let Node {
            value,
            priority,
            pushed,
            ..
        } = self.slab.remove(slot);
        Waiter {
            value,
            priority,
            pushed,
            served: None,
        }
    }
}

#[cfg(test)]
mod tests;
