//! The open loop: requests leave when the schedule says so, whether or not earlier ones were answered.

use std::{
    net::SocketAddr,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use tokio::{runtime::Builder, sync::mpsc, task::JoinSet};

use crate::interrupt::Stop;

use super::{
    client::{Client, Ending},
    clock::{now, since},
    report::RunReport,
    schedule::{Arrival, Plan},
    tally::Tally,
};

/// Callers hang up this long after they meant to send.
pub(crate) const DEADLINE: Duration = Duration::from_secs(1);

/// Time for the threads to start before the first request is due.
const HEAD_START: Duration = Duration::from_millis(50);

/// So that Ctrl-C is noticed while nothing is due.
const LONGEST_NAP: Duration = Duration::from_millis(20);

/// Requests that are due and not yet picked up; more only if this machine cannot keep up.
const DUE: usize = 4096;

/// What became of one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) arrival: Arrival,
    pub(crate) ending: Ending,
    /// From the intended start, so that waiting to be sent counts too.
    pub(crate) latency: Duration,
    /// How late the generator itself was.
    pub(crate) lag: Duration,
}

/// Plays `plan` against `server`; `progress` is told how far it is.
pub(crate) fn run(
    name: &'static str,
    plan: &Plan,
    server: SocketAddr,
    stop: &Stop,
    progress: impl Fn(&Arrival),
) -> anyhow::Result<RunReport> {
    let arrivals = plan.arrivals();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let start = now() + HEAD_START;
    let (due, mut queue) = mpsc::channel(DUE);
    let pacer = {
        let stop = stop.clone();
        thread::Builder::new()
            .name("pacer".into())
            .spawn(move || pace(&arrivals, start, &due, &stop))?
    };
    let mut tally = Tally::new(name, plan);
    runtime.block_on(async {
        let client = Arc::new(Client::new(server));
        let mut flights = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                Some(arrival) = queue.recv() => {
                    tally.offer(&arrival);
                    progress(&arrival);
                    flights.spawn(fly(Arc::clone(&client), arrival, start));
                }
                Some(landed) = flights.join_next() => {
                    // A flight does not panic and nobody aborts it before the loop ends.
                    if let Ok(sample) = landed {
                        tally.record(&sample);
                    }
                }
                else => break,
            }
            if stop.is_asked() {
                break;
            }
        }
    });
    let lasted = since(start).min(plan.length());
    drop((queue, runtime));
    // It ends by itself: the queue is closed.
    let _ = pacer.join();
    Ok(tally.finish(lasted))
}

async fn fly(client: Arc<Client>, arrival: Arrival, start: Instant) -> Sample {
    let intended = start + arrival.at;
    let lag = since(intended);
    let ending = client.call(arrival.priority, intended + DEADLINE).await;
    let latency = since(intended);
    // Timers ring late: an answer after the deadline is late, even if it was let through.
    let ending = if latency > DEADLINE {
        Ending::TimedOut
    } else {
        ending
    };
    Sample {
        arrival,
        ending,
        latency,
        lag,
    }
}

/// Hands out arrivals as they fall due.
///
/// On a thread, because tokio's timer is a millisecond late or more, and a refusal takes a tenth of that.
fn pace(arrivals: &[Arrival], start: Instant, due: &mpsc::Sender<Arrival>, stop: &Stop) {
    for arrival in arrivals {
        let intended = start + arrival.at;
        loop {
            let left = intended.saturating_duration_since(now());
            if left.is_zero() {
                break;
            }
            if stop.is_asked() {
                return;
            }
            thread::sleep(left.min(LONGEST_NAP));
        }
        if due.blocking_send(*arrival).is_err() {
            return;
        }
    }
}
