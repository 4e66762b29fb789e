//! A shedder comes back: whatever was believed about the service, a queue that stays empty is proof
//! that too much is shed.

use std::time::Duration;

use floodwall_core::shed::{Backlog, ShedSettings, Shedder};
use floodwall_core::{Moment, Priority};

/// A service with a queue behind a shedder, in steps of a millisecond: coarse, and without any chance.
struct World {
    shedder: Shedder,
    now: Moment,
    backlog: Backlog,
    /// Those waiting, by when they came.
    line: std::collections::VecDeque<Moment>,
    served: f64,
}

impl World {
    const PATIENCE: Duration = Duration::from_millis(50);

    fn new() -> Self {
        Self {
            shedder: Shedder::new(ShedSettings::default(), Moment::ZERO),
            now: Moment::ZERO,
            backlog: Backlog {
                places: 256,
                ..Backlog::default()
            },
            line: Default::default(),
            served: 0.0,
        }
    }

    /// Lets a second pass; tells what part of the arrivals got in and were served.
    fn second(&mut self, arrivals_per_second: u32, capacity_per_second: u32) -> f64 {
        let a_milli = f64::from(capacity_per_second) / 1_000.0;
        let (mut came, mut due, mut done) = (0_u32, 0.0, 0_u32);
        for _ in 0..1_000 {
            self.now = self.now + Duration::from_millis(1);
            due += f64::from(arrivals_per_second) / 1_000.0;
            while due >= 1.0 {
                due -= 1.0;
                came += 1;
                self.arrive();
            }
            self.served = (self.served + a_milli).min(a_milli.max(1.0));
            while self.served >= 1.0 && self.line.pop_front().is_some() {
                self.served -= 1.0;
                self.backlog.granted += 1;
                done += 1;
            }
            while self
                .line
                .front()
                .is_some_and(|at| self.now.since(*at) > Self::PATIENCE)
            {
                self.line.pop_front();
                self.backlog.refused += 1;
            }
        }
        f64::from(done) / f64::from(came.max(1))
    }

    fn arrive(&mut self) {
        let waiting = self.line.len() as u32;
        self.backlog.waiting = waiting;
        self.shedder.saw_waiting(waiting);
        if self.shedder.is_due(self.now) {
            self.shedder.tick(self.now, 0.0, Some(self.backlog));
        }
        let level = self.shedder.next_level(Priority::NORMAL, false);
        let let_in = self.shedder.cut_off().admits(level);
        self.shedder.arrived(level);
        if let_in && self.line.len() < self.backlog.places as usize {
            self.line.push_back(self.now);
        }
    }
}

#[test]
fn a_service_that_stood_still_is_served_again_within_two_seconds() {
    for (arrivals, slow) in [(850, 0), (850, 1), (850, 20), (100, 0), (20, 0), (5_000, 0)] {
        let capacity = arrivals * 20 / 17;
        let mut world = World::new();
        for _ in 0..5 {
            world.second(arrivals, capacity);
        }
        for _ in 0..5 {
            world.second(arrivals, slow);
        }
        let after: Vec<f64> = (0..4).map(|_| world.second(arrivals, capacity)).collect();
        assert!(
            after[2] > 0.99 && after[3] > 0.99,
            "{arrivals}/s, slowed down to {slow}/s: {after:.2?} of the arrivals were served after it, second by second; {:?}",
            world.shedder.state()
        );
    }
}

/// A limit behind the queue that doubles shows nothing while only as much is let in as before.
#[test]
fn a_limit_that_grew_is_let_more_in_at_once() {
    use floodwall_core::shed::{Controller, Interval, Queued, ShedSettings};
    use std::time::Duration;

    let tick = Duration::from_millis(100);
    let mut controller = Controller::new(ShedSettings::default());
    let mut queued = Queued::default();
    (queued.lowest, queued.now) = (40, 40);
    (queued.places, queued.granted) = (64, 10);
    for _ in 0..20 {
        controller.tick(&Interval::of(tick).arrivals(100).queue(queued));
    }
    let let_in = 1.0 - controller.share();
    assert!((0.05..0.15).contains(&let_in), "{let_in}");
    controller.limit_grew(2.0);
    assert!(((1.0 - controller.share()) / let_in - 2.0).abs() < 1e-9);
    // What is no growth changes nothing.
    let share = controller.share();
    for times in [0.5, 1.0, f64::NAN, f64::INFINITY] {
        controller.limit_grew(times);
        assert!((controller.share() - share).abs() < 1e-12);
    }
    // It was not true: the next looks say so.
    for _ in 0..20 {
        controller.tick(&Interval::of(tick).arrivals(100).queue(queued));
    }
    assert!((1.0 - controller.share()) < 1.3 * let_in);
}
