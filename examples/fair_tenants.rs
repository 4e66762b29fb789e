//! Turns of tenants: a print shop with one press. A publisher hands in thirty books, and right behind
//! them a student one page. In one line the student finds the shop full; in turns it waits for one book.
//!
//! ```text
//! cargo run -p floodwall-examples --example fair_tenants
//! ```

use std::convert::Infallible;
use std::hash::Hash;
use std::time::Duration;

use floodwall::admit::{AdmitLayer, Error};
use floodwall::concurrency::QueueConfigBuilder;
use floodwall::extract::{cost_fn, key_fn};
use floodwall::{Admission, BuildError, ConcurrencyLimit, QueueConfig};
use tokio::task::JoinSet;
use tower::{ServiceBuilder, ServiceExt, service_fn};

#[derive(Clone, Debug)]
pub struct Job {
    pub owner: &'static str,
    pub title: String,
    /// Who prints in colour is charged twice for the time at the press.
    pub colour: bool,
}

/// How long a job takes.
pub const WORK: Duration = Duration::from_millis(20);

async fn press(job: Job) -> Result<String, Infallible> {
    tokio::time::sleep(WORK).await;
    Ok(format!("{}: {}", job.owner, job.title))
}

/// Sixteen may wait for up to a second, in the order in which they came.
fn counter() -> QueueConfigBuilder {
    QueueConfig::builder()
        .capacity(16)
        .newest_first(false)
        .max_wait(Duration::from_secs(1))
}

/// One at a time, and everybody in one line.
pub fn in_one_line() -> Result<ConcurrencyLimit, BuildError> {
    ConcurrencyLimit::builder(1).queue(counter()).build()
}

/// One at a time, and the owners take turns, by the time that they have had at the press.
pub fn in_turns() -> Result<impl Admission<Job, Future: Send, Permit: Send> + Clone, BuildError> {
    ConcurrencyLimit::builder(1)
        .queue(counter())
        .fair_by(key_fn(|job: &Job, to| job.owner.hash(to)))
        .cost(cost_fn(|job: &Job| if job.colour { 2 } else { 1 }))
        .build()
}

/// A publisher with thirty books, then a student with a page and a painter with three posters.
pub fn jobs() -> Vec<Job> {
    let job = |owner, title: String, colour| Job {
        owner,
        title,
        colour,
    };
    let mut jobs: Vec<_> = (1..=30)
        .map(|n| job("publisher", format!("book {n}"), false))
        .collect();
    jobs.push(job("student", "page".to_owned(), false));
    jobs.extend((1..=3).map(|n| job("painter", format!("poster {n}"), true)));
    jobs
}

/// Hands in all jobs at once; tells what became of each, in the order in which it was known.
pub async fn hand_in<A>(jobs: Vec<Job>, limit: A) -> Vec<String>
where
    A: Admission<Job, Future: Send, Permit: Send> + Clone + Send + Sync + 'static,
{
    let shop = ServiceBuilder::new()
        .layer(AdmitLayer::new(limit))
        .service(service_fn(press));
    let mut running = JoinSet::new();
    for job in jobs {
        let shop = shop.clone();
        running.spawn(async move {
            let name = format!("{}: {}", job.owner, job.title);
            match shop.oneshot(job).await {
                Ok(done) => done,
                Err(Error::Rejected(refusal)) => format!("{name}, refused: {}", refusal.reason()),
                Err(Error::Inner(never)) => match never {},
            }
        });
    }
    let mut told = Vec::new();
    while let Some(line) = running.join_next().await {
        told.push(line.expect("no job panics"));
    }
    told
}

#[tokio::main]
async fn main() -> Result<(), BuildError> {
    println!("in one line:");
    for line in hand_in(jobs(), in_one_line()?).await {
        println!("  {line}");
    }
    println!("in turns:");
    for line in hand_in(jobs(), in_turns()?).await {
        println!("  {line}");
    }
    Ok(())
}
