//! The scenarios of Kubernetes' API priority and fairness (`queueset_test.go`), replayed event by
//! event over the queue: what each flow gets of the places, against what is max-min fair.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use floodwall_core::queue::{FairQueues, Queue, QueueConfig, Served, Tenant, fair_allocation};
use floodwall_core::rate::{HashSecret, KeyHash};
use floodwall_core::{Moment, Priority};

const SECOND: u64 = 1_000_000_000;

/// Some who ask as one tenant, each again when it has been served and has thought.
#[derive(Clone, Copy)]
struct Flow {
    users: u32,
    /// So many places one request takes.
    width: u32,
    /// From the end of one request to the next, in nanoseconds; a nanosecond less than nothing comes
    /// back just before its place is free.
    think: i64,
    runs: u64,
    weight: u32,
    /// Half of the users come after half of the time.
    split: bool,
}

impl Flow {
    const fn new(users: u32, think: i64) -> Self {
        Self {
            users,
            width: 1,
            think,
            runs: SECOND,
            weight: 1,
            split: false,
        }
    }

    /// So many places it would use if it were alone.
    fn demand(&self, users: u32) -> f64 {
        let cycle = self.runs as f64 + self.think.max(0) as f64;
        f64::from(users * self.width) * self.runs as f64 / cycle
    }
}

struct Scenario {
    queues: FairQueues,
    limit: u32,
    lasts: u64,
    flows: Vec<Flow>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Ends(usize),
    Comes(usize),
}

impl Scenario {
    fn new(queues: u32, hand: u32, limit: u32, seconds: u64, flows: &[Flow]) -> Self {
        Self {
            queues: FairQueues::new(queues, hand),
            limit,
            lasts: seconds * SECOND,
            flows: flows.to_vec(),
        }
    }

    /// The mean of the places that each flow had, in the first half and in the second.
    fn run(&self) -> [Vec<f64>; 2] {
        let config = QueueConfig::builder()
            .fair(self.queues)
            .max_wait(Duration::from_secs(3600))
            .newest_first(false)
            .build()
            .unwrap();
        let mut queue = Queue::new(config);
        let secret = HashSecret::seeded(7);
        let mut agenda = BinaryHeap::new();
        let mut number = 0_u64;
        let mut at = |agenda: &mut BinaryHeap<_>, time: u64, event: Event| {
            number += 1;
            agenda.push(Reverse((time, number, event)));
        };
        for (n, flow) in self.flows.iter().enumerate() {
            for user in 0..flow.users {
                let late = flow.split && user >= flow.users / 2;
                let first = if late { self.lasts / 2 } else { 0 };
                let first = first + 90 * u64::from(user) + 20 * n as u64;
                at(&mut agenda, first, Event::Comes(n));
            }
        }
        let mut used = 0;
        let mut inside = vec![Vec::<(u64, Served)>::new(); self.flows.len()];
        let mut had = [vec![0.0; self.flows.len()], vec![0.0; self.flows.len()]];
        let mut last = 0;
        while let Some(Reverse((time, _, event))) = agenda.pop() {
            for (n, flow) in self.flows.iter().enumerate() {
                for half in 0..2 {
                    let (from, to) = (self.lasts / 2 * half, self.lasts / 2 * (half + 1));
                    let span = time.clamp(from, to) - last.clamp(from, to);
                    let places = inside[n].len() as f64 * f64::from(flow.width);
                    had[half as usize][n] += span as f64 * places * 2.0 / self.lasts as f64;
                }
            }
            last = time;
            if time >= self.lasts {
                break;
            }
            let now = Moment::from_nanos(time);
            match event {
                Event::Ends(n) => {
                    let (_, served) = inside[n].remove(0);
                    queue.done(served, now);
                    used -= self.flows[n].width;
                }
                Event::Comes(n) => {
                    let flow = &self.flows[n];
                    let key: KeyHash = secret.key(&n);
                    let tenant = Tenant::new(key)
                        .with_cost(flow.width)
                        .with_weight(flow.weight);
                    queue
                        .push_for(now, Priority::NORMAL, tenant, None, n)
                        .unwrap();
                }
            }
            // Whoever is wider than all places together goes in when nobody is inside.
            let fits = |used: u32, n: usize| used == 0 || used + self.flows[n].width <= self.limit;
            while queue.next(now).is_some_and(|&n| fits(used, n)) {
                let waiter = queue.pop(now).unwrap();
                let flow = &self.flows[waiter.value];
                used += flow.width;
                inside[waiter.value].push((time, waiter.served.unwrap()));
                at(&mut agenda, time + flow.runs, Event::Ends(waiter.value));
                let again = (time + flow.runs).saturating_add_signed(flow.think);
                at(&mut agenda, again, Event::Comes(waiter.value));
            }
        }
        had
    }

