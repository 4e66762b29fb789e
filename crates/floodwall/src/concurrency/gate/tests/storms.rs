use std::sync::Barrier;
use std::thread::{self, Thread};

use proptest::prelude::*;

use super::*;

const CAPACITY: u32 = 4;

#[derive(Clone, Copy, Debug)]
enum Event {
    Arrive { priority: u8, patience: Option<u64> },
    Cancel(usize),
    Drain,
    Force,
    Leave,
    Look(usize),
    Pass(u64),
    SetLimit(u32),
    Undrain,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => (0..8u8, prop::option::of(1..150u64))
            .prop_map(|(priority, patience)| Event::Arrive { priority, patience }),
        3 => any::<usize>().prop_map(Event::Cancel),
        1 => Just(Event::Drain),
        1 => Just(Event::Force),
        6 => Just(Event::Leave),
        4 => any::<usize>().prop_map(Event::Look),
        3 => (1..60u64).prop_map(Event::Pass),
        1 => (0..5u32).prop_map(Event::SetLimit),
        2 => Just(Event::Undrain),
    ]
}

/// A gate beside a plain account of who is inside and who has not yet learned its fate.
struct Account {
    gate: Gate,
    now: u64,
    inside: u32,
    guests: Vec<(Guest, Moment)>,
    draining: bool,
}

impl Account {
    fn new() -> Self {
        Self {
            gate: gate(2, CAPACITY),
            now: 0,
            inside: 0,
            guests: Vec::new(),
            draining: false,
        }
    }

    fn happen(&mut self, event: Event) {
        let before = self.gate.in_flight();
        let forced = matches!(event, Event::Force);
        match event {
            Event::Arrive { priority, patience } => self.arrive(priority, patience),
            Event::Cancel(which) => {
                if let Some((guest, _)) = self.take_guest(which) {
                    self.gate.cancel(guest.ticket, || at(self.now));
                }
            }
            Event::Drain => {
                self.gate.drain();
                self.draining = true;
            }
            Event::Force => {
                self.gate.force_enter();
                self.inside += 1;
            }
            Event::Leave => {
                if self.inside > 0 {
                    self.inside -= 1;
                    self.gate.leave(|| at(self.now));
                }
            }
            Event::Look(which) => self.look(which),
            Event::Pass(millis) => self.now += millis,
            Event::SetLimit(limit) => self.gate.set_limit(limit, at(self.now)),
            Event::Undrain => {
                self.gate.undrain();
                self.draining = false;
            }
        }
        let most = self.gate.limit().max(before + u32::from(forced));
        assert!(
            self.gate.in_flight() <= most,
            "more inside than the limit lets in"
        );
        self.check();
    }

    fn arrive(&mut self, priority: u8, patience: Option<u64>) {
        let (gate, now) = (&self.gate, at(self.now));
        let priority = Priority::new(priority).unwrap();
        let deadline = patience.map(|patience| at(self.now + patience));
        let free = gate.in_flight() < gate.limit() && gate.waiting() == 0 && !self.draining;
        let foretold = gate.would_refuse(priority, deadline, || now);
        if gate.try_enter() {
            assert!(free);
            self.inside += 1;
            return;
        }
        assert!(!free);
        let woken = Arc::<Woken>::default();
        match gate.enqueue(now, priority, deadline, &Waker::from(Arc::clone(&woken))) {
            // Those who waited had expired.
            Enqueued::Entered => self.inside += 1,
            Enqueued::Refused(reason) => {
                assert_eq!(reason == Reason::Draining, self.draining);
                if reason == Reason::Full {
                    assert_eq!(foretold, Some(Reason::Full));
                    assert_eq!(gate.waiting(), CAPACITY);
                }
            }
            Enqueued::Waiting { ticket, expires } => {
                assert!(!self.draining && expires > now);
                assert_ne!(foretold, Some(Reason::Full));
                self.guests.push((Guest { ticket, woken }, expires));
            }
        }
    }

    fn look(&mut self, which: usize) {
        let Some((guest, expires)) = self.take_guest(which) else {
            return;
        };
        let answer = guest.poll(&self.gate, at(self.now));
        if guest.is_woken() {
            assert!(answer.is_ready(), "woken for nothing");
        } else {
            let up = matches!(
                answer,
                Poll::Ready(Err(Reason::QueueTimeout | Reason::Deadline))
            );
            assert_eq!(up, expires <= at(self.now));
        }
        match answer {
            Poll::Ready(Ok(())) => self.inside += 1,
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.guests.push((guest, expires)),
        }
    }

