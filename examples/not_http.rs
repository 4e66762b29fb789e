//! A `Service` that is not HTTP: a workshop with two workers, whose jobs say how urgent they are
//! and for how long somebody waits for them. A refusal is an error, and the rest stays as it is.
//!
//! ```text
//! cargo run -p floodwall-examples --example not_http
//! ```

use std::convert::Infallible;
use std::time::Duration;

use floodwall::admit::{AdmitLayer, Error};
use floodwall::extract::{deadline_fn, priority_fn};
use floodwall::{BuildError, ConcurrencyLimit, Priority, QueueConfig};
use tokio::task::JoinSet;
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};

#[derive(Clone, Debug)]
pub struct Job {
    pub name: String,
    pub urgency: Priority,
    /// For how long whoever wants it waits; `None` if it will be wanted at any time.
    pub patience: Option<Duration>,
}

/// How long a job takes.
pub const WORK: Duration = Duration::from_millis(100);

async fn work(job: Job) -> Result<String, Infallible> {
    tokio::time::sleep(WORK).await;
    Ok(format!("{} is done", job.name))
}

/// At most two at once. Eight may wait for up to two seconds, the urgent ones in front; what is as
/// urgent is served in the order in which it came.
pub fn workshop() -> Result<
    impl Service<Job, Response = String, Error = Error<Infallible>, Future: Send> + Clone,
    BuildError,
> {
    let limit = ConcurrencyLimit::builder(2)
        .queue(
            QueueConfig::builder()
                .capacity(8)
                .newest_first(false)
                .max_wait(Duration::from_secs(2)),
        )
        .priority(priority_fn(|job: &Job| job.urgency))
        .deadline(deadline_fn(|job: &Job| job.patience))
        .build()?;
    Ok(ServiceBuilder::new()
        .layer(AdmitLayer::new(limit))
        .service(service_fn(work)))
}

/// A morning: more than two workers can do at once, in the order in which it came.
pub fn morning() -> Vec<Job> {
    let job = |name: &str, urgency, patience| {
        let (name, patience) = (name.to_owned(), patience);
        Job {
            name,
            urgency,
            patience,
        }
    };
    let soon = Some(WORK * 3 / 2);
    let mut jobs = vec![
        job("coffee", Priority::NORMAL, None),
        job("post", Priority::NORMAL, None),
        job("dusting", Priority::BACKGROUND, None),
        job("invoice", Priority::NORMAL, None),
        job("a taxi", Priority::LOW, soon), // will be gone before its turn
        job("first aid", Priority::CRITICAL, None),
    ];
    jobs.extend((1..=5).map(|n| job(&format!("letter {n}"), Priority::NORMAL, None)));
    jobs
}

/// Hands in all jobs at once; tells what became of each, in the order in which it was known.
pub async fn hand_in(jobs: Vec<Job>) -> Result<Vec<String>, BuildError> {
    let workshop = workshop()?;
    let mut running = JoinSet::new();
    for job in jobs {
        let workshop = workshop.clone();
        running.spawn(async move {
            let name = job.name.clone();
            match workshop.oneshot(job).await {
                Ok(done) => done,
                Err(Error::Rejected(refusal)) => {
                    format!(
                        "{name} was refused after {:?}: {}",
                        refusal.waited(),
                        refusal.reason()
                    )
                }
                Err(Error::Inner(never)) => match never {},
            }
        });
    }
    let mut told = Vec::new();
    while let Some(line) = running.join_next().await {
        told.push(line.expect("no job panics"));
    }
    Ok(told)
}

#[tokio::main]
async fn main() -> Result<(), BuildError> {
    for line in hand_in(morning()).await? {
        println!("{line}");
    }
    Ok(())
}
