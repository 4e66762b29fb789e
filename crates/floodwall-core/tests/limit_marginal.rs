//! `Marginal` before a pool of workers, in a few lines of simulation: what it finds, what it holds
//! to, and what it must not learn from. The simulator's scenarios judge it as a whole.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use floodwall_core::limit::{Change, LimitAlgorithm, Marginal, Sample, Why};
use floodwall_core::{Moment, Outcome};

/// Workers with a line before them, and as many inside as the limit lets in: there is always
/// somebody who waits, unless there are fewer users than that.
#[derive(Clone)]
struct Pool {
    workers: usize,
    mean: f64,
    /// All take about as long as the mean.
    is_even: bool,
    /// Each of them comes again when answered.
    users: usize,
    free_at: BinaryHeap<Reverse<u64>>,
    leaving: BinaryHeap<Reverse<(u64, u64, u32)>>,
    random: fastrand::Rng,
    now: u64,
    outcome: Outcome,
    done: u64,
}

impl Pool {
    fn new(workers: usize, mean: Duration, seed: u64) -> Self {
        Self {
            workers,
            mean: mean.as_secs_f64(),
            is_even: false,
            users: usize::MAX,
            free_at: (0..workers).map(|_| Reverse(0)).collect(),
            leaving: BinaryHeap::new(),
            random: fastrand::Rng::with_seed(seed),
            now: 0,
            outcome: Outcome::Success,
            done: 0,
        }
    }

    fn fill(&mut self, limit: u32) {
        while self.leaving.len() < self.users.min(limit as usize) {
            let inside = self.leaving.len() as u32 + 1;
            let free = self.free_at.pop().map_or(self.now, |free| free.0);
            let service = if self.is_even {
                self.mean * (0.9 + 0.2 * self.random.f64())
            } else {
                -self.mean * (1.0 - self.random.f64()).ln()
            };
            let end = free.max(self.now) + (service * 1e9) as u64;
            self.free_at.push(Reverse(end));
            self.leaving.push(Reverse((end, self.now, inside)));
        }
    }

    /// Runs for `time`, and returns what was told.
    fn run(&mut self, limit: &mut Marginal, time: Duration) -> Vec<Change> {
        let end = self.now + time.as_nanos() as u64;
        let mut changes = Vec::new();
        while self.now < end {
            self.fill(limit.limit());
            let Reverse((at, entered, inside)) =
                self.leaving.pop().expect("the limit is at least 1");
            self.now = at;
            self.done += 1;
            let service = Duration::from_nanos(at - entered);
            let sample = Sample::new(Moment::from_nanos(at), service)
                .in_flight(inside)
                .binding(self.users > limit.limit() as usize)
                .outcome(self.outcome);
            changes.extend(limit.sample(&sample));
        }
        changes
    }

    fn change_workers(&mut self, workers: usize) {
        self.workers = workers;
        self.free_at = (0..workers).map(|_| Reverse(self.now)).collect();
    }
}

const MS10: Duration = Duration::from_millis(10);

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn from(start: u32) -> Marginal {
    Marginal::builder().start(start).build().unwrap()
}

/// What is done in ten seconds, over what the workers can do.
fn used(pool: &mut Pool, limit: &mut Marginal) -> f64 {
    let before = pool.done;
    pool.run(limit, secs(10));
    (pool.done - before) as f64 * pool.mean / (10.0 * pool.workers as f64)
}

/// The limit that is in force half of the time, trials included.
fn median(pool: &mut Pool, limit: &mut Marginal) -> u32 {
    let mut limits = Vec::new();
    for _ in 0..200 {
        pool.run(limit, Duration::from_millis(50));
        limits.push(limit.limit());
    }
    limits.sort_unstable();
    limits[limits.len() / 2]
}

#[test]
fn it_finds_the_workers_from_any_start() {
    for start in [1, 20, 200, 1_000] {
        for seed in 0..5 {
            let (mut pool, mut limit) = (Pool::new(10, MS10, seed), from(start));
            pool.run(&mut limit, secs(30));
            let limits = median(&mut pool.clone(), &mut limit.clone());
            assert!(
                (8..=20).contains(&limits),
                "from {start}, seed {seed}: {limits}"
            );
            let used = used(&mut pool, &mut limit);
            assert!(used > 0.93, "from {start}, seed {seed}: {used}");
        }
    }
}

#[test]
fn one_worker_is_one_place() {
    for seed in 0..5 {
        let (mut pool, mut limit) = (Pool::new(1, MS10, seed), from(20));
        pool.run(&mut limit, secs(30));
        let limits = median(&mut pool, &mut limit);
        assert!(limits <= 2, "seed {seed}: {limits}");
    }
}

#[test]
fn a_service_that_became_slower_is_no_reason_for_fewer_places() {
    for seed in 0..5 {
        let (mut pool, mut limit) = (Pool::new(10, MS10, seed), from(20));
        pool.run(&mut limit, secs(15));
        pool.mean *= 3.0;
        pool.run(&mut limit, secs(10));
        let used = used(&mut pool, &mut limit);
        assert!(used > 0.9, "seed {seed}: {used} at {}", limit.limit());
        let limits = median(&mut pool, &mut limit);
        assert!((8..=20).contains(&limits), "seed {seed}: {limits}");
    }
}

#[test]
fn workers_that_are_gone_are_missed_and_welcomed_back() {
    for seed in 0..5 {
        let (mut pool, mut limit) = (Pool::new(20, MS10, seed), from(20));
        pool.run(&mut limit, secs(15));
        pool.change_workers(10);
        pool.run(&mut limit, secs(10));
        let limits = median(&mut pool, &mut limit);
        assert!((8..=20).contains(&limits), "seed {seed}: {limits}");
        pool.change_workers(20);
        pool.run(&mut limit, secs(20));
        let used = used(&mut pool, &mut limit);
        assert!(used > 0.9, "seed {seed}: {used} at {}", limit.limit());
    }
}

