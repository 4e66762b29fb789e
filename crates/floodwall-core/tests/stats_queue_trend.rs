//! The trend rule against queues whose truth is known: how soon it sees a rise, and how often it sees one
//! that is none. Everything is seeded; a failure names the seeds.

use std::time::Duration;

use fastrand::Rng;
use floodwall_core::Moment;
use floodwall_core::stats::{QueueSample, QueueTrend, Trend};
use proptest::collection::vec;
use proptest::prelude::*;

/// One server, one queue: Poisson arrivals, exponential service times (M/M/1 with a bound).
struct Queue {
    rng: Rng,
    /// Events per look, on average: arrivals, and services of which those at an empty queue are void.
    events: f64,
    /// An event is an arrival if 32 random bits are below this.
    arrival: u64,
    bound: u64,
    sample: QueueSample,
}

impl Queue {
    fn new(seed: u64, offered: f64, capacity: f64, bound: u64) -> Self {
        let interval = QueueTrend::INTERVAL.as_secs_f64();
        Self {
            rng: Rng::with_seed(seed),
            events: (offered + capacity) * interval,
            arrival: (offered / (offered + capacity) * 2_f64.powi(32)) as u64,
            bound,
            sample: QueueSample::default(),
        }
    }

    /// Goes on until the next look. The number of events is Poisson: as many uniform numbers as
    /// have a product of at least exp(-mean), in portions that do not underflow.
    fn play(&mut self) -> QueueSample {
        let mut left = self.events;
        while left > 0.0 {
            let portion = left.min(500.0);
            left -= portion;
            let least = (-portion).exp();
            let mut product = 1.0;
            loop {
                let random = self.rng.u64(..);
                product *= ((random >> 32) as f64 + 0.5) / 2_f64.powi(32);
                if product < least {
                    break;
                }
                self.event(random & u64::from(u32::MAX) < self.arrival);
            }
        }
        self.sample
    }

    fn event(&mut self, arrival: bool) {
        let sample = &mut self.sample;
        if arrival && sample.waiting < self.bound {
            sample.waiting += 1;
        } else if arrival {
            sample.refused += 1;
        } else if sample.waiting > 0 {
            sample.waiting -= 1;
            sample.served += 1;
        }
    }
}

/// When the rule first saw a rise.
fn first_rise(mut queue: Queue, at_most: Duration) -> Option<(Duration, u64)> {
    let mut trend = QueueTrend::new();
    let mut now = Moment::ZERO;
    trend.observe(now, QueueSample::default());
    while now.since(Moment::ZERO) < at_most {
        now = now + QueueTrend::INTERVAL;
        let sample = queue.play();
        if trend.observe(now, sample) == Trend::Rising {
            return Some((now.since(Moment::ZERO), sample.waiting));
        }
    }
    None
}

/// The same for many seeds, on two threads.
fn first_rises(
    seeds: u64,
    queue: impl Fn(u64) -> Queue + Sync,
    at_most: Duration,
) -> Vec<Option<(Duration, u64)>> {
    std::thread::scope(|scope| {
        let half = |seeds: std::ops::Range<u64>| {
            let queue = &queue;
            scope.spawn(move || {
                seeds
                    .map(|seed| first_rise(queue(seed), at_most))
                    .collect::<Vec<_>>()
            })
        };
        let (first, second) = (half(0..seeds / 2), half(seeds / 2..seeds));
        let mut all = first.join().unwrap();
        all.extend(second.join().unwrap());
        all
    })
}

#[test]
fn a_tenth_too_much_is_reported_within_30_seconds() {
    let rises = first_rises(
        1_000,
        |seed| Queue::new(seed, 110.0, 100.0, 1_000),
        Duration::from_secs(30),
    );
    let missed: Vec<_> = (0..)
        .zip(&rises)
        .filter(|(_, rise)| rise.is_none())
        .collect();
    let mut seen: Vec<_> = rises.iter().flatten().collect();
    seen.sort();
    let (median, latest) = (seen[seen.len() / 2], seen[seen.len() - 1]);
    eprintln!(
        "missed {}, median {median:?}, latest {latest:?}",
        missed.len()
    );
    assert!(missed.len() <= 1, "seeds that missed it: {missed:?}");
    assert!(median.1 < 150, "it was still short: {median:?}");
}

#[test]
fn a_load_of_80_percent_is_silent_for_an_hour() {
    let rises = first_rises(
        1_000,
        |seed| Queue::new(seed, 80.0, 100.0, 1_000),
        Duration::from_secs(3600),
    );
    let wrong: Vec<_> = (0..)
        .zip(&rises)
        .filter(|(_, rise)| rise.is_some())
        .collect();
    eprintln!("{} wrong in 1,000 hours", wrong.len());
    assert!(wrong.len() <= 1, "seeds that cried wolf: {wrong:?}");
}

