//! The queue against a plain list that is looked through from end to end each time.

use std::time::Duration;

use floodwall_core::queue::{Mode, Queue, QueueConfig, Ticket};
use floodwall_core::{Moment, Priority, Reason};
use proptest::prelude::*;

/// A whole grant, in millionths.
const ONE: u64 = 1_000_000;

#[derive(Clone, Debug)]
enum Event {
    Cancel(usize),
    Configure(Settings),
    Expire,
    ExpireOne(usize),
    Pass(u64),
    Pop,
    Push { priority: u8, patience: Option<u64> },
}

#[derive(Clone, Debug)]
struct Settings {
    capacity: u32,
    max_wait: u64,
    target: u64,
    interval: u64,
    newest_first: bool,
    /// In hundredths.
    shares: Vec<(u8, u32)>,
}

fn settings() -> impl Strategy<Value = Settings> {
    let shares = prop::collection::vec((0..8u8, 0..=16u32), 0..3);
    (
        1..12u32,
        1..200u64,
        1..30u64,
        1..60u64,
        prop::bool::weighted(0.8),
        shares,
    )
        .prop_map(
            |(capacity, max_wait, target, interval, newest_first, shares)| Settings {
                capacity,
                max_wait,
                target,
                interval,
                newest_first,
                shares,
            },
        )
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        2 => any::<usize>().prop_map(Event::Cancel),
        1 => settings().prop_map(Event::Configure),
        2 => Just(Event::Expire),
        1 => any::<usize>().prop_map(Event::ExpireOne),
        5 => (0..20u64).prop_map(Event::Pass),
        6 => Just(Event::Pop),
        12 => (0..8u8, prop::option::weighted(0.3, 0..100u64))
            .prop_map(|(priority, patience)| Event::Push { priority, patience }),
    ]
}

impl Settings {
    fn config(&self) -> QueueConfig {
        let mut builder = QueueConfig::builder()
            .capacity(self.capacity)
            .max_wait(millis(self.max_wait))
            .target(millis(self.target))
            .interval(millis(self.interval))
            .newest_first(self.newest_first);
        for &(priority, hundredths) in &self.shares {
            builder = builder.share(class(priority), f64::from(hundredths) / 100.0);
        }
        builder.build().unwrap()
    }

    /// In millionths; of a class named twice the last is meant.
    fn share(&self, priority: usize) -> u64 {
        let last = self
            .shares
            .iter()
            .rev()
            .find(|(named, _)| usize::from(*named) == priority);
        last.map_or(0, |&(_, hundredths)| u64::from(hundredths) * ONE / 100)
    }

    fn protected(&self, priority: usize) -> usize {
        let places = |priority| self.share(priority) * u64::from(self.capacity);
        let rounded_up: u64 = (0..8).map(|p| places(p).div_ceil(ONE)).sum();
        let protected = if rounded_up <= u64::from(self.capacity / 2) {
            places(priority).div_ceil(ONE)
        } else {
            places(priority) / ONE
        };
        usize::try_from(protected).unwrap()
    }
}

fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn class(priority: u8) -> Priority {
    Priority::new(priority).unwrap()
}

#[derive(Clone, Debug)]
struct Entry {
    id: u64,
    priority: usize,
    pushed: u64,
    expires: u64,
    by_deadline: bool,
}

/// In milliseconds. The entries are in the order in which they came.
#[derive(Clone)]
struct Model {
    settings: Settings,
    entries: Vec<Entry>,
    credit: [u64; 8],
    smallest_delay: [u64; 8],
    judged_at: [u64; 8],
    newest_first: [bool; 8],
}

impl Model {
    fn new(settings: Settings) -> Self {
        Self {
            settings,
            entries: Vec::new(),
            credit: [0; 8],
            smallest_delay: [0; 8],
            judged_at: [0; 8],
            newest_first: [false; 8],
        }
    }

    fn of(&self, priority: usize) -> Vec<&Entry> {
        self.entries
            .iter()
            .filter(|entry| entry.priority == priority)
            .collect()
    }

    fn look(&mut self, now: u64, priority: usize) {
        let age = self
            .of(priority)
            .first()
            .map_or(0, |oldest| now - oldest.pushed);
        if now >= self.judged_at[priority] {
            self.newest_first[priority] =
                self.settings.newest_first && self.smallest_delay[priority] > self.settings.target;
            self.smallest_delay[priority] = age;
            self.judged_at[priority] = now + self.settings.interval;
        } else {
            self.smallest_delay[priority] = self.smallest_delay[priority].min(age);
        }
    }