    /// What each flow got, in parts of what is fair for `users`.
    fn against_fair(&self, had: &[f64], users: &[u32]) -> Vec<f64> {
        let demands: Vec<f64> = self
            .flows
            .iter()
            .zip(users)
            .map(|(flow, &users)| flow.demand(users))
            .collect();
        let fair = fair_allocation(&demands, f64::from(self.limit));
        had.iter().zip(fair).map(|(had, fair)| had / fair).collect()
    }

    fn over_all(&self) -> Vec<f64> {
        let [first, second] = self.run();
        let had: Vec<f64> = first
            .iter()
            .zip(&second)
            .map(|(a, b)| (a + b) / 2.0)
            .collect();
        let users: Vec<u32> = self.flows.iter().map(|flow| flow.users).collect();
        self.against_fair(&had, &users)
    }
}

#[track_caller]
fn within(margin: f64, ratios: &[f64]) {
    for ratio in ratios {
        assert!((ratio - 1.0).abs() <= margin + 1e-6, "{ratios:?}");
    }
}

/// The think time with which a request comes back just before a second is over.
const SHORT: i64 = SECOND as i64 - 1;

#[test]
fn baseline() {
    let one = Scenario::new(9, 3, 1, 20, &[Flow::new(1, 0)]);
    within(0.0, &one.over_all());
}

#[test]
fn different_flows_expect_equal() {
    let flows = [Flow::new(8, SECOND as i64), Flow::new(7, SECOND as i64 / 2)];
    for hand in [1, 3] {
        let both = Scenario::new(9, hand, 4, 40, &flows);
        within(0.01, &both.over_all());
    }
}

#[test]
fn different_flows_expect_unequal() {
    let flows = [Flow::new(4, SHORT), Flow::new(2, SHORT)];
    let both = Scenario::new(9, 1, 3, 20, &flows);
    within(0.01, &both.over_all());
}

#[test]
fn different_widths() {
    let wide = Flow {
        width: 2,
        ..Flow::new(7, SHORT)
    };
    let both = Scenario::new(64, 7, 6, 20, &[Flow::new(13, SHORT), wide]);
    within(0.155, &both.over_all());
}

#[test]
fn too_wide() {
    let wide = |width| Flow {
        width,
        ..Flow::new(15, SHORT)
    };
    let flows = [wide(2), wide(2), wide(2), wide(2), wide(7)];
    let five = Scenario::new(64, 7, 6, 225, &flows);
    within(0.33, &five.over_all());
}

/// Kubernetes expects 10 % to 26 % of unfairness in the second half: those who had what nobody else
/// wanted in the first half are made to pay for it.
#[test]
fn windup() {
    let late = Flow {
        split: true,
        ..Flow::new(2, -1)
    };
    let both = Scenario::new(9, 1, 3, 40, &[Flow::new(2, -1), late]);
    let [first, second] = both.run();
    within(0.01, &both.against_fair(&first, &[2, 1]));
    // One request more or less of thirty.
    within(0.034, &both.against_fair(&second, &[2, 2]));
}

/// Not one of theirs: a guess of 3 ms that is corrected at the end gives a flow of long requests all
/// places again and again, and takes them all away for as long.
#[test]
fn long_requests_beside_short_ones() {
    let short = Flow {
        runs: SECOND / 10,
        ..Flow::new(20, 0)
    };
    let long = Flow {
        runs: 10 * SECOND,
        ..Flow::new(20, 0)
    };
    let both = Scenario::new(64, 6, 4, 200, &[short, long]);
    let [first, second] = both.run();
    within(0.1, &both.against_fair(&first, &[20, 20]));
    within(0.02, &both.against_fair(&second, &[20, 20]));
}

#[test]
fn who_weighs_three_times_as_much_gets_three_times_as_much() {
    let heavy = Flow {
        weight: 3,
        ..Flow::new(30, 0)
    };
    let both = Scenario::new(64, 6, 4, 100, &[heavy, Flow::new(30, 0)]);
    let [first, second] = both.run();
    let ratio = (first[0] + second[0]) / (first[1] + second[1]);
    assert!((ratio - 3.0).abs() < 0.05, "{ratio}");
}

#[test]
fn an_elephant_gets_no_more_than_a_mouse_that_asks_for_its_share() {
    let flows = [Flow::new(300, 0), Flow::new(5, 0), Flow::new(3, 0)];
    let three = Scenario::new(64, 6, 4, 100, &flows);
    within(0.01, &three.over_all());
}
