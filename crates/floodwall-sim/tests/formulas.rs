//! The simulator against what is known exactly: M/M/1, M/M/8, M/D/1 and M/M/8/16.
//!
//! Each value comes from independent runs. Their mean must lie within its 99 % confidence interval
//! around the formula, and the interval must be no wider than 3 % of the value.
#![allow(clippy::print_stdout, reason = "the figures are part of what it shows")]

use std::time::Duration;

use floodwall_sim::{Client, Contender, Phase, Report, Scenario, Tier, Times};

const RUNS: u32 = 20;
/// Student's t for 19 degrees of freedom, 99 % on both sides.
const T: f64 = 2.861;
const SERVICE: Duration = Duration::from_millis(1);

struct Model {
    workers: u32,
    line: Option<u32>,
    constant: bool,
}

const MM1: Model = Model {
    workers: 1,
    line: None,
    constant: false,
};
const MM8: Model = Model {
    workers: 8,
    line: None,
    constant: false,
};
const MD1: Model = Model {
    workers: 1,
    line: None,
    constant: true,
};
const MM8_16: Model = Model {
    workers: 8,
    line: Some(8),
    constant: false,
};

impl Model {
    /// The probability of each number in the system, for a system that has an end.
    fn states(&self, rho: f64) -> Vec<f64> {
        let places = self.workers + self.line.expect("a bounded line");
        let mut weights = vec![1.0];
        for n in 1..=places {
            let last = weights[n as usize - 1];
            weights.push(last * rho * f64::from(self.workers) / f64::from(n.min(self.workers)));
        }
        let sum: f64 = weights.iter().sum();
        weights.iter().map(|weight| weight / sum).collect()
    }

    fn loss(&self, rho: f64) -> f64 {
        *self.states(rho).last().unwrap()
    }

    /// The mean wait of those who are let in, in service times.
    fn wait(&self, rho: f64) -> f64 {
        let k = f64::from(self.workers);
        if self.line.is_some() {
            let states = self.states(rho);
            let waiting: f64 = (self.workers as usize..states.len())
                .map(|n| (n as f64 - k) * states[n])
                .sum();
            return waiting / (rho * k * (1.0 - self.loss(rho)));
        }
        // Erlang C, by the recursion of Erlang B.
        let offered = rho * k;
        let b = (1..=self.workers).fold(1.0, |b, n| offered * b / (f64::from(n) + offered * b));
        let c = b / (1.0 - rho * (1.0 - b));
        let wait = c / (k * (1.0 - rho));
        // Pollaczek and Khinchine: without variance in the service, half the wait.
        if self.constant { wait / 2.0 } else { wait }
    }

    fn run(&self, rho: f64, requests: f64, seed: u64) -> Report {
        let service = if self.constant {
            Times::constant(SERVICE)
        } else {
            Times::exponential(SERVICE)
        };
        let mut tier = Tier::new("queue", self.workers, service);
        if let Some(places) = self.line {
            tier = tier.line(places);
        }
        let capacity = f64::from(self.workers) / SERVICE.as_secs_f64();
        let length = Duration::from_secs_f64((requests / capacity / rho).ceil());
        // Whatever the queue's memory of its empty start, a twentieth outlasts it.
        let scenario = Scenario::new("formula")
            .tier(tier)
            .phase(Phase::new("warm", length / 20).load(rho))
            .phase(Phase::new("measured", length).load(rho))
            .client(Client::new("all").share(1.0));
        Contender::Bare.play(&scenario, seed).expect("it runs")
    }

    /// Compares wait and loss, from so many requests in all.
    fn compare(&self, name: &str, rho: f64, requests: f64) {
        let run = |seed| self.run(rho, requests / f64::from(RUNS), seed);
        // Runs know nothing of one another, so two at a time.
        let (odd, even): (Vec<_>, Vec<_>) = (1..=u64::from(RUNS)).partition(|seed| seed % 2 == 1);
        let mut runs = std::thread::scope(|scope| {
            let odd = scope.spawn(|| odd.into_iter().map(run).collect::<Vec<_>>());
            let even: Vec<_> = even.into_iter().map(run).collect();
            [odd.join().expect("no run fails"), even].concat()
        });
        runs.sort_by_key(|run| run.seed);
        let waits = runs.iter().map(|run| {
            let wait = run.phases[1].tiers[0].mean_wait.expect("somebody waited");
            wait / SERVICE.as_secs_f64()
        });
        check(&format!("{name} rho {rho} wait"), waits, self.wait(rho));
        if self.line.is_some() {
            let losses = runs.iter().map(|run| {
                let all = &run.phases[1].all;
                all.all_refusals() as f64 / all.offered as f64
            });
            check(&format!("{name} rho {rho} loss"), losses, self.loss(rho));
        }
    }
}

fn check(what: &str, values: impl Iterator<Item = f64>, exact: f64) {
    let values: Vec<_> = values.collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let half = T * (variance / n).sqrt();
    println!(
        "{what}: {mean:.6} +- {half:.6} ({:.2} %), formula {exact:.6}",
        100.0 * half / exact
    );
    assert!(
        half <= 0.03 * exact,
        "{what}: the interval is wider than 3 % of {exact}: {half}"
    );
    assert!(
        (mean - exact).abs() <= half,
        "{what}: {mean} +- {half} does not contain {exact}"
    );
}

#[test]
fn one_worker_waits_as_the_formula_says() {
    MM1.compare("M/M/1", 0.5, 800e3);
    MM1.compare("M/M/1", 0.8, 2e6);
    MM1.compare("M/M/1", 0.95, 18e6);
}

#[test]
fn eight_workers_wait_as_erlang_says() {
    MM8.compare("M/M/8", 0.5, 4.5e6);
    MM8.compare("M/M/8", 0.8, 2e6);
    MM8.compare("M/M/8", 0.95, 24e6);
}

#[test]
fn constant_service_halves_the_wait() {
    MD1.compare("M/D/1", 0.5, 800e3);
    MD1.compare("M/D/1", 0.8, 1.5e6);
    MD1.compare("M/D/1", 0.95, 17e6);
}

#[test]
fn a_bounded_line_loses_as_the_formula_says() {
    MM8_16.compare("M/M/8/16", 0.8, 5e6);
    MM8_16.compare("M/M/8/16", 0.95, 2e6);
    MM8_16.compare("M/M/8/16", 2.0, 400e3);
}

/// One request in 8,700 is lost at half load, so a narrow interval takes many of them.
#[test]
fn a_bounded_line_at_half_load_loses_one_in_thousands() {
    MM8_16.compare("M/M/8/16", 0.5, 290e6);
}
