mod estimates;
mod storms;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Wake, Waker};
use std::time::Duration;

use floodwall_core::queue::QueueConfig;
use floodwall_core::{Moment, Priority, Reason};

use super::{Enqueued, Gate, Ticket};

const NORMAL: Priority = Priority::NORMAL;
/// How long one may wait here.
const LONGEST: Duration = Duration::from_millis(100);

fn at(millis: u64) -> Moment {
    Moment::ZERO + Duration::from_millis(millis)
}

fn gate(limit: u32, capacity: u32) -> Gate {
    let config = QueueConfig::builder().capacity(capacity).max_wait(LONGEST);
    Gate::new(limit, Some(config.build().unwrap()))
}

/// Counts how often it was woken.
#[derive(Default)]
struct Woken(AtomicU32);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// One who waits.
struct Guest {
    ticket: Ticket,
    woken: Arc<Woken>,
}

impl Guest {
    fn is_woken(&self) -> bool {
        self.woken.0.load(Ordering::Relaxed) > 0
    }

    fn poll(&self, gate: &Gate, now: Moment) -> Poll<Result<(), Reason>> {
        gate.poll_wait(self.ticket, now, &Waker::from(Arc::clone(&self.woken)))
    }
}

fn wait(gate: &Gate, now: Moment, priority: Priority) -> Guest {
    wait_until(gate, now, priority, None)
}

fn wait_until(gate: &Gate, now: Moment, priority: Priority, deadline: Option<Moment>) -> Guest {
    let woken = Arc::<Woken>::default();
    match gate.enqueue(now, priority, deadline, &Waker::from(Arc::clone(&woken))) {
        Enqueued::Waiting { ticket, .. } => Guest { ticket, woken },
        other => panic!("{other:?}"),
    }
}

fn refusal(gate: &Gate, now: Moment, priority: Priority) -> Reason {
    match gate.enqueue(now, priority, None, Waker::noop()) {
        Enqueued::Refused(reason) => reason,
        other => panic!("{other:?}"),
    }
}

fn never() -> Moment {
    panic!("the clock is not read here")
}

#[test]
fn lets_in_as_many_as_the_limit_says() {
    let gate = gate(2, 1);
    assert!(gate.try_enter() && gate.try_enter());
    assert!(!gate.try_enter());
    gate.leave(never);
    assert!(gate.try_enter());
    assert_eq!(gate.in_flight(), 2);
}

#[test]
fn without_a_queue_nobody_waits() {
    let gate = Gate::new(1, None);
    assert!(gate.try_enter());
    assert_eq!(refusal(&gate, at(0), Priority::CRITICAL), Reason::Full);
    assert_eq!(
        gate.would_refuse(Priority::CRITICAL, None, never),
        Some(Reason::Full)
    );
    gate.leave(never);
    assert_eq!(gate.would_refuse(NORMAL, None, never), None);
    assert_eq!(
        gate.enqueue(at(0), NORMAL, None, Waker::noop()),
        Enqueued::Entered
    );
}

#[test]
fn a_limit_of_0_lets_nobody_in_until_it_is_raised() {
    let gate = gate(0, 4);
    assert!(!gate.try_enter());
    let guest = wait(&gate, at(0), NORMAL);
    gate.set_limit(1, at(1));
    assert!(guest.is_woken());
    assert_eq!(guest.poll(&gate, at(1)), Poll::Ready(Ok(())));
}

#[test]
fn who_leaves_gives_its_place_to_the_most_urgent_and_then_to_the_first() {
    let gate = gate(1, 8);
    assert!(gate.try_enter());
    let guests = [Priority::LOW, NORMAL, NORMAL, Priority::HIGH].map(|p| wait(&gate, at(0), p));
    for turn in [3, 1, 2, 0] {
        gate.leave(|| at(1));
        assert_eq!(guests[turn].poll(&gate, at(1)), Poll::Ready(Ok(())));
        assert_eq!(gate.in_flight(), 1);
    }
    assert!(guests.iter().all(Guest::is_woken));
    gate.leave(never);
    assert_eq!((gate.in_flight(), gate.waiting()), (0, 0));
}

#[test]
fn a_free_place_is_not_taken_from_under_one_who_was_granted_it() {
    let gate = gate(1, 8);
    assert!(gate.try_enter());
    let guest = wait(&gate, at(0), Priority::LOW);
    gate.leave(|| at(1));
    assert!(!gate.try_enter());
    assert_eq!(guest.poll(&gate, at(1)), Poll::Ready(Ok(())));
}