    fn remove(&mut self, id: u64) -> Entry {
        let at = self
            .entries
            .iter()
            .position(|entry| entry.id == id)
            .unwrap();
        let entry = self.entries.remove(at);
        if self.of(entry.priority).is_empty() {
            self.smallest_delay[entry.priority] = 0;
        }
        entry
    }

    fn victim(&self, priority: usize) -> Option<u64> {
        for lower in (priority + 1..8).rev() {
            let waiting = self.of(lower);
            if waiting.len() > self.settings.protected(lower) {
                let last = if self.newest_first[lower] {
                    waiting.first()
                } else {
                    waiting.last()
                };
                return last.map(|entry| entry.id);
            }
        }
        let own = self.of(priority);
        if self.newest_first[priority] {
            own.first().map(|entry| entry.id)
        } else {
            None
        }
    }

    /// Who was evicted, or why it was refused.
    fn push(
        &mut self,
        now: u64,
        id: u64,
        priority: usize,
        deadline: Option<u64>,
    ) -> Result<Option<u64>, Reason> {
        if deadline.is_some_and(|deadline| deadline <= now) {
            return Err(Reason::Deadline);
        }
        self.look(now, priority);
        let mut evicted = None;
        if self.entries.len() >= self.settings.capacity as usize {
            let victim = self.victim(priority).ok_or(Reason::Full)?;
            evicted = Some(self.remove(victim).id);
        }
        let longest = now + self.settings.max_wait;
        self.entries.push(Entry {
            id,
            priority,
            pushed: now,
            expires: deadline.unwrap_or(u64::MAX).min(longest),
            by_deadline: deadline.is_some_and(|deadline| deadline < longest),
        });
        Ok(evicted)
    }

    fn pop(&mut self, now: u64) -> Option<Entry> {
        if self.entries.is_empty() || self.entries.iter().any(|entry| entry.expires <= now) {
            return None;
        }
        let waiting: Vec<usize> = (0..8).filter(|&p| !self.of(p).is_empty()).collect();
        for &priority in &waiting {
            self.credit[priority] += self.settings.share(priority);
        }
        let owed = waiting.iter().copied().filter(|&p| self.credit[p] >= ONE);
        // Of those who are owed the same, the most urgent.
        let most_owed = owed.rev().max_by_key(|&p| self.credit[p]);
        let priority = most_owed.unwrap_or(waiting[0]);
        self.credit[priority] = self.credit[priority].saturating_sub(ONE);
        self.look(now, priority);
        let line = self.of(priority);
        let id = if self.newest_first[priority] {
            line.last()
        } else {
            line.first()
        }?
        .id;
        Some(self.remove(id))
    }

    fn configure(&mut self, settings: Settings) {
        self.settings = settings;
        for priority in 0..8 {
            self.newest_first[priority] &= self.settings.newest_first;
            if self.settings.share(priority) == 0 {
                self.credit[priority] = 0;
            }
        }
    }
}

fn reason(entry: &Entry) -> Reason {
    if entry.by_deadline {
        Reason::Deadline
    } else {
        Reason::QueueTimeout
    }
}

fn at(now: u64) -> Moment {
    Moment::ZERO + millis(now)
}

struct Both {
    queue: Queue<u64>,
    model: Model,
    /// Also of those who have left: such a ticket must mean nothing.
    tickets: Vec<(u64, Ticket)>,
    now: u64,
    next: u64,
}

