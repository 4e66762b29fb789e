//! Many threads at once: every decision is counted, sources are read by one at a time, and nobody
//! waits for anybody.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use floodwall::{ConcurrencyLimit, Now, Reason, Shed, all};

mod shed_support;
use shed_support::{Clock, Req, by_class, by_tenant, marked, of};

const THREADS: u32 = 8;
const EACH: u32 = 20_000;

/// Reads of a source: how many, and how many at once at most.
#[derive(Default)]
struct Reads {
    all: AtomicU64,
    now: AtomicU32,
    most: AtomicU32,
}

impl Reads {
    fn source(self: &Arc<Self>) -> impl Fn() -> Option<f64> + Send + Sync + 'static {
        let reads = Arc::clone(self);
        move || {
            reads.all.fetch_add(1, Ordering::Relaxed);
            let at_once = reads.now.fetch_add(1, Ordering::SeqCst) + 1;
            reads.most.fetch_max(at_once, Ordering::SeqCst);
            // Somebody else has a chance to come in.
            std::thread::yield_now();
            reads.now.fetch_sub(1, Ordering::SeqCst);
            Some(1.0)
        }
    }
}

#[test]
fn many_threads_lose_no_decision_and_one_at_a_time_makes_the_cut_off() {
    let reads = Arc::new(Reads::default());
    let limit = ConcurrencyLimit::new(10_000);
    let builder = Shed::builder()
        .priority(by_class())
        .tenant(by_tenant())
        .retries(marked())
        .queue(&limit.handle())
        .pressure("slow", (0.0, 1.0), reads.source());
    let shed = builder.build().unwrap();
    let policy = all((shed.clone(), limit.clone()));
    let start = Barrier::new(THREADS as usize);
    let (begin, time) = (Now::unread().instant(), AtomicU64::new(0));
    let (let_in, refused) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|threads| {
        for thread in 0..THREADS {
            let (policy, start, time) = (policy.clone(), &start, &time);
            let (let_in, refused) = (&let_in, &refused);
            threads.spawn(move || {
                start.wait();
                for n in 0..EACH {
                    // One time for all, in which a cut-off is due about every thousandth request.
                    let passed = time.fetch_add(100, Ordering::Relaxed);
                    let clock = Clock::at(begin + Duration::from_micros(passed));
                    let request = Req {
                        tenant: u64::from(n % 97),
                        retry: n % 5 == 0,
                        ..of(((n + thread) % 8) as u8)
                    };
                    match clock.ask(&policy, &request) {
                        Ok(_) => let_in.fetch_add(1, Ordering::Relaxed),
                        Err(refusal) => {
                            assert_eq!(refusal.reason(), Reason::Shed);
                            refused.fetch_add(1, Ordering::Relaxed)
                        }
                    };
                }
            });
        }
    });
    let snapshot = shed.handle().snapshot();
    let (let_in, refused) = (let_in.into_inner(), refused.into_inner());
    assert_eq!(let_in + refused, u64::from(THREADS * EACH));
    assert!(refused > 0, "it did shed: {refused}");
    assert_eq!(snapshot.arrivals, let_in + refused);
    assert_eq!(snapshot.counts.admitted, let_in);
    assert_eq!(snapshot.counts.refused_for(Reason::Shed), refused);
    assert_eq!(limit.handle().snapshot().counts.admitted, let_in);
    assert_eq!(reads.most.load(Ordering::SeqCst), 1, "one at a time");
    let all = reads.all.load(Ordering::Relaxed);
    assert!(
        (10..2_000).contains(&all),
        "read {all} times for 160,000 requests"
    );
}

#[test]
fn handles_turn_modes_and_look_while_requests_run() {
    let shed = Shed::builder()
        .priority(by_class())
        .pressure("one", (0.0, 1.0), || Some(1.0))
        .build()
        .unwrap();
    let handle = shed.handle();
    let begin = Now::unread().instant();
    std::thread::scope(|threads| {
        for _ in 0..4 {
            let shed = shed.clone();
            threads.spawn(move || {
                let mut clock = Clock::at(begin);
                for n in 0..EACH {
                    let _ = clock.ask(&shed, &of((n % 8) as u8));
                    clock.pass(Duration::from_micros(100));
                }
            });
        }
        for n in 0..5_000_u32 {
            handle.set_enforce_percent((n % 101) as u8).unwrap();
            handle.set_mode(if n % 2 == 0 {
                floodwall::Mode::Shadow
            } else {
                floodwall::Mode::Enforce
            });
            let snapshot = handle.snapshot();
            assert!((0.0..=1.0).contains(&snapshot.state.share));
        }
    });
    let snapshot = handle.snapshot();
    let counts = snapshot.counts;
    let decided = counts.admitted + counts.refused() + counts.would_refuse();
    assert_eq!(decided, u64::from(4 * EACH));
    assert_eq!(snapshot.arrivals, decided);
}