#[test]
fn when_the_queue_is_full_the_youngest_of_the_lowest_class_is_evicted_and_told() {
    let gate = gate(1, 2);
    assert!(gate.try_enter());
    let (first, second) = (wait(&gate, at(0), NORMAL), wait(&gate, at(0), NORMAL));
    assert_eq!(
        gate.would_refuse(NORMAL, None, || at(1)),
        Some(Reason::Full)
    );
    assert_eq!(refusal(&gate, at(1), NORMAL), Reason::Full);
    assert_eq!(gate.would_refuse(Priority::HIGH, None, || at(1)), None);
    let high = wait(&gate, at(1), Priority::HIGH);
    assert!(second.is_woken() && !first.is_woken());
    assert_eq!(second.poll(&gate, at(1)), Poll::Ready(Err(Reason::Evicted)));
    assert_eq!(gate.waiting(), 2);
    assert_eq!(gate.waiting_of(NORMAL), 1);
    gate.leave(|| at(1));
    assert_eq!(high.poll(&gate, at(1)), Poll::Ready(Ok(())));
}

#[test]
fn who_waited_too_long_is_refused_by_its_own_timer() {
    let gate = gate(1, 2);
    assert!(gate.try_enter());
    let guest = wait(&gate, at(0), NORMAL);
    assert_eq!(guest.poll(&gate, at(99)), Poll::Pending);
    assert_eq!(
        guest.poll(&gate, at(100)),
        Poll::Ready(Err(Reason::QueueTimeout))
    );
    assert_eq!(gate.waiting(), 0);
    gate.leave(never);
    assert_eq!(gate.in_flight(), 0);
}

#[test]
fn who_waited_too_long_is_refused_by_who_leaves_and_never_granted() {
    let gate = gate(1, 3);
    assert!(gate.try_enter());
    let late = wait(&gate, at(0), Priority::CRITICAL);
    let hurried = wait_until(&gate, at(50), Priority::CRITICAL, Some(at(99)));
    let in_time = wait(&gate, at(50), NORMAL);
    gate.leave(|| at(100));
    assert!(late.is_woken() && hurried.is_woken() && in_time.is_woken());
    assert_eq!(
        late.poll(&gate, at(100)),
        Poll::Ready(Err(Reason::QueueTimeout))
    );
    assert_eq!(
        hurried.poll(&gate, at(100)),
        Poll::Ready(Err(Reason::Deadline))
    );
    assert_eq!(in_time.poll(&gate, at(100)), Poll::Ready(Ok(())));
}

#[test]
fn those_whose_time_is_up_make_room_for_who_comes() {
    let gate = gate(1, 1);
    assert!(gate.try_enter());
    let late = wait(&gate, at(0), Priority::CRITICAL);
    assert_eq!(refusal(&gate, at(99), NORMAL), Reason::Full);
    assert_eq!(gate.would_refuse(NORMAL, None, || at(100)), None);
    wait(&gate, at(100), NORMAL);
    assert_eq!(
        late.poll(&gate, at(100)),
        Poll::Ready(Err(Reason::QueueTimeout))
    );
}

#[test]
fn who_leaves_the_line_is_forgotten() {
    let gate = gate(1, 2);
    assert!(gate.try_enter());
    let (first, second) = (wait(&gate, at(0), NORMAL), wait(&gate, at(0), NORMAL));
    gate.cancel(first.ticket, || at(1));
    assert_eq!(gate.waiting(), 1);
    gate.leave(|| at(1));
    assert_eq!(second.poll(&gate, at(1)), Poll::Ready(Ok(())));
    assert!(!first.is_woken());
}

#[test]
fn who_leaves_the_line_after_its_turn_came_passes_the_place_on() {
    let gate = gate(1, 2);
    assert!(gate.try_enter());
    let (first, second) = (wait(&gate, at(0), NORMAL), wait(&gate, at(0), NORMAL));
    gate.leave(|| at(1));
    assert!(first.is_woken() && !second.is_woken());
    gate.cancel(first.ticket, || at(1));
    assert!(second.is_woken());
    assert_eq!(second.poll(&gate, at(1)), Poll::Ready(Ok(())));
    gate.leave(never);
    assert_eq!((gate.in_flight(), gate.waiting()), (0, 0));
}

