//! Every order of events, up to two preemptions unless `LOOM_MAX_PREEMPTIONS` says more:
//!
//! `RUSTFLAGS="--cfg floodwall_loom" LOOM_MAX_PREEMPTIONS=2 cargo test --release -p floodwall --lib loom`
//!
//! A waiter that nobody wakes is found as a deadlock.

use std::future::poll_fn;
use std::task::{Poll, Waker};
use std::time::Duration;

use floodwall_core::queue::QueueConfig;
use floodwall_core::{Moment, Priority, Reason};
use loom::future::block_on;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;

use super::sync::explored::PLAIN_LOADS;
use super::{Enqueued, Gate, Role, RoomRules, Ticket};

const NOW: Moment = Moment::from_nanos(1);
const NORMAL: Priority = Priority::NORMAL;

fn explore(model: impl Fn() + Sync + Send + 'static) {
    let model = std::sync::Arc::new(model);
    for plain_loads in [false, true] {
        PLAIN_LOADS.set(plain_loads);
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = builder.preemption_bound.or(Some(2));
        let model = std::sync::Arc::clone(&model);
        builder.check(move || model());
    }
}

fn gate(limit: u32, capacity: u32) -> Arc<Gate> {
    let queue = QueueConfig::builder().capacity(capacity).build().unwrap();
    Arc::new(Gate::new(limit, Some(queue)))
}

/// As the future of a request does it.
fn enter(gate: &Gate, priority: Priority) -> Result<(), Reason> {
    if gate.try_enter() {
        return Ok(());
    }
    let mut waits: Option<Ticket> = None;
    block_on(poll_fn(|cx| {
        if let Some(ticket) = waits {
            return gate.poll_wait(ticket, NOW, cx.waker());
        }
        match gate.enqueue(NOW, priority, None, cx.waker()) {
            Enqueued::Entered => Poll::Ready(Ok(())),
            Enqueued::Refused(reason) => Poll::Ready(Err(reason)),
            Enqueued::Waiting { ticket, .. } => {
                waits = Some(ticket);
                Poll::Pending
            }
        }
    }))
}

fn leave(gate: &Gate) {
    gate.leave(|| NOW);
}

fn assert_empty(gate: &Gate) {
    assert_eq!((gate.in_flight(), gate.waiting()), (0, 0));
}

#[test]
fn two_acquire_while_one_releases() {
    explore(|| {
        let gate = gate(1, 2);
        let inside = Arc::new(AtomicU32::new(1));
        assert!(gate.try_enter());
        let acquire = || {
            let (gate, inside) = (Arc::clone(&gate), Arc::clone(&inside));
            thread::spawn(move || {
                enter(&gate, NORMAL).unwrap();
                assert_eq!(inside.fetch_add(1, Ordering::Relaxed), 0);
                inside.fetch_sub(1, Ordering::Relaxed);
                leave(&gate);
            })
        };
        let (a, b) = (acquire(), acquire());
        inside.fetch_sub(1, Ordering::Relaxed);
        leave(&gate);
        a.join().unwrap();
        b.join().unwrap();
        assert_empty(&gate);
    });
}

#[test]
fn the_head_waiter_leaves_while_one_releases() {
    explore(|| {
        let gate = gate(1, 2);
        assert!(gate.try_enter());
        let Enqueued::Waiting { ticket, .. } = gate.enqueue(NOW, NORMAL, None, Waker::noop())
        else {
            panic!("it is full");
        };
        let second = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || {
                enter(&gate, NORMAL).unwrap();
                leave(&gate);
            })
        };
        let head = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || gate.cancel(ticket, || NOW))
        };
        leave(&gate);
        second.join().unwrap();
        head.join().unwrap();
        assert_empty(&gate);
    });
}

#[test]
fn one_comes_and_goes_again_while_one_releases() {
    explore(|| {
        let gate = gate(1, 2);
        assert!(gate.try_enter());
        let acquire = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || {
                enter(&gate, NORMAL).unwrap();
                leave(&gate);
            })
        };
        let fickle = {
            let gate = Arc::clone(&gate);
            thread::spawn(
                move || match gate.enqueue(NOW, NORMAL, None, Waker::noop()) {
                    Enqueued::Entered => leave(&gate),
                    Enqueued::Waiting { ticket, .. } => gate.cancel(ticket, || NOW),
                    Enqueued::Refused(reason) => panic!("{reason}"),
                },
            )
        };
        leave(&gate);
        acquire.join().unwrap();
        fickle.join().unwrap();
        assert_empty(&gate);
    });
}

