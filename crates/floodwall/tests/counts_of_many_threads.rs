//! In a process of its own: it takes all the seats that threads count from.

use std::sync::Barrier;

use floodwall::{Admission, Now, RateLimit, Reason};

const THREADS: u64 = 72;
const ASKED: u64 = 1_000;
const ADMITTED: u64 = 30_000;

#[test]
fn more_threads_than_count_apart_lose_nothing() {
    let limit = RateLimit::new("1/h burst 30000").unwrap();
    let all_are_there = Barrier::new(THREADS as usize);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                tokio_test::block_on(async {
                    let _ = limit.admit(&(), &Now::unread()).await;
                    all_are_there.wait();
                    for _ in 1..ASKED {
                        let _ = limit.admit(&(), &Now::unread()).await;
                    }
                });
                // Nobody ends before the others: a seat that was given back would be taken again.
                all_are_there.wait();
            });
        }
    });
    let counts = limit.handle().snapshot().counts;
    assert_eq!(counts.admitted, ADMITTED);
    assert_eq!(
        counts.refused_for(Reason::Quota),
        THREADS * ASKED - ADMITTED
    );
}
