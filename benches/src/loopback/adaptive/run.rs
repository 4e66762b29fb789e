//! Runs everything in turns, so that what disturbs the machine disturbs all.

use std::io::{Read, Write};
use std::net::TcpStream;

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};

use super::course::Course;
use super::report;
use super::round::{Plan, Ran, Round, Rounds};
use super::workload::Workload;
use crate::load::Seen;
use crate::machine::Machine;
use crate::process::{GENERATOR_CORE, Pin, SERVER_CORE, words};

/// An answer after this is of no use.
const WITHIN_MS: u64 = 100;

/// What a round needs to know.
struct Runner<'a> {
    plan: &'a Plan,
    pin: Pin,
    steps: String,
    bar: ProgressBar,
}

pub(super) fn main(plan: &Plan, json: bool, changes: bool) -> Result<()> {
    let machine = Machine::read();
    let pin = Pin::find();
    let ladder = |workload: Workload| workload.ladder(plan.short_ladder);
    let parts = |&workload: &Workload| ladder(workload).len() + 2;
    let length = plan.runs * plan.workloads.iter().map(parts).sum::<usize>();
    // Silent unless a terminal watches.
    let bar = ProgressBar::new(length as u64);
    let style = "{bar:30} {pos}/{len} {msg}, {eta} left";
    bar.set_style(ProgressStyle::with_template(style)?);
    let steps = pin.output(SERVER_CORE, &words("calibrate"))?;
    let runner = Runner {
        plan,
        pin,
        steps: steps.trim().to_owned(),
        bar,
    };
    let mut all = Vec::new();
    for &workload in &plan.workloads {
        let ladder = ladder(workload);
        let rounds = (0..plan.runs).map(|seed| runner.round(workload, ladder, seed));
        all.push(Rounds {
            workload,
            ladder,
            rounds: rounds.collect::<Result<_>>()?,
        });
    }
    runner.bar.finish_and_clear();
    if json {
        println!("{}", report::json(&machine, pin, plan, &all));
    } else {
        print!("{}", report::text(&machine, pin, plan, changes, &all));
    }
    Ok(())
}

impl Runner<'_> {
    fn round(&self, workload: Workload, ladder: &[u32], seed: usize) -> Result<Round> {
        let say = |what: &str| {
            let name = workload.name();
            self.bar.set_message(format!("{name} {}: {what}", seed + 1));
            self.bar.tick();
        };
        let steps = &self.steps;
        let serve = format!("serve-limit --workload {} --steps {steps}", workload.name());

        say("capacity");
        let capacity = self.capacity(&serve)?;
        // Each round begins with another, so that none is always the first.
        let mut rans: Vec<Option<Ran>> = Vec::new();
        rans.resize_with(ladder.len() + 1, || None);
        for turn in 0..rans.len() {
            let index = (turn + seed) % rans.len();
            let limit = match index.checked_sub(1) {
                None => "--adaptive".to_owned(),
                Some(index) => format!("--limit {}", ladder[index]),
            };
            say(&limit);
            rans[index] = Some(self.ran(workload, &format!("{serve} {limit}"), capacity, seed)?);
        }
        let mut rans = rans.into_iter().flatten();
        Ok(Round {
            capacity,
            adaptive: rans.next().context("nothing was run")?,
            fixed: rans.collect(),
        })
    }

    fn capacity(&self, serve: &str) -> Result<f64> {
        let (_server, port) = self.pin.start(SERVER_CORE, &words(serve))?;
        let seconds = self.plan.capacity_seconds;
        let ask = format!("capacity --port {port} --seconds {seconds}");
        let capacity = self.pin.output(GENERATOR_CORE, &words(&ask))?;
        self.bar.inc(1);
        capacity.trim().parse().context("no capacity")
    }

    fn ran(&self, workload: Workload, serve: &str, capacity: f64, seed: usize) -> Result<Ran> {
        let levels = workload.levels();
        let levels = || levels.iter().chain([&Workload::AFTER]);
        let rates: Vec<_> = levels()
            .map(|it| (it.rate * capacity).to_string())
            .collect();
        let tell: Vec<_> = levels()
            .map(|it| format!("/level/{}", it.pace_ms))
            .collect();
        let (rates, tell, seconds) = (rates.join(","), tell.join(","), self.plan.level_seconds);

        let (_server, port) = self.pin.start(SERVER_CORE, &words(serve))?;
        let load = format!(
            "load --port {port} --seed {seed} --rates {rates} --seconds {seconds} \
             --within {WITHIN_MS} --tell {tell}"
        );
        let seen: Seen = serde_json::from_str(&self.pin.output(GENERATOR_CORE, &words(&load))?)?;
        let course: Course = serde_json::from_str(&fetch(&port, "/course")?)?;
        self.bar.inc(1);
        Ok(Ran { seen, course })
    }
}

/// What a server answers.
fn fetch(port: &str, path: &str) -> Result<String> {
    let mut socket = TcpStream::connect(format!("127.0.0.1:{port}"))?;
    let ask = format!("GET {path} HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n");
    socket.write_all(ask.as_bytes())?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    let (_head, body) = answer.split_once("\r\n\r\n").context("no answer")?;
    Ok(body.to_owned())
}
