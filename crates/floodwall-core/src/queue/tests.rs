use super::*;

#[test]
fn a_hundred_thousand_time_outs_in_one_tick_take_logarithmic_steps_each() {
    const N: u32 = 100_000;
    let config = QueueConfig::builder().capacity(N).build().unwrap();
    let mut queue = Queue::new(config);
    for i in 0..N {
        queue.push(Moment::ZERO, Priority::NORMAL, None, i).unwrap();
    }
    queue.expiry.moves = 0;
    let late = Moment::MAX;
    let mut expired = 0;
    while queue.expire(late).is_some() {
        expired += 1;
    }
    assert_eq!(expired, N);
    // The depth of the heap is 17, and each of its levels is moved at most once.
    assert!(
        queue.expiry.moves <= u64::from(N) * 19,
        "{} moves",
        queue.expiry.moves
    );
}

#[test]
fn memory_is_used_again_and_never_more_than_the_capacity() {
    let config = QueueConfig::builder().capacity(16).build().unwrap();
    let mut queue = Queue::new(config);
    for round in 0..1_000u64 {
        let now = Moment::from_nanos(round);
        let mut tickets = Vec::new();
        for i in 0..32u64 {
            let priority = Priority::new((i % 8) as u8).unwrap();
            if let Ok(pushed) = queue.push(now, priority, None, i) {
                tickets.push(pushed.ticket);
            }
        }
        for ticket in tickets.into_iter().step_by(3) {
            queue.cancel(ticket);
        }
        while queue.pop(now).is_some() {}
    }
    assert_eq!(queue.slab.capacity(), 16);
}