/// What is looked at beyond enough stays near it: trials alone would put far too many inside again
/// and again.
#[test]
fn hardly_anything_is_tried_far_beyond_what_was_found_to_be_enough() {
    let mut above = 0;
    for start in [1, 20, 200] {
        for seed in 0..5 {
            let (mut pool, mut limit) = (Pool::new(10, MS10, seed), from(start));
            pool.run(&mut limit, secs(30));
            for _ in 0..6_000 {
                pool.run(&mut limit, Duration::from_millis(50));
                above += u32::from(limit.limit() > 20);
            }
        }
    }
    assert!(above < 200, "{above} of 90,000");
}

/// Users who come again when answered are never held back by a limit above their number, and yet a
/// good part of them may stand in one another's way.
#[test]
fn as_many_users_as_are_let_in_are_not_thought_to_be_of_use_for_that() {
    for start in [20, 200, 220] {
        let (mut pool, mut limit) = (Pool::new(142, MS10 * 20, 1), from(start));
        (pool.is_even, pool.users) = (true, 200);
        pool.run(&mut limit, secs(20));
        let used = used(&mut pool.clone(), &mut limit.clone());
        let limits = median(&mut pool, &mut limit);
        assert!((130..=165).contains(&limits), "from {start}: {limits}");
        assert!(used > 0.9, "from {start}: {used}");
    }
}

#[test]
fn each_change_says_why() {
    let (mut pool, mut limit) = (Pool::new(10, MS10, 7), from(1));
    let changes = pool.run(&mut limit, secs(5));
    assert_eq!(changes[0].to_string(), "limit 1 -> 2: slow start");
    let flat = changes
        .iter()
        .find(|change| change.cause.why == Why::ThroughputFlat)
        .expect("it has doubled beyond the workers");
    assert!(flat.to < flat.from, "{flat}");
    assert!(
        flat.cause.latency.is_some_and(|ratio| ratio > 1.2),
        "{flat}"
    );
    let mut last = 1;
    for change in &changes {
        assert_eq!(change.from, last, "{change}");
        last = change.to;
    }
}

#[test]
fn what_nothing_can_be_learned_from_moves_nothing() {
    for (outcome, mean) in [
        (Outcome::Refused, MS10),
        (Outcome::Cancelled, MS10),
        (Outcome::Failure, Duration::from_micros(50)),
        // Too fast to have come from the service.
        (Outcome::Success, Duration::from_nanos(500)),
    ] {
        let (mut pool, mut limit) = (Pool::new(10, mean, 3), from(20));
        pool.outcome = outcome;
        assert_eq!(pool.run(&mut limit, Duration::from_millis(200)), []);
        assert_eq!(limit.limit(), 20, "{outcome:?}");
    }
}

/// All the same with failures that take as long as successes: they use the workers, too.
#[test]
fn slow_failures_are_work() {
    let (mut pool, mut limit) = (Pool::new(10, MS10, 3), from(20));
    pool.run(&mut limit, secs(15));
    pool.outcome = Outcome::Failure;
    pool.change_workers(4);
    pool.run(&mut limit, secs(20));
    let limits = median(&mut pool, &mut limit);
    assert!((3..=8).contains(&limits), "{limits}");
}

#[test]
fn the_ceiling_of_latency_holds_though_throughput_would_rise() {
    let ceiling = Duration::from_millis(15);
    // At 40 places each request takes 40 ms, and ever more comes out.
    let mut limit = Marginal::builder()
        .start(40)
        .latency_ceiling(ceiling)
        .build()
        .unwrap();
    let mut now = Moment::ZERO;
    let mut above = 0;
    for k in 0..60_000 {
        let inside = limit.limit();
        let service = Duration::from_micros(500 * u64::from(inside) + 2_000);
        now = now + service / inside;
        let sample = Sample::new(now, service).in_flight(inside).binding(true);
        let change = limit.sample(&sample);
        above += u32::from(k > 10_000 && service > ceiling * 11 / 10);
        if k == 0 {
            assert_eq!(change, None);
        }
    }
    assert!(limit.limit() <= 28, "{}", limit.limit());
    assert!(limit.limit() >= 4, "{}", limit.limit());
    assert!(above < 5_000, "{above} of 50,000 took longer");
}

#[test]
fn floor_and_ceiling_hold() {
    let mut limit = Marginal::builder()
        .start(6)
        .floor(5)
        .ceiling(7)
        .build()
        .unwrap();
    for workers in [1, 50] {
        let mut pool = Pool::new(workers, MS10, 1);
        for _ in 0..200 {
            pool.run(&mut limit, Duration::from_millis(100));
            assert!((5..=7).contains(&limit.limit()), "{}", limit.limit());
        }
    }
}

#[test]
fn bad_settings_name_the_field_and_the_fix() {
    let field = |builder: floodwall_core::limit::MarginalBuilder| {
        let error = builder.build().unwrap_err();
        assert!(
            error.to_string().len() > error.field().len() + 10,
            "{error}"
        );
        error.field()
    };
    assert_eq!(field(Marginal::builder().floor(0)), "floor");
    assert_eq!(field(Marginal::builder().ceiling(0)), "ceiling");
    assert_eq!(field(Marginal::builder().start(2_000)), "start");
    assert_eq!(field(Marginal::builder().start(0)), "start");
    let zero = Marginal::builder().latency_ceiling(Duration::ZERO);
    assert_eq!(field(zero), "latency_ceiling");
}
