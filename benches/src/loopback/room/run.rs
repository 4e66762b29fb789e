//! Runs everything in turns, so that what disturbs the machine disturbs both.

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};

use super::place::Place;
use super::report;
use super::round::{LEVELS, Plan, Round, Rounds};
use crate::load::Seen;
use crate::machine::Machine;
use crate::process::{GENERATOR_CORE, Pin, SERVER_CORE, words};

/// What comes after the flood.
const AFTER: f64 = 0.5;

pub(super) fn main(plan: &Plan, json: bool) -> Result<()> {
    let machine = Machine::read();
    let pin = Pin::find();
    // Silent unless a terminal watches.
    let bar = ProgressBar::new((plan.places.len() * plan.runs * 3) as u64);
    let style = "{bar:30} {pos}/{len} {msg}, {eta} left";
    bar.set_style(ProgressStyle::with_template(style)?);
    let steps = pin.output(SERVER_CORE, &words("calibrate"))?;
    let mut all = Vec::new();
    for &place in &plan.places {
        let mut rounds = Vec::new();
        for seed in 0..plan.runs {
            rounds.push(round(plan, pin, place, steps.trim(), seed, &bar)?);
        }
        all.push(Rounds { place, rounds });
    }
    bar.finish_and_clear();
    if json {
        println!("{}", report::json(&machine, pin, plan, &all));
    } else {
        print!("{}", report::text(&machine, pin, plan, &all));
    }
    Ok(())
}

fn round(
    plan: &Plan,
    pin: Pin,
    place: Place,
    steps: &str,
    seed: usize,
    bar: &ProgressBar,
) -> Result<Round> {
    let name = place.name();
    let say = |what: &str| {
        bar.set_message(format!("{name} {}: {what}", seed + 1));
        bar.tick();
    };
    let serve = format!("serve-room --place {name} --steps {steps}");

    say("capacity");
    let (bare, port) = pin.start(SERVER_CORE, &words(&serve))?;
    let seconds = plan.capacity_seconds;
    let ask = format!("capacity --port {port} --seconds {seconds}");
    let capacity: f64 = pin
        .output(GENERATOR_CORE, &words(&ask))?
        .trim()
        .parse()
        .context("no capacity")?;
    bar.inc(1);

    let load = |port: &str| -> Result<Seen> {
        let rates: Vec<_> = LEVELS
            .iter()
            .chain([&AFTER])
            .map(|level| (level * capacity).to_string())
            .collect();
        let (rates, seconds) = (rates.join(","), plan.level_seconds);
        let words = words(&format!(
            "load --port {port} --seed {seed} --rates {rates} --seconds {seconds}"
        ));
        let seen = serde_json::from_str(&pin.output(GENERATOR_CORE, &words)?)?;
        bar.inc(1);
        Ok(seen)
    };
    say("bare");
    let bare = {
        let _server = bare;
        load(&port)?
    };
    say("room");
    let (_server, port) = pin.start(SERVER_CORE, &words(&format!("{serve} --room")))?;
    let room = load(&port)?;
    Ok(Round {
        capacity,
        bare,
        room,
    })
}
