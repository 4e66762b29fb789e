//! The queue as a waiting room: who takes the next turn, and how many may wait.
//!
//! A turn refuses those whose time is up and grants so many places as were agreed on. One of those
//! who wait takes it, when it is polled: it is *called* (something became free while no turn was
//! under way), asks for a turn that *comes* when the reactor has been looked at, and then it is
//! *due*. Whoever was called, or is due, and does not wait any more, passes that on.

use std::task::Waker;
use std::time::Duration;

use floodwall_core::queue::{Queue, QueueConfig};
use floodwall_core::{Moment, Priority};

use super::counts::Counts;
use super::line::{Line, Waiter};
use super::slab::Key;
use super::wakes::Wakes;

/// How large a waiting room may be, and for how long one waits there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RoomRules {
    /// So long it should take to serve those who wait.
    pub(crate) target: Duration,
    pub(crate) max_wait: Duration,
    pub(crate) least: u32,
    pub(crate) most: u32,
}

/// What one who waits has to do, if anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Nothing.
    Rests,
    /// To be polled again, behind those who are about to be.
    GoesBehind,
    /// To see that [`Gate::turn_comes`](super::Gate::turn_comes) is called once the reactor has
    /// been looked at.
    Calls,
}

#[derive(Debug)]
pub(super) struct Room {
    rules: RoomRules,
    /// The set-up of the queue when it is no waiting room.
    base: QueueConfig,
    pub(super) size: u32,
    /// How many places may still be given in this turn.
    pub(super) grants: u32,
    pub(super) turn: Turn,
    /// The most urgent class that came during the last second or so.
    top: Priority,
    top_at: Moment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// None is under way: nobody waits, or no place is free.
    None,
    Called(Key),
    Comes,
    Due {
        key: Key,
        grants: u32,
        behind: bool,
    },
}

impl Room {
    /// For so long a class counts as present after one of it came.
    const PRESENT: Duration = Duration::from_secs(1);

    pub(super) fn new(rules: RoomRules, queue: &mut Queue<Key>) -> Self {
        let room = Self {
            rules,
            base: queue.config().clone(),
            // Until it is known how fast it is served, only the time bounds it.
            size: rules.most,
            grants: 0,
            turn: Turn::None,
            top: Priority::BACKGROUND,
            top_at: Moment::ZERO,
        };
        room.furnish(queue);
        room
    }

    pub(super) fn close(self, queue: &mut Queue<Key>) {
        queue.set_config(self.base);
    }

    pub(super) fn set_base(&mut self, base: QueueConfig, queue: &mut Queue<Key>) {
        self.base = base;
        self.furnish(queue);
    }

    pub(super) fn set_rules(&mut self, rules: RoomRules, queue: &mut Queue<Key>) {
        self.rules = rules;
        self.size = self.size.clamp(rules.least, rules.most);
        self.furnish(queue);
    }

    pub(super) const fn may_grant(room: Option<&Self>) -> bool {
        match room {
            Some(room) => room.grants > 0,
            None => true,
        }
    }

    pub(super) const fn count_grant(room: Option<&mut Self>) {
        if let Some(room) = room {
            room.grants -= 1;
        }
    }

    /// Takes note of one who comes.
    pub(super) fn comes(&mut self, now: Moment, priority: Priority) {
        if priority <= self.top || now.since(self.top_at) > Self::PRESENT {
            (self.top, self.top_at) = (priority, now);
        }
    }

    /// From half of its size on the room is kept for the most urgent of those who come, and for
    /// the shares of the others: so these are refused at once and need not be evicted later.
    pub(super) fn is_kept_for_others(
        &self,
        queue: &Queue<Key>,
        now: Moment,
        priority: Priority,
    ) -> bool {
        let share = self.base.share(priority) * f64::from(self.size);
        queue.len() >= self.size.div_ceil(2)
            && priority > self.top
            && now.since(self.top_at) <= Self::PRESENT
            && f64::from(queue.len_of(priority)) >= share
    }

    /// As many wait as leave within the target (Little's law, with the rate that was measured and
    /// not the limit: a handler that blocks its thread is alone, whatever the limit says).
    fn resize(&mut self, departures_per_second: Option<f64>, queue: &mut Queue<Key>) {
        let Some(rate) = departures_per_second else {
            return;
        };
        let fits = (rate * self.rules.target.as_secs_f64()).ceil() as u32;
        let size = fits.clamp(self.rules.least, self.rules.most);
        // A little more or less is noise.
        if size.abs_diff(self.size) * 16 > self.size {
            self.size = size;
            self.furnish(queue);
        }
    }