#[test]
fn it_is_silent_and_it_sees_at_other_rates_too() {
    for capacity in [10.0, 1_000.0] {
        let hour = Duration::from_secs(if capacity > 100.0 { 360 } else { 3_600 });
        let calm = |seed| Queue::new(seed, 0.8 * capacity, capacity, 100_000);
        let wrong = first_rises(50, calm, hour).into_iter().flatten().count();
        assert_eq!(wrong, 0, "at {capacity} a second");
        let flood = |seed| Queue::new(seed, 1.1 * capacity, capacity, 100_000);
        // It takes 90 too many to be sure, and 900 to wander off for good.
        let long = Duration::from_secs_f64(3_000.0 / capacity).max(Duration::from_secs(30));
        let seen = first_rises(100, flood, long).into_iter().flatten().count();
        assert_eq!(seen, 100, "at {capacity} a second");
    }
}

/// Looks every second at what `queue` says of that second.
fn looks(seconds: u64, queue: impl Fn(u64) -> QueueSample) -> Vec<Trend> {
    let mut trend = QueueTrend::new();
    (0..seconds)
        .map(|second| trend.observe(Moment::ZERO + Duration::from_secs(second), queue(second)))
        .collect()
}

#[test]
fn a_burst_that_is_worked_off_is_no_rise() {
    // 300 come at once, every ten seconds; 75 a second are served.
    let seen = looks(600, |second| QueueSample {
        waiting: 300_u64.saturating_sub(75 * (second % 10)),
        served: 300 * (second / 10) + (75 * (second % 10)).min(300),
        refused: 0,
    });
    assert!(!seen.contains(&Trend::Rising));
    assert!(seen.contains(&Trend::Falling));
}

#[test]
fn three_seconds_in_which_too_many_come_are_no_rise() {
    let mut trend = QueueTrend::new();
    for look in 0..40 {
        let now = Moment::ZERO + QueueTrend::INTERVAL * look;
        let look = u64::from(look);
        // 100 a look more than are served, for twelve looks; then it is worked off.
        let waiting = if look <= 12 {
            100 * look
        } else {
            1_200_u64.saturating_sub(100 * (look - 12))
        };
        let sample = QueueSample {
            waiting,
            ..QueueSample::default()
        };
        assert_ne!(trend.observe(now, sample), Trend::Rising, "look {look}");
    }
}

#[test]
fn a_short_queue_that_is_full_and_turns_away_rises_all_the_same() {
    let seen = looks(30, |second| QueueSample {
        waiting: 16,
        served: 100 * second,
        refused: 10 * second,
    });
    assert_eq!(seen.last(), Some(&Trend::Rising));
}

#[test]
fn a_queue_that_stays_as_long_as_it_is_and_moves_slowly_is_steady() {
    let seen = looks(3_600, |second| QueueSample {
        waiting: 3,
        served: second,
        refused: 0,
    });
    assert!(seen.iter().all(|trend| *trend == Trend::Steady));
}

#[test]
fn the_report_ends_when_the_queue_is_empty_or_goes_down() {
    let waiting = |second: u64| match second {
        0..=30 => 10 * second,
        31..=50 => 300 - 15 * (second - 30),
        _ => 0,
    };
    let seen = looks(60, |second| QueueSample {
        waiting: waiting(second),
        ..QueueSample::default()
    });
    assert_eq!(seen[20], Trend::Rising);
    assert_eq!(seen[45], Trend::Falling);
    assert_eq!(seen[55], Trend::Steady);
}

#[test]
fn looks_that_come_too_soon_change_nothing() {
    let mut trend = QueueTrend::new();
    for milli in 0..200 {
        let now = Moment::ZERO + Duration::from_millis(milli);
        let waiting = 1_000 * milli;
        let sample = QueueSample {
            waiting,
            ..QueueSample::default()
        };
        assert_eq!(trend.observe(now, sample), Trend::Steady);
    }
    assert_eq!(trend.last(), Some(Moment::ZERO));
}

proptest! {
    #[test]
    fn no_sample_and_no_clock_makes_it_panic(
        looks in vec((any::<u64>(), any::<u64>(), any::<u64>(), any::<u64>()), 0..50)
    ) {
        let mut trend = QueueTrend::new();
        for (now, waiting, served, refused) in looks {
            let sample = QueueSample { waiting, served, refused };
            trend.observe(Moment::from_nanos(now), sample);
        }
    }
}
