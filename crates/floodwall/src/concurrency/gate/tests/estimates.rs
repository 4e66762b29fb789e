use super::*;

/// One place, one departure every 10 ms, `n` of them while somebody waits; then the line is empty
/// again and one is inside. Returns the time then.
fn served(gate: &Gate, from: u64, n: u64) -> u64 {
    let mut now = from;
    assert!(gate.try_enter());
    for _ in 0..n {
        let guest = wait(gate, at(now), NORMAL);
        now += 10;
        gate.leave(|| at(now));
        assert_eq!(guest.poll(gate, at(now)), Poll::Ready(Ok(())));
    }
    now
}

#[test]
fn nothing_is_known_before_somebody_has_waited() {
    let gate = gate(1, 8);
    assert!(gate.try_enter());
    assert_eq!(gate.estimate_wait(at(5), NORMAL), None);
    assert_eq!(gate.retry_after(at(5)), Duration::from_secs(1));
    // So nobody is sent away on a guess, but one whose deadline has come is.
    wait_until(&gate, at(5), NORMAL, Some(at(6)));
    let enqueued = gate.enqueue(at(5), NORMAL, Some(at(5)), Waker::noop());
    assert_eq!(enqueued, Enqueued::Refused(Reason::Deadline));
}

#[test]
fn the_wait_is_estimated_from_the_departures_while_somebody_waited() {
    let gate = gate(1, 8);
    let now = served(&gate, 0, 20);
    assert_eq!(gate.departures_per_second(at(now)), Some(100.0));
    assert_eq!(
        gate.estimate_wait(at(now), NORMAL),
        Some(Duration::from_millis(10))
    );
    wait(&gate, at(now), NORMAL);
    wait(&gate, at(now), Priority::LOW);
    assert_eq!(
        gate.estimate_wait(at(now), NORMAL),
        Some(Duration::from_millis(20))
    );
    assert_eq!(
        gate.estimate_wait(at(now), Priority::LOW),
        Some(Duration::from_millis(30))
    );
    assert_eq!(
        gate.estimate_wait(at(now), Priority::HIGH),
        Some(Duration::from_millis(10))
    );
}

#[test]
fn idle_time_is_not_held_against_the_departures() {
    let gate = gate(1, 8);
    let now = served(&gate, 0, 10);
    gate.leave(never);
    let now = served(&gate, now + 500, 10);
    assert_eq!(gate.departures_per_second(at(now)), Some(100.0));
}

#[test]
fn a_wait_beyond_the_deadline_is_refused_at_once() {
    let gate = gate(1, 8);
    let now = served(&gate, 0, 20);
    wait(&gate, at(now), NORMAL);
    let deadline = Some(at(now + 20));
    assert_eq!(
        gate.would_refuse(NORMAL, deadline, || at(now)),
        Some(Reason::Deadline)
    );
    let enqueued = gate.enqueue(at(now), NORMAL, deadline, Waker::noop());
    assert_eq!(enqueued, Enqueued::Refused(Reason::Deadline));
    // Whoever is served sooner may wait.
    assert_eq!(
        gate.would_refuse(Priority::HIGH, deadline, || at(now)),
        None
    );
    wait_until(&gate, at(now), Priority::HIGH, deadline);
}

#[test]
fn a_free_place_is_given_whatever_the_estimate_says() {
    let gate = gate(1, 8);
    let now = served(&gate, 0, 20);
    gate.leave(never);
    let enqueued = gate.enqueue(at(now), NORMAL, Some(at(now + 1)), Waker::noop());
    assert_eq!(enqueued, Enqueued::Entered);
}

#[test]
fn what_was_learned_long_ago_refuses_nobody() {
    let gate = gate(1, 8);
    let now = served(&gate, 0, 20);
    let later = now + 1_001;
    assert_eq!(gate.estimate_wait(at(later), NORMAL), None);
    wait_until(&gate, at(later), NORMAL, Some(at(later + 5)));
    assert_eq!(gate.departures_per_second(at(later + 1)), None);
}

#[test]
fn a_standstill_lowers_the_rate() {
    let gate = gate(1, 8);
    let now = served(&gate, 0, 20);
    wait(&gate, at(now), NORMAL);
    assert_eq!(gate.departures_per_second(at(now + 50)), Some(80.0));
}

#[test]
fn the_rate_follows_a_service_that_has_become_slower() {
    let gate = gate(1, 8);
    let mut now = served(&gate, 0, 100);
    for _ in 0..40 {
        let guest = wait(&gate, at(now), NORMAL);
        now += 50;
        gate.leave(|| at(now));
        assert_eq!(guest.poll(&gate, at(now)), Poll::Ready(Ok(())));
    }
    assert_eq!(gate.departures_per_second(at(now)), Some(20.0));
}

#[test]
fn a_clock_that_stands_still_estimates_nothing() {
    let gate = gate(1, 8);
    assert!(gate.try_enter());
    for _ in 0..20 {
        let guest = wait(&gate, at(7), NORMAL);
        gate.leave(|| at(7));
        assert_eq!(guest.poll(&gate, at(7)), Poll::Ready(Ok(())));
    }
    assert_eq!(gate.departures_per_second(at(7)), None);
    assert_eq!(gate.retry_after(at(7)), Duration::from_secs(1));
}

#[test]
fn retry_after_grows_with_those_refused_and_ends_at_30_seconds() {
    let gate = gate(1, 1);
    assert!(gate.try_enter());
    let mut now = 0;
    let mut serve = |refused_for_each: u32, times: u32| {
        for _ in 0..times {
            let guest = wait(&gate, at(now), NORMAL);
            for _ in 0..refused_for_each {
                assert_eq!(refusal(&gate, at(now), NORMAL), Reason::Full);
            }
            now += 10;
            gate.leave(|| at(now));
            assert_eq!(guest.poll(&gate, at(now)), Poll::Ready(Ok(())));
        }
        gate.retry_after(at(now)).as_secs()
    };
    assert_eq!(serve(0, 60), 1);
    assert_eq!(serve(4, 60), 5);
    assert_eq!(serve(400, 60), 30);
    assert_eq!(serve(0, 60), 1);
}
