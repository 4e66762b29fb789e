//! What the service can really do: the figure that everything else is measured by.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::ensure;
use tokio::{runtime::Builder, task::JoinSet};

use crate::interrupt::Stop;

use super::{
    client::{Client, Ending},
    clock::{now, since},
    schedule::MIX,
    server::WORKERS,
};

/// Enough callers that a worker never waits for the next request to travel.
const CALLERS: u32 = 4 * WORKERS;

/// Connections are opened and caches filled in this time; it is not counted.
const WARM_UP: Duration = Duration::from_millis(250);

/// Requests per second of a closed loop: each caller sends the next one when it has its answer.
pub(crate) fn capacity(server: SocketAddr, length: Duration, stop: &Stop) -> anyhow::Result<f64> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let start = now();
    let answers = runtime.block_on(async {
        let client = Arc::new(Client::new(server));
        let mut callers = JoinSet::new();
        for _ in 0..CALLERS {
            callers.spawn(call_again_and_again(
                Arc::clone(&client),
                start,
                length,
                stop.clone(),
            ));
        }
        callers.join_all().await.concat()
    });
    let rps = rate(answers);
    ensure!(
        rps >= f64::from(WORKERS) || stop.is_asked(),
        "the server answered almost nothing in a closed loop of {CALLERS} callers: is this machine busy with something else? \
         Try again when it is idle",
    );
    Ok(rps)
}

async fn call_again_and_again(
    client: Arc<Client>,
    start: Instant,
    length: Duration,
    stop: Stop,
) -> Vec<Instant> {
    let mut answers = Vec::new();
    while since(start) < WARM_UP + length && !stop.is_asked() {
        let ending = client.call(MIX[0].0, now() + Duration::from_secs(1)).await;
        if ending == Ending::Answered(200) && since(start) >= WARM_UP {
            answers.push(now());
        }
    }
    answers
}

/// Between the first and the last answer, so that neither edge of the window counts.
fn rate(mut answers: Vec<Instant>) -> f64 {
    answers.sort_unstable();
    match answers.as_slice() {
        [first, .., last] if last > first => {
            (answers.len() - 1) as f64 / (*last - *first).as_secs_f64()
        }
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_intervals_over_time_in_any_order() {
        let start = now();
        let at = |millis| start + Duration::from_millis(millis);
        assert_eq!(rate(vec![at(20), at(0), at(10), at(30)]), 100.0);
    }

    #[test]
    fn no_interval_is_no_rate() {
        assert_eq!(rate(Vec::new()), 0.0);
        assert_eq!(rate(vec![now()]), 0.0);
        let once = now();
        assert_eq!(rate(vec![once, once]), 0.0);
    }
}