#[test]
fn nobody_barges_past_one_who_waits() {
    explore(|| {
        let gate = gate(1, 2);
        assert!(gate.try_enter());
        let Enqueued::Waiting { ticket, .. } = gate.enqueue(NOW, NORMAL, None, Waker::noop())
        else {
            panic!("it is full");
        };
        let release = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || leave(&gate))
        };
        assert!(!gate.try_enter());
        let turn = gate.poll_wait(ticket, NOW, Waker::noop());
        release.join().unwrap();
        if turn.is_pending() {
            let turn = gate.poll_wait(ticket, NOW, Waker::noop());
            assert_eq!(turn, Poll::Ready(Ok(())));
        }
        leave(&gate);
        assert_empty(&gate);
    });
}

#[test]
fn the_limit_shrinks_while_places_change_hands() {
    explore(|| {
        let gate = gate(2, 2);
        assert!(gate.try_enter());
        assert!(gate.try_enter());
        let acquire = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || {
                enter(&gate, NORMAL).unwrap();
                leave(&gate);
            })
        };
        let shrink = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || {
                gate.set_limit(1, NOW);
                leave(&gate);
            })
        };
        leave(&gate);
        acquire.join().unwrap();
        shrink.join().unwrap();
        assert_empty(&gate);
        assert!(gate.try_enter());
        assert!(!gate.try_enter());
    });
}

#[test]
fn a_larger_limit_lets_in_who_waits_or_comes() {
    explore(|| {
        let gate = gate(0, 2);
        let acquire = || {
            let gate = Arc::clone(&gate);
            thread::spawn(move || enter(&gate, NORMAL).unwrap())
        };
        let (a, b) = (acquire(), acquire());
        gate.set_limit(2, NOW);
        a.join().unwrap();
        b.join().unwrap();
        assert_eq!((gate.in_flight(), gate.waiting()), (2, 0));
    });
}

#[test]
fn the_limit_grows_and_shrinks_while_one_releases() {
    explore(|| {
        let gate = gate(1, 2);
        assert!(gate.try_enter());
        let acquire = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || {
                enter(&gate, NORMAL).unwrap();
                leave(&gate);
            })
        };
        let resize = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || {
                gate.set_limit(2, NOW);
                gate.set_limit(1, NOW);
            })
        };
        leave(&gate);
        acquire.join().unwrap();
        resize.join().unwrap();
        assert_empty(&gate);
    });
}

#[test]
fn one_is_evicted_while_one_releases() {
    explore(|| {
        let gate = gate(1, 1);
        assert!(gate.try_enter());
        let acquire = |priority| {
            let gate = Arc::clone(&gate);
            thread::spawn(move || {
                let entered = enter(&gate, priority);
                if entered.is_ok() {
                    leave(&gate);
                }
                entered
            })
        };
        let (low, high) = (acquire(Priority::LOW), acquire(Priority::HIGH));
        leave(&gate);
        let (low, high) = (low.join().unwrap(), high.join().unwrap());
        assert_eq!(high, Ok(()));
        assert!(
            matches!(low, Ok(()) | Err(Reason::Evicted | Reason::Full)),
            "{low:?}"
        );
        assert_empty(&gate);
    });
}

#[test]
fn the_time_of_one_is_up_while_one_releases() {
    explore(|| {
        let gate = gate(1, 2);
        assert!(gate.try_enter());
        let Enqueued::Waiting { ticket, expires } = gate.enqueue(NOW, NORMAL, None, Waker::noop())
        else {
            panic!("it is full");
        };
        let head = {
            let gate = Arc::clone(&gate);
            thread::spawn(
                move || match gate.poll_wait(ticket, expires, Waker::noop()) {
                    Poll::Ready(Ok(())) => leave(&gate),
                    Poll::Ready(Err(reason)) => assert_eq!(reason, Reason::QueueTimeout),
                    Poll::Pending => panic!("its time is up"),
                },
            )
        };
        let second = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || {
                enter(&gate, NORMAL).unwrap();
                leave(&gate);
            })
        };
        leave(&gate);
        head.join().unwrap();
        second.join().unwrap();
        assert_empty(&gate);
    });
}

