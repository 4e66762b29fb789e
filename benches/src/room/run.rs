//! Runs everything in turns, so that what disturbs the machine disturbs both.

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};

use crate::load::Seen;
use crate::machine::Machine;
use crate::process::Pin;
use crate::report;
use crate::work::Place;

/// In multiples of the capacity.
pub(crate) const LEVELS: [f64; 4] = [0.5, 2.0, 5.0, 10.0];
/// What comes after the flood.
const AFTER: f64 = 0.5;

const SERVER_CORE: u8 = 0;
const GENERATOR_CORE: u8 = 1;

pub(crate) struct Plan {
    pub(crate) runs: usize,
    pub(crate) level_seconds: f64,
    capacity_seconds: f64,
    places: Vec<Place>,
}

impl Plan {
    pub(crate) fn of(quick: bool, runs: usize, place: Option<Place>) -> Self {
        let places = place.map_or_else(|| vec![Place::Inline, Place::Blocking], |one| vec![one]);
        Self {
            runs: if quick { 1 } else { runs.max(1) },
            level_seconds: if quick { 1.5 } else { 3.0 },
            capacity_seconds: if quick { 1.0 } else { 2.0 },
            places,
        }
    }
}

/// Both contenders in one run, and the capacity that was measured right before.
pub(crate) struct Round {
    pub(crate) capacity: f64,
    pub(crate) bare: Seen,
    pub(crate) room: Seen,
}

pub(crate) struct Rounds {
    pub(crate) place: Place,
    pub(crate) rounds: Vec<Round>,
}

pub(crate) fn main(plan: &Plan, json: bool) -> Result<()> {
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
    let serve = format!("serve --place {name} --steps {steps}");

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

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}