#[test]
fn a_ticket_that_was_ready_means_nothing_any_more() {
    let gate = gate(1, 2);
    assert!(gate.try_enter());
    let first = wait(&gate, at(0), NORMAL);
    gate.leave(|| at(1));
    assert_eq!(first.poll(&gate, at(1)), Poll::Ready(Ok(())));
    let second = wait(&gate, at(2), NORMAL);
    gate.cancel(first.ticket, || at(2));
    assert_eq!((gate.in_flight(), gate.waiting()), (1, 1));
    assert_eq!(second.poll(&gate, at(2)), Poll::Pending);
}

#[test]
fn the_waker_of_the_last_look_is_woken() {
    let gate = gate(1, 1);
    assert!(gate.try_enter());
    let guest = wait(&gate, at(0), NORMAL);
    let moved = Guest {
        ticket: guest.ticket,
        woken: Arc::default(),
    };
    assert_eq!(moved.poll(&gate, at(1)), Poll::Pending);
    gate.leave(|| at(2));
    assert!(moved.is_woken() && !guest.is_woken());
}

#[test]
fn a_smaller_limit_is_owed_by_those_inside() {
    let gate = gate(4, 2);
    assert!((0..4).all(|_| gate.try_enter()));
    gate.set_limit(2, at(0));
    let guest = wait(&gate, at(0), NORMAL);
    gate.leave(|| at(1));
    gate.leave(|| at(1));
    assert_eq!(gate.in_flight(), 2);
    assert_eq!(guest.poll(&gate, at(1)), Poll::Pending);
    gate.leave(|| at(1));
    assert_eq!(guest.poll(&gate, at(1)), Poll::Ready(Ok(())));
    assert_eq!(gate.in_flight(), 2);
}

#[test]
fn a_larger_limit_lets_in_more_than_are_woken_at_a_time() {
    let gate = gate(0, 100);
    let guests: Vec<_> = (0..50).map(|_| wait(&gate, at(0), NORMAL)).collect();
    gate.set_limit(40, at(1));
    assert_eq!((gate.in_flight(), gate.waiting()), (40, 10));
    assert_eq!(guests.iter().filter(|guest| guest.is_woken()).count(), 40);
}

#[test]
fn counting_beyond_the_limit_is_paid_back_before_anyone_gets_in() {
    let gate = gate(1, 2);
    assert!(gate.force_enter());
    assert!(!gate.force_enter());
    assert_eq!(gate.in_flight(), 2);
    let guest = wait(&gate, at(0), NORMAL);
    gate.leave(|| at(1));
    assert_eq!(guest.poll(&gate, at(1)), Poll::Pending);
    gate.leave(|| at(1));
    assert_eq!(guest.poll(&gate, at(1)), Poll::Ready(Ok(())));
}

#[test]
fn a_draining_gate_refuses_who_comes_and_serves_who_waits() {
    let gate = gate(1, 2);
    assert!(gate.try_enter());
    let guest = wait(&gate, at(0), NORMAL);
    gate.drain();
    assert!(gate.is_draining() && !gate.is_drained());
    assert_eq!(refusal(&gate, at(1), Priority::CRITICAL), Reason::Draining);
    assert_eq!(
        gate.would_refuse(NORMAL, None, never),
        Some(Reason::Draining)
    );
    gate.leave(|| at(1));
    assert_eq!(guest.poll(&gate, at(1)), Poll::Ready(Ok(())));

    let woken = Arc::<Woken>::default();
    let waker = Waker::from(Arc::clone(&woken));
    let mut key = None;
    assert_eq!(gate.poll_drained(&mut key, &waker), Poll::Pending);
    gate.leave(|| at(2));
    assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    assert_eq!(gate.poll_drained(&mut key, &waker), Poll::Ready(()));
    assert!(gate.is_drained() && !gate.try_enter());
}

#[test]
fn an_empty_gate_is_drained_at_once_also_without_a_queue() {
    let gate = Gate::new(1, None);
    let (stays, goes) = (Arc::<Woken>::default(), Arc::<Woken>::default());
    let [mut first, mut second] = [None, None];
    assert!(
        gate.poll_drained(&mut first, &Waker::from(Arc::clone(&stays)))
            .is_pending()
    );
    assert!(
        gate.poll_drained(&mut second, &Waker::from(Arc::clone(&goes)))
            .is_pending()
    );
    gate.forget_drained(second.unwrap());
    gate.drain();
    assert_eq!(stays.0.load(Ordering::Relaxed), 1);
    assert_eq!(goes.0.load(Ordering::Relaxed), 0);
    assert_eq!(refusal(&gate, at(0), NORMAL), Reason::Draining);
}