    fn furnish(&self, queue: &mut Queue<Key>) {
        let wait = self.rules.max_wait.min(self.base.max_wait());
        let mut config = QueueConfig::builder()
            .capacity(self.size)
            .max_wait(wait)
            // The size keeps the delay short; and who is served last would be refused late.
            .newest_first(false);
        if let Some(queues) = self.base.fair() {
            config = config.fair(queues);
        }
        for priority in Priority::all() {
            config = config.share(priority, self.base.share(priority));
        }
        queue.set_config(config.build().expect("made of what was checked"));
    }
}

impl Line {
    /// Sees to it that a turn is under way if there is something to do, and that whoever has to
    /// see to it still waits.
    pub(super) fn mind_turn(&mut self, counts: &Counts, wakes: &mut Wakes) {
        let Some(room) = &self.room else { return };
        let turn = room.turn;
        match turn {
            Turn::Comes => return,
            Turn::None if !has_work(counts) => return,
            Turn::Called(key) | Turn::Due { key, .. } if self.waker_of(key).is_some() => return,
            Turn::None | Turn::Called(_) | Turn::Due { .. } => {}
        }
        let next = self.first();
        let next = next.map(|(key, waker)| {
            wakes.push(waker.clone());
            match turn {
                Turn::Due { grants, behind, .. } => Turn::Due {
                    key,
                    grants,
                    behind,
                },
                Turn::None | Turn::Called(_) | Turn::Comes => Turn::Called(key),
            }
        });
        self.set_turn(next.unwrap_or(Turn::None));
    }

    /// One who has just come, and is about to look, asks for the turn if there is none.
    pub(super) fn offer_turn(&mut self, counts: &Counts, key: Key) {
        if let Some(room) = &mut self.room {
            if room.turn == Turn::None && has_work(counts) {
                room.turn = Turn::Called(key);
            }
        }
    }

    /// The reactor was looked at: somebody has to take the turn. Returns whom to wake.
    pub(super) fn turn_comes(&mut self, grants: u32, behind: bool) -> Option<Waker> {
        let room = self.room.as_ref()?;
        if room.turn != Turn::Comes {
            return None;
        }
        let next = self.first().map(|(key, waker)| (key, waker.clone()));
        let (turn, waker) = match next {
            None => (Turn::None, None),
            Some((key, waker)) => (
                Turn::Due {
                    key,
                    grants,
                    behind,
                },
                Some(waker),
            ),
        };
        self.set_turn(turn);
        waker
    }

    /// What the one of `key` has to do; `None` if the turn is to be taken now.
    pub(super) fn begin_turn(&mut self, now: Moment, key: Key) -> Option<Role> {
        let (Some(room), Some(queue)) = (&mut self.room, &mut self.queue) else {
            return Some(Role::Rests);
        };
        match room.turn {
            Turn::Called(called) if called == key => {
                room.turn = Turn::Comes;
                Some(Role::Calls)
            }
            Turn::Due {
                key: due,
                grants,
                behind,
            } if due == key => {
                if behind {
                    room.turn = Turn::Due {
                        key,
                        grants,
                        behind: false,
                    };
                    return Some(Role::GoesBehind);
                }
                room.grants = grants;
                room.resize(self.departures.per_second(now), queue);
                None
            }
            Turn::None | Turn::Called(_) | Turn::Comes | Turn::Due { .. } => Some(Role::Rests),
        }
    }

    /// After a turn: whether another one is to be called.
    pub(super) fn end_turn(&mut self, counts: &Counts) -> Role {
        let Some(room) = &mut self.room else {
            return Role::Rests;
        };
        room.grants = 0;
        if has_work(counts) {
            room.turn = Turn::Comes;
            Role::Calls
        } else {
            room.turn = Turn::None;
            Role::Rests
        }
    }

    fn set_turn(&mut self, turn: Turn) {
        if let Some(room) = &mut self.room {
            room.turn = turn;
        }
    }

    fn first(&self) -> Option<(Key, &Waker)> {
        let key = *self.queue.as_ref()?.first()?;
        Some((key, self.waker_of(key)?))
    }

    /// The waker of one who still waits.
    fn waker_of(&self, key: Key) -> Option<&Waker> {
        match self.waiters.get(key)? {
            Waiter::Waiting { waker, .. } => Some(waker),
            Waiter::Granted(_) | Waiter::Refused(_) => None,
        }
    }
}

/// Somebody waits, and there is a free place.
fn has_work(counts: &Counts) -> bool {
    let seen = counts.seen();
    seen.waiting() > 0 && seen.in_flight() < counts.limit()
}
