//! In every round each contender has its turn, and no one is always the one after the same other.

use std::time::Duration;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};

use super::contender::Contender;
use super::report::{self, Figures};
use super::{Plan, count, generator};
use crate::machine::Machine;
use crate::process::{Pin, Running, SERVER_CORE, words};

pub(super) fn main(plan: &Plan, json: bool) -> Result<()> {
    let machine = Machine::read();
    let pin = Pin::find();
    let count = plan.counted.filter(|_| count::works());
    let turns = plan.contenders.len() * (plan.rounds + 1 + usize::from(count.is_some()));
    // Silent unless a terminal watches.
    let bar = ProgressBar::new(turns as u64);
    let style = "{bar:30} {pos}/{len} {msg}, {eta} left";
    bar.set_style(ProgressStyle::with_template(style)?);

    let mut all = load(plan, pin, &bar)?;
    if let Some(requests) = count {
        for figures in &mut all {
            bar.set_message(format!("{}: instructions", figures.contender.name()));
            bar.tick();
            let counted = count::per_request(pin, figures.contender, requests)?;
            figures.instructions = Some(counted);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    if json {
        println!("{}", report::json(&machine, pin, plan, &all));
    } else {
        print!("{}", report::text(&machine, pin, plan, &all));
    }
    Ok(())
}

/// All servers live as long as it lasts; the idle ones take no time.
fn load(plan: &Plan, pin: Pin, bar: &ProgressBar) -> Result<Vec<Figures>> {
    let servers = plan
        .contenders
        .iter()
        .map(|contender| {
            let serve = format!("serve-wrk --contender={}", contender.name());
            pin.start(SERVER_CORE, &words(&serve))
        })
        .collect::<Result<Vec<_>>>()?;
    let turn = |contender: Contender, (server, port): &(Running, String), round: usize| {
        bar.set_message(format!("{}: round {round}", contender.name()));
        bar.tick();
        let seconds = if round == 0 { 1 } else { plan.seconds };
        let time = Duration::from_secs(seconds);
        let before = server.cpu();
        let answered = generator::load(pin, contender, port, plan.connections, time)?;
        let took = server
            .cpu()
            .zip(before)
            .map(|(after, before)| after - before);
        bar.inc(1);
        let cpu = took.map(|took| took.as_secs_f64() * 1e6 / answered.requests as f64);
        anyhow::Ok((answered.rate, cpu))
    };
    let contenders = || plan.contenders.iter().copied().zip(&servers);
    let mut all: Vec<_> = plan.contenders.iter().copied().map(Figures::of).collect();
    // Round 0 warms up.
    for round in 0..=plan.rounds {
        for step in 0..all.len() {
            let index = (round + step) % all.len();
            let Some((contender, server)) = contenders().nth(index) else {
                continue;
            };
            let (rate, cpu) = turn(contender, server, round)?;
            if round > 0 {
                all[index].rates.push(rate);
                all[index].cpu.extend(cpu);
            }
        }
    }
    drop::<Vec<(Running, String)>>(servers);
    Ok(all)
}
