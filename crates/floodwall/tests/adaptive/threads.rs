//! Many at once.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;

use floodwall::concurrency::Partitioned;
use floodwall::{Admission, ConcurrencyLimit, Now, Outcome, adaptive};

use super::script::{Move, Script, end, enter, poll_once};

#[test]
fn no_sample_is_lost_while_the_ring_has_room_and_the_last_word_counts() {
    // Fewer at once than the ring has room for.
    const THREADS: usize = 4;
    const EACH: usize = 50;
    for round in 0..50 {
        let script = Script::default();
        for limit in 0..THREADS * EACH {
            script.then(Move::Silently(100 + limit as u32));
        }
        let limit = adaptive()
            .with_algorithm(script.algorithm(99))
            .build()
            .unwrap();
        let barrier = Barrier::new(THREADS);
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    barrier.wait();
                    for _ in 0..EACH {
                        end(enter(&limit), Outcome::Success);
                    }
                });
            }
        });
        let snapshot = limit.handle().snapshot();
        let told = snapshot.adaptive.unwrap();
        assert_eq!(script.samples().len(), THREADS * EACH, "round {round}");
        assert_eq!(told.samples, (THREADS * EACH) as u64);
        assert_eq!(told.missed, 0);
        assert_eq!(snapshot.limit as usize, 99 + THREADS * EACH);
        assert_eq!(snapshot.in_flight, 0);
    }
}

#[test]
fn an_algorithm_that_stalls_makes_nobody_wait_and_what_it_missed_is_counted() {
    use std::sync::mpsc::sync_channel;

    use floodwall::limit::{Change, LimitAlgorithm, Sample};

    #[derive(Debug)]
    struct Stalls {
        begun: std::sync::mpsc::SyncSender<()>,
        go_on: std::sync::Mutex<std::sync::mpsc::Receiver<()>>,
        first: bool,
    }

    impl LimitAlgorithm for Stalls {
        fn limit(&self) -> u32 {
            8
        }
        fn sample(&mut self, _: &Sample) -> Option<Change> {
            if std::mem::take(&mut self.first) {
                self.begun.send(()).unwrap();
                self.go_on.lock().unwrap().recv().unwrap();
            }
            None
        }
        fn name(&self) -> &'static str {
            "stalls"
        }
    }

    let (begun, has_begun) = sync_channel(1);
    let (go_on, may_go_on) = sync_channel(1);
    let limit = adaptive()
        .with_algorithm(Stalls {
            begun,
            go_on: may_go_on.into(),
            first: true,
        })
        .build()
        .unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| end(enter(&limit), Outcome::Success));
        has_begun.recv().unwrap();
        // It sits in the algorithm; these come and go.
        for _ in 0..1_000 {
            end(enter(&limit), Outcome::Success);
        }
        let told = limit.handle().snapshot().adaptive.unwrap();
        assert!((1..1_000).contains(&told.missed), "{told:?}");
        go_on.send(()).unwrap();
    });
    let told = limit.handle().snapshot().adaptive.unwrap();
    assert_eq!(told.samples + told.missed, 1_001, "each is told or counted");
}

#[test]
fn under_threads_the_total_never_exceeds_the_limit_and_nobody_sleeps_on_a_free_place() {
    const LIMIT: u32 = 3;
    let limit = Partitioned::builder(
        ConcurrencyLimit::builder(LIMIT).queue(std::time::Duration::from_secs(3600)),
    )
    .partition("a", 0.6)
    .partition("b", 0.3)
    .by(|name: &&'static str| *name)
    .build()
    .unwrap();
    let inside = AtomicU32::new(0);
    let barrier = Barrier::new(8);
    std::thread::scope(|scope| {
        for thread in 0..8_u64 {
            let (limit, inside, barrier) = (&limit, &inside, &barrier);
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_time()
                    .build()
                    .unwrap();
                let mut random = fastrand::Rng::with_seed(thread);
                barrier.wait();
                runtime.block_on(async {
                    for _ in 0..500 {
                        let which = ["a", "b", "c"][random.usize(..3)];
                        let mut decision = Box::pin(limit.admit(&which, &Now::unread()));
                        // Some give up at once, others wait until it is their turn.
                        let first = poll_once(decision.as_mut());
                        let permit = match first {
                            Poll::Ready(permit) => permit.unwrap(),
                            Poll::Pending if random.u8(..4) == 0 => continue,
                            Poll::Pending => decision.await.unwrap(),
                        };
                        assert!(inside.fetch_add(1, Ordering::SeqCst) < LIMIT);
                        if random.bool() {
                            tokio::task::yield_now().await;
                        }
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(permit);
                    }
                });
            });
        }
    });
    let snapshot = limit.handle().snapshot();
    assert_eq!(snapshot.total.in_flight, 0);
    for one in snapshot.partitions {
        assert_eq!((one.in_flight, one.waiting), (0, 0), "{}", one.name);
    }
}