#[test]
fn an_overdue_place_goes_to_the_next_arrival_and_its_holder_is_told() {
    for gate in [gate(1, 2), Gate::new(1, None)] {
        assert!(gate.try_enter());
        let hold = gate.hold(at(10));
        assert_eq!(gate.would_refuse(NORMAL, None, || at(10)), None);
        assert_eq!(
            gate.enqueue(at(10), NORMAL, None, Waker::noop()),
            Enqueued::Entered
        );
        assert!(!gate.end_hold(hold));
        assert_eq!(gate.in_flight(), 1);
    }
}

#[test]
fn an_overdue_place_goes_to_who_waited_before_the_arrival() {
    let gate = gate(1, 2);
    assert!(gate.try_enter());
    let hold = gate.hold(at(10));
    let first = wait(&gate, at(9), NORMAL);
    wait(&gate, at(10), NORMAL);
    assert_eq!(first.poll(&gate, at(10)), Poll::Ready(Ok(())));
    assert!(!gate.end_hold(hold));
}

#[test]
fn a_hold_that_ended_in_time_is_not_taken_back() {
    let gate = Gate::new(1, None);
    assert!(gate.try_enter());
    let hold = gate.hold(at(10));
    assert_eq!(refusal(&gate, at(9), NORMAL), Reason::Full);
    assert!(gate.end_hold(hold));
    gate.leave(never);
    assert_eq!(gate.in_flight(), 0);
    // Nor is the clock read for it any more.
    assert!(gate.try_enter());
    assert_eq!(gate.would_refuse(NORMAL, None, never), Some(Reason::Full));
}

/// Comes back to the gate when it is woken, and when it is dropped.
struct Entangled {
    gate: Arc<Gate>,
    ticket: Mutex<Option<Ticket>>,
}

impl Wake for Entangled {
    fn wake(self: Arc<Self>) {
        assert_eq!(self.gate.waiting(), 0);
        let _ = self.gate.oldest_wait(at(0));
    }
}

impl Drop for Entangled {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.get_mut().unwrap().take() {
            self.gate.cancel(ticket, || at(2));
        }
    }
}

#[test]
fn wakers_are_woken_and_dropped_without_the_lock() {
    let gate = Arc::new(gate(1, 2));
    for leave_in_time in [true, false] {
        assert!(gate.try_enter());
        let entangled = Arc::new(Entangled {
            gate: Arc::clone(&gate),
            ticket: Mutex::default(),
        });
        let waker = Waker::from(Arc::clone(&entangled));
        let Enqueued::Waiting { ticket, .. } = gate.enqueue(at(0), NORMAL, None, &waker) else {
            panic!("it is full");
        };
        *entangled.ticket.lock().unwrap() = Some(ticket);
        drop((waker, entangled));
        if leave_in_time {
            gate.leave(|| at(1));
        } else {
            // The last of the old waker is dropped by the look with another one.
            assert_eq!(gate.poll_wait(ticket, at(1), Waker::noop()), Poll::Pending);
            gate.leave(never);
        }
        assert_eq!((gate.in_flight(), gate.waiting()), (0, 0));
    }
}

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("this waker is broken");
    }
}

#[test]
fn a_waker_that_panics_leaves_nobody_asleep_and_the_gate_in_order() {
    let gate = gate(0, 4);
    let first = wait(&gate, at(0), NORMAL);
    let Enqueued::Waiting { ticket: broken, .. } =
        gate.enqueue(at(0), NORMAL, None, &Waker::from(Arc::new(Panics)))
    else {
        panic!("it is full");
    };
    let last = wait(&gate, at(0), NORMAL);
    assert!(catch_unwind(AssertUnwindSafe(|| gate.set_limit(3, at(1)))).is_err());
    assert!(first.is_woken() && last.is_woken());
    gate.cancel(broken, || at(1));
    assert_eq!((gate.in_flight(), gate.waiting()), (2, 0));
}

#[test]
fn a_poisoned_lock_stops_nobody() {
    let gate = gate(1, 1);
    assert!(gate.try_enter());
    let poison = catch_unwind(AssertUnwindSafe(|| {
        let _line = gate.line.lock();
        panic!("under the lock");
    }));
    assert!(poison.is_err() && gate.line.is_poisoned());
    let guest = wait(&gate, at(0), NORMAL);
    gate.leave(|| at(1));
    assert_eq!(guest.poll(&gate, at(1)), Poll::Ready(Ok(())));
}
