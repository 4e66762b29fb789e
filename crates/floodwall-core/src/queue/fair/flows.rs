use super::account::Account;
use super::link::Link;
use super::shuffle::Hand;
use super::tenant::Served;
use crate::Moment;
use crate::queue::slab::NIL;
use crate::rate::KeyHash;

/// The tenants' queues of one class.
///
/// Next is the queue that will have had least of the service once its next one has run (the least
/// virtual finish); of equals, the one whose next has come first.
///
/// The virtual time of the class, its *level*, is what a queue is taken to have had at least when
/// somebody begins to wait in it: so nobody saves up what it did not ask for. While somebody waits
/// it is what the one who went in last had had (start-time fair queuing: Goyal, Vin and Cheng,
/// SIGCOMM 1996). When nobody waited, it is what the richest has had: whoever used what nobody else
/// wanted does not pay for it later. That is where it goes another way than Kubernetes' API
/// priority and fairness, whose level rises as if all were alike and leaves them in debt.
///
/// A step takes time in the number of the queues where somebody waits; beginning to wait where
/// nobody does takes time in the number of all queues.
#[derive(Debug)]
pub(super) struct Flows {
    queues: Box<[FlowQueue]>,
    /// Those where somebody waits, in no order.
    active: Vec<u32>,
    level: u128,
}

#[derive(Clone, Copy, Debug)]
struct FlowQueue {
    oldest: u32,
    youngest: u32,
    len: u32,
    /// What those who wait would be charged for a nanosecond.
    load: u64,
    /// Where it is among the active; means nothing if it is not.
    active_at: u32,
    /// Whose account it is: others come as guests.
    owner: Option<KeyHash>,
    account: Account,
}

impl Flows {
    pub(super) fn new(queues: u32) -> Self {
        let empty = FlowQueue {
            oldest: NIL,
            youngest: NIL,
            len: 0,
            load: 0,
            active_at: 0,
            owner: None,
            account: Account::new(0, Moment::ZERO),
        };
        Self {
            queues: vec![empty; queues as usize].into(),
            active: Vec::with_capacity(queues as usize),
            level: 0,
        }
    }

    /// In which queue of its hand a tenant waits: where it is at home, or where least is going on.
    pub(super) fn would_place(&self, hand: &Hand, key: KeyHash) -> u32 {
        let home = |&&card: &&u32| self.queue(card).owner == Some(key);
        let busy = |&&card: &&u32| {
            let queue = self.queue(card);
            queue.load.saturating_add(queue.account.rate())
        };
        let cards = hand.cards();
        let best = cards
            .iter()
            .find(home)
            .or_else(|| cards.iter().min_by_key(busy));
        *best.expect("no hand is empty")
    }

    /// The same, and makes it its home if nothing is going on there.
    pub(super) fn place(&mut self, hand: &Hand, key: KeyHash, now: Moment) -> u32 {
        if self.active.is_empty() {
            let had = self.queues.iter().map(|queue| queue.account.had(now));
            self.level = had.max().unwrap_or_default().max(self.level);
        }
        let at = self.would_place(hand, key);
        let level = self.level;
        let queue = self.queue_mut(at);
        if queue.owner != Some(key) && queue.len == 0 && queue.account.is_idle() {
            queue.owner = Some(key);
            queue.account = Account::new(level, now);
        }
        at
    }

    pub(super) fn link(&mut self, links: &mut [Link], slot: u32, now: Moment) {
        let (at, level) = (links[slot as usize].queue, self.level);
        let active = self.active.len() as u32;
        let queue = self.queue_mut(at);
        links[slot as usize].older = queue.youngest;
        match queue.youngest {
            NIL => queue.oldest = slot,
            youngest => links[youngest as usize].younger = slot,
        }
        queue.youngest = slot;
        queue.len += 1;
        let rate = links[slot as usize].tenant.rate();
        queue.load = queue.load.saturating_add(u64::from(rate));
        if queue.len == 1 {
            queue.account.lift(level, now);
            queue.active_at = active;
            self.active.push(at);
        }
    }

    pub(super) fn unlink(&mut self, links: &mut [Link], slot: u32) {
        let Link {
            older,
            younger,
            queue: at,
            tenant,
            ..
        } = links[slot as usize];
        let queue = self.queue_mut(at);
        match older {
            NIL => queue.oldest = younger,
            older => links[older as usize].younger = younger,
        }
        match younger {
            NIL => queue.youngest = older,
            younger => links[younger as usize].older = older,
        }
        queue.len -= 1;
        queue.load = queue.load.saturating_sub(u64::from(tenant.rate()));
        if queue.len == 0 {
            let hole = queue.active_at;
            self.active.swap_remove(hole as usize);
            if let Some(&moved) = self.active.get(hole as usize) {
                self.queue_mut(moved).active_at = hole;
            }
        }
    }

    /// Whose turn it is.
    pub(super) fn first(&self, links: &[Link], newest_first: bool, now: Moment) -> Option<u32> {
        let turns = self.active.iter().map(|&at| {
            let queue = self.queue(at);
            let slot = if newest_first {
                queue.youngest
            } else {
                queue.oldest
            };
            let link = &links[slot as usize];
            let finish = queue.account.finish(link.tenant.rate(), now);
            (finish, links[queue.oldest as usize].number, slot)
        });
        turns.min().map(|(.., slot)| slot)
    }

    /// One of a queue goes in. Returns for how long it was charged in advance.
    pub(super) fn serve(&mut self, at: u32, rate: u32, now: Moment) -> u64 {
        let account = &mut self.queues[at as usize].account;
        self.level = self.level.max(account.had(now));
        account.begin(rate, now)
    }

    pub(super) fn done(&mut self, served: &Served, now: Moment) {
        if let Some(queue) = self.queues.get_mut(usize::from(served.queue)) {
            queue.account.end(served, now);
        }
    }

    /// The queue where most waits, and how much.
    pub(super) fn heaviest(&self) -> Option<(u32, u64)> {
        let loads = self.active.iter().map(|&at| (self.load(at), at));
        loads.max().map(|(load, at)| (at, load))
    }

    pub(super) fn load(&self, at: u32) -> u64 {
        self.queue(at).load
    }

    /// Who of a queue would be served last.
    pub(super) fn last(&self, at: u32, newest_first: bool) -> u32 {
        let queue = self.queue(at);
        if newest_first {
            queue.oldest
        } else {
            queue.youngest
        }
    }

    /// How many are served before one who comes to a queue: of the others as many as turns until
    /// then.
    pub(super) fn ahead(&self, at: u32, newest_first: bool) -> u32 {
        let own = if newest_first { 0 } else { self.queue(at).len };
        let others = self.active.iter().filter(|&&other| other != at);
        others.fold(own, |sum, &other| {
            sum.saturating_add(self.queue(other).len.min(own + 1))
        })
    }

    fn queue(&self, at: u32) -> &FlowQueue {
        &self.queues[at as usize]
    }

    fn queue_mut(&mut self, at: u32) -> &mut FlowQueue {
        &mut self.queues[at as usize]
    }
}