#[test]
fn the_last_one_out_ends_the_drain() {
    explore(|| {
        let gate = gate(1, 1);
        assert!(gate.try_enter());
        let acquire = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || match enter(&gate, NORMAL) {
                Ok(()) => leave(&gate),
                Err(reason) => assert_eq!(reason, Reason::Draining),
            })
        };
        let release = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || leave(&gate))
        };
        gate.drain();
        let mut key = None;
        block_on(poll_fn(|cx| gate.poll_drained(&mut key, cx.waker())));
        assert!(gate.is_drained());
        assert!(!gate.try_enter());
        acquire.join().unwrap();
        release.join().unwrap();
        assert!(gate.is_drained());
    });
}

#[test]
fn an_overdue_place_is_taken_back_or_left_but_not_both() {
    explore(|| {
        let gate = gate(1, 1);
        assert!(gate.try_enter());
        let hold = gate.hold(NOW);
        let acquire = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || {
                enter(&gate, NORMAL).unwrap();
            })
        };
        if gate.end_hold(hold) {
            leave(&gate);
        }
        acquire.join().unwrap();
        assert_eq!((gate.in_flight(), gate.waiting()), (1, 0));
    });
}

fn room(limit: u32) -> Arc<Gate> {
    let gate = gate(limit, 2);
    let rules = RoomRules {
        target: Duration::from_millis(30),
        max_wait: Duration::from_millis(30),
        least: 4,
        most: 4,
    };
    gate.open_room(rules, NOW);
    gate
}

/// What its future does when it is polled; the reactor was looked at as soon as one asks for that.
fn take_part(gate: &Gate, ticket: Ticket) {
    let (role, _wakes) = gate.take_turn(ticket, NOW);
    if role == Role::Calls {
        gate.turn_comes(1, false);
    }
}

/// As the future of a request does it in a waiting room.
fn park(gate: &Gate) {
    let mut waits: Option<Ticket> = None;
    block_on(poll_fn(|cx| {
        if let Some(ticket) = waits {
            take_part(gate, ticket);
            return gate.poll_wait(ticket, NOW, cx.waker()).map(Result::unwrap);
        }
        match gate.enqueue(NOW, NORMAL, None, cx.waker()) {
            Enqueued::Waiting { ticket, .. } => {
                waits = Some(ticket);
                take_part(gate, ticket);
                Poll::Pending
            }
            other => panic!("{other:?}"),
        }
    }));
}

#[test]
fn in_a_room_two_park_while_one_releases() {
    explore(|| {
        let gate = room(1);
        assert!(gate.try_enter());
        let inside = Arc::new(AtomicU32::new(1));
        let acquire = || {
            let (gate, inside) = (Arc::clone(&gate), Arc::clone(&inside));
            thread::spawn(move || {
                park(&gate);
                assert_eq!(inside.fetch_add(1, Ordering::Relaxed), 0);
                inside.fetch_sub(1, Ordering::Relaxed);
                leave(&gate);
            })
        };
        let (a, b) = (acquire(), acquire());
        inside.fetch_sub(1, Ordering::Relaxed);
        leave(&gate);
        a.join().unwrap();
        b.join().unwrap();
        assert_empty(&gate);
    });
}

#[test]
fn in_a_room_the_one_whose_turn_it_is_leaves_while_one_releases() {
    explore(|| {
        let gate = room(1);
        assert!(gate.try_enter());
        let Enqueued::Waiting { ticket, .. } = gate.enqueue(NOW, NORMAL, None, Waker::noop())
        else {
            panic!("everybody waits in a room");
        };
        let second = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || {
                park(&gate);
                leave(&gate);
            })
        };
        let head = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || {
                take_part(&gate, ticket);
                gate.cancel(ticket, || NOW);
            })
        };
        leave(&gate);
        second.join().unwrap();
        head.join().unwrap();
        assert_empty(&gate);
    });
}

#[test]
fn a_room_closes_while_one_parks() {
    explore(|| {
        let gate = room(1);
        let acquire = {
            let gate = Arc::clone(&gate);
            thread::spawn(move || enter(&gate, NORMAL).unwrap())
        };
        gate.close_room(NOW);
        acquire.join().unwrap();
        assert_eq!((gate.in_flight(), gate.waiting()), (1, 0));
    });
}
