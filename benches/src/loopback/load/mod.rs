//! The generator: an open loop that climbs the levels, and what it saw.

mod client;
pub(crate) mod closed;
mod schedule;
mod tally;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::LocalSet;

use self::client::{Client, Ending, PATIENCE};
use self::schedule::{Arrival, schedule};
use self::tally::{Level, Sample};
use crate::clock::now;

pub(crate) use self::tally::{LevelSeen, Seen};

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
    /// Milliseconds after which an answer is late and of no use: as long as a client waits if not said
    #[arg(long)]
    within: Option<u64>,
    /// What to ask the server for when a level begins, one path for each
    #[arg(long, value_delimiter = ',')]
    tell: Vec<String>,
}

pub(crate) fn main(args: &Args) -> Result<()> {
    crate::process::raise_file_limit();
    let levels: Vec<_> = args
        .rates
        .iter()
        .enumerate()
        .map(|(i, &rate)| Level::new(i, rate, args.seconds))
        .collect();
    let plan = Plan {
        arrivals: schedule(&levels, args.seed),
        within: args.within.map_or(PATIENCE, Duration::from_millis),
        tell: args.tell.clone(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let client = Rc::new(Client::new(args.port));
    let samples = Rc::new(RefCell::new(Vec::with_capacity(plan.arrivals.len())));
    LocalSet::new().block_on(&runtime, drive(&client, &plan, &samples));
    let seen = tally::tally(&levels, &samples.borrow(), client.opened());
    println!("{}", serde_json::to_string(&seen)?);
    Ok(())
}

struct Plan {
    arrivals: Vec<Arrival>,
    within: Duration,
    tell: Vec<String>,
}

/// Never sleeps: a timer of a millisecond would be most of what it measures.
async fn drive(client: &Rc<Client>, plan: &Plan, samples: &Rc<RefCell<Vec<Sample>>>) {
    let start = now() + Duration::from_millis(50);
    let mut tell = plan.tell.iter().enumerate().peekable();
    for arrival in &plan.arrivals {
        // Told by the first one of the level.
        while let Some((_, path)) = tell.next_if(|&(level, _)| level <= arrival.level) {
            let (client, path) = (Rc::clone(client), path.clone());
            tokio::task::spawn_local(async move { client.tell(&path).await });
        }
        let due = start + arrival.after;
        while now() < due {
            tokio::task::yield_now().await;
        }
        let (client, samples) = (Rc::clone(client), Rc::clone(samples));
        let (critical, within) = (arrival.critical, plan.within);
        tokio::task::spawn_local(async move {
            let lag = now().duration_since(due);
            let ending = client.ask(critical, due).await;
            let mut sample = sample(start, due, lag, critical, ending);
            if sample.ending == Ending::Success && sample.took > within.as_secs_f64() {
                sample.ending = Ending::Late;
            }
            samples.borrow_mut().push(sample);
        });
    }
    while samples.borrow().len() < plan.arrivals.len() {
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