impl Both {
    fn happen(&mut self, event: Event) {
        let now = at(self.now);
        match event {
            Event::Cancel(which) => {
                let Some((id, ticket)) = self.ticket(which) else {
                    return;
                };
                let waits = self.model.entries.iter().any(|entry| entry.id == id);
                let cancelled = self.queue.cancel(ticket);
                assert_eq!(cancelled.map(|waiter| waiter.value), waits.then_some(id));
                if waits {
                    self.model.remove(id);
                }
            }
            Event::Configure(settings) => {
                self.queue.set_config(settings.config());
                self.model.configure(settings);
            }
            Event::Expire => {
                while let Some(expired) = self.queue.expire(now) {
                    let first = self.model.entries.iter().map(|entry| entry.expires).min();
                    let entry = self.model.remove(expired.waiter.value);
                    assert_eq!(Some(entry.expires), first);
                    assert!(entry.expires <= self.now);
                    assert_eq!(expired.reason, reason(&entry));
                }
                assert!(
                    self.model
                        .entries
                        .iter()
                        .all(|entry| entry.expires > self.now)
                );
            }
            Event::ExpireOne(which) => {
                let Some((id, ticket)) = self.ticket(which) else {
                    return;
                };
                let expired = self.queue.expire_one(now, ticket);
                let up = |entry: &&Entry| entry.id == id && entry.expires <= self.now;
                let expected = self.model.entries.iter().find(up).map(reason);
                assert_eq!(expired.map(|expired| expired.reason), expected);
                if expected.is_some() {
                    self.model.remove(id);
                }
            }
            Event::Pass(millis) => self.now += millis,
            Event::Pop => {
                let popped = self.queue.pop(now);
                let expected = self.model.pop(self.now);
                assert_eq!(
                    popped.map(|waiter| (waiter.value, waiter.priority.index(), waiter.pushed)),
                    expected.map(|entry| (entry.id, entry.priority, at(entry.pushed)))
                );
            }
            Event::Push { priority, patience } => self.push(priority, patience),
        }
        self.compare();
    }

    fn push(&mut self, priority: u8, patience: Option<u64>) {
        let (now, id) = (at(self.now), self.next);
        self.next += 1;
        let deadline = patience.map(|patience| self.now + patience);
        let index = usize::from(priority);
        let room = self.model.entries.len() < self.model.settings.capacity as usize
            || self
                .model
                .entries
                .iter()
                .any(|entry| entry.expires <= self.now)
            || {
                // As a push looks at its class before it looks for somebody to leave.
                let mut foreseen = self.model.clone();
                foreseen.look(self.now, index);
                foreseen.victim(index).is_some()
            };
        assert_eq!(self.queue.has_room_for(now, class(priority)), room);

        let expected = self.model.push(self.now, id, index, deadline);
        match self.queue.push(now, class(priority), deadline.map(at), id) {
            Ok(pushed) => {
                assert_eq!(Ok(pushed.evicted.map(|waiter| waiter.value)), expected);
                let expires = self.model.entries.last().map(|entry| at(entry.expires));
                assert_eq!(Some(pushed.expires), expires);
                self.tickets.push((id, pushed.ticket));
            }
            Err(refused) => {
                assert_eq!(Err(refused.reason), expected);
                assert_eq!(refused.value, id);
            }
        }
    }

    fn ticket(&self, which: usize) -> Option<(u64, Ticket)> {
        Some(self.tickets[which.checked_rem(self.tickets.len())?])
    }

    fn compare(&mut self) {
        let (queue, model) = (&self.queue, &self.model);
        assert_eq!(queue.len() as usize, model.entries.len());
        assert_eq!(queue.is_empty(), model.entries.is_empty());
        let next = model.entries.iter().map(|entry| at(entry.expires)).min();
        assert_eq!(queue.next_expiry(), next);
        let ages = model
            .entries
            .iter()
            .map(|entry| millis(self.now - entry.pushed));
        assert_eq!(
            queue.oldest_wait(at(self.now)),
            ages.max().unwrap_or_default()
        );
        for priority in Priority::all() {
            let own = model.of(priority.index());
            assert_eq!(queue.len_of(priority) as usize, own.len());
            let newest_first = queue.mode_of(priority) == Mode::NewestFirst;
            assert_eq!(newest_first, model.newest_first[priority.index()]);
        }
        for &(id, ticket) in &self.tickets {
            let entry = model.entries.iter().find(|entry| entry.id == id);
            assert_eq!(
                self.queue.expiry_of(ticket),
                entry.map(|entry| at(entry.expires))
            );
            let value = self.queue.get_mut(ticket).copied();
            assert_eq!(value, entry.map(|entry| entry.id));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_queue_does_what_a_plain_list_does(
        settings in settings(),
        events in prop::collection::vec(event(), 1..150),
    ) {
        let mut both = Both {
            queue: Queue::new(settings.config()),
            model: Model::new(settings),
            tickets: Vec::new(),
            now: 0,
            next: 0,
        };
        for event in events {
            both.happen(event);
        }
    }
}
