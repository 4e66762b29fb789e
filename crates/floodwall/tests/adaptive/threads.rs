//! Many at once.

use std::sync::Barrier;

use floodwall::{Outcome, adaptive};

use super::script::{Move, Script, end, enter};

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