    fn take_guest(&mut self, which: usize) -> Option<(Guest, Moment)> {
        let which = which.checked_rem(self.guests.len())?;
        Some(self.guests.swap_remove(which))
    }

    fn check(&self) {
        let (inside, waiting) = (self.gate.in_flight(), self.gate.waiting());
        let woken = self
            .guests
            .iter()
            .filter(|(guest, _)| guest.is_woken())
            .count() as u32;
        assert_eq!(
            waiting,
            self.guests.len() as u32 - woken,
            "whoever no longer waits is woken"
        );
        assert!(waiting <= CAPACITY);
        assert!(
            waiting == 0 || inside >= self.gate.limit(),
            "somebody waits beside a free place"
        );
        assert!((self.inside..=self.inside + woken).contains(&inside));
        let by_class: u32 = Priority::all().map(|p| self.gate.waiting_of(p)).sum();
        assert_eq!(by_class, waiting);
    }

    fn end(mut self) {
        while !self.guests.is_empty() {
            self.happen(Event::Cancel(0));
        }
        assert_eq!(self.gate.in_flight(), self.inside);
        while self.inside > 0 {
            self.happen(Event::Leave);
        }
        assert_eq!((self.gate.in_flight(), self.gate.waiting()), (0, 0));
        self.happen(Event::Undrain);
        self.happen(Event::SetLimit(3));
        assert!((0..3).all(|_| self.gate.try_enter()) && !self.gate.try_enter());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_account_is_exact_after_any_storm(events in prop::collection::vec(event(), 1..200)) {
        let mut account = Account::new();
        for event in events {
            account.happen(event);
        }
        account.end();
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Enters, or leaves the line at the `patience`-th look.
fn enter(gate: &Gate, waker: &Waker, priority: Priority, patience: u32) -> bool {
    if gate.try_enter() {
        return true;
    }
    let ticket = match gate.enqueue(at(0), priority, None, waker) {
        Enqueued::Entered => return true,
        Enqueued::Refused(_) => return false,
        Enqueued::Waiting { ticket, .. } => ticket,
    };
    for _ in 0..patience {
        match gate.poll_wait(ticket, at(0), waker) {
            Poll::Ready(answer) => return answer.is_ok(),
            Poll::Pending if patience == u32::MAX => thread::park(),
            Poll::Pending => thread::yield_now(),
        }
    }
    gate.cancel(ticket, || at(0));
    false
}

#[test]
fn threads_that_come_go_and_give_up_leave_the_gate_as_it_was() {
    const LIMIT: u32 = 2;
    const THREADS: u32 = 6;
    let gate = gate(LIMIT, 3);
    let inside = AtomicU32::new(0);
    let together = Barrier::new(THREADS as usize);
    thread::scope(|scope| {
        for n in 0..THREADS {
            let (gate, inside, together) = (&gate, &inside, &together);
            scope.spawn(move || {
                let waker = Waker::from(Arc::new(Unpark(thread::current())));
                let mut random = fastrand::Rng::with_seed(u64::from(n));
                together.wait();
                for _ in 0..10_000 {
                    let priority = Priority::new(random.u8(0..8)).unwrap();
                    let patience = if random.bool() {
                        u32::MAX
                    } else {
                        random.u32(0..3)
                    };
                    if enter(gate, &waker, priority, patience) {
                        assert!(inside.fetch_add(1, Ordering::SeqCst) < LIMIT);
                        if random.u8(0..4) == 0 {
                            thread::yield_now();
                        }
                        inside.fetch_sub(1, Ordering::SeqCst);
                        gate.leave(|| at(0));
                    }
                }
            });
        }
    });
    assert_eq!((gate.in_flight(), gate.waiting()), (0, 0));
    assert!((0..LIMIT).all(|_| gate.try_enter()) && !gate.try_enter());
}

#[test]
fn threads_that_come_and_go_while_the_limit_changes_leave_nothing_behind() {
    let gate = gate(1, 64);
    thread::scope(|scope| {
        for n in 0..4u64 {
            let gate = &gate;
            scope.spawn(move || {
                let waker = Waker::from(Arc::new(Unpark(thread::current())));
                let mut random = fastrand::Rng::with_seed(n);
                for _ in 0..5_000 {
                    assert!(enter(gate, &waker, NORMAL, u32::MAX));
                    if random.u8(0..8) == 0 {
                        // The last word is never 0, or those who wait would do so for ever.
                        gate.set_limit(random.u32(0..4), at(0));
                        gate.set_limit(random.u32(1..4), at(0));
                    }
                    gate.leave(|| at(0));
                }
            });
        }
    });
    assert_eq!((gate.in_flight(), gate.waiting()), (0, 0));
}
