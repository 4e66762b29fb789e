//! The generator: an open loop that climbs the levels, and what it saw.

mod client;
pub(crate) mod closed;
mod tally;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::LocalSet;

use self::client::{Client, Ending, PATIENCE};
use self::tally::{Level, Sample};
use crate::clock::now;

pub(crate) use self::tally::{LevelSeen, Seen};

/// A quarter of the arrivals is critical.
pub(crate) const CRITICAL: f64 = 0.25;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long)]
    port: u16,
    #[arg(long)]
    seed: u64,
    /// Requests per second of each level; the last one is what comes after the flood
    #[arg(long, value_delimiter = ',')]
    rates: Vec<f64>,
    #[arg(long)]
    seconds: f64,
}

/// One who is to come.
struct Arrival {
    after: Duration,
    critical: bool,
}

pub(crate) fn main(args: &Args) -> Result<()> {
    crate::process::raise_file_limit();
    let levels: Vec<_> = args
        .rates
        .iter()
        .enumerate()
        .map(|(i, &rate)| Level::new(i, rate, args.seconds))
        .collect();
    let arrivals = schedule(&levels, args.seed);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let client = Rc::new(Client::new(args.port));
    let samples = Rc::new(RefCell::new(Vec::with_capacity(arrivals.len())));
    LocalSet::new().block_on(&runtime, drive(&client, &arrivals, &samples));
    let seen = tally::tally(&levels, &samples.borrow(), client.opened());
    println!("{}", serde_json::to_string(&seen)?);
    Ok(())
}

/// Made before the first is sent, so that nothing which happens can change it.
fn schedule(levels: &[Level], seed: u64) -> Vec<Arrival> {
    let mut chance = fastrand::Rng::with_seed(seed);
    let mut arrivals = Vec::new();
    for level in levels {
        let mut at = level.start;
        loop {
            at += -(1.0 - chance.f64()).ln() / level.rate;
            if at >= level.end {
                break;
            }
            arrivals.push(Arrival {
                after: Duration::from_secs_f64(at),
                critical: chance.f64() < CRITICAL,
            });
        }
    }
    arrivals
}

/// Never sleeps: a timer of a millisecond would be most of what it measures.
async fn drive(client: &Rc<Client>, arrivals: &[Arrival], samples: &Rc<RefCell<Vec<Sample>>>) {
    let start = now() + Duration::from_millis(50);
    for arrival in arrivals {
        let due = start + arrival.after;
        while now() < due {
            tokio::task::yield_now().await;
        }
        let (client, samples) = (Rc::clone(client), Rc::clone(samples));
        let critical = arrival.critical;
        tokio::task::spawn_local(async move {
            let lag = now().duration_since(due);
            let ending = client.ask(critical, due).await;
            samples
                .borrow_mut()
                .push(sample(start, due, lag, critical, ending));
        });
    }
    while samples.borrow().len() < arrivals.len() {
        tokio::task::yield_now().await;
    }
}

fn sample(start: Instant, due: Instant, lag: Duration, critical: bool, ending: Ending) -> Sample {
    let seconds = |from: Instant, to: Instant| to.duration_since(from).as_secs_f64();
    let ended = now();
    // Also if the generator was late to notice.
    let in_time = ended.duration_since(due) <= PATIENCE;
    let ending = if in_time { ending } else { Ending::TimedOut };
    Sample {
        due: seconds(start, due),
        ended: seconds(start, ended),
        took: seconds(due, ended),
        lag: lag.as_secs_f64(),
        critical,
        ending,
    }
}
