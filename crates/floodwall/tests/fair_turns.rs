//! Tenants that take turns, over the real layer: the closed loops of Kubernetes' API priority and
//! fairness (`queueset_test.go`) in paused time.

use std::cell::Cell;
use std::convert::Infallible;
use std::hash::Hash;
use std::rc::Rc;
use std::time::Duration;

use floodwall::admit::AdmitLayer;
use floodwall::concurrency::QueueConfig;
use floodwall::extract::{cost_fn, key_fn};
use floodwall::{ConcurrencyLimit, Now};
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep, sleep_until};
use tower::{Layer, ServiceExt, service_fn};

const SECOND: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug)]
struct Job {
    tenant: usize,
    runs: Duration,
    cost: u32,
    weight: u32,
}

/// Users of one tenant, each of which asks again when it has its answer and has thought.
#[derive(Clone, Copy, Debug)]
struct Flow {
    users: u32,
    think: Duration,
    job: Job,
    /// How many of the users come when half of the time is over.
    late: u32,
}

fn flow(users: u32, think: Duration) -> Flow {
    Flow {
        users,
        think,
        job: Job {
            tenant: 0,
            runs: SECOND,
            cost: 1,
            weight: 1,
        },
        late: 0,
    }
}

fn now() -> Instant {
    Now::unread().instant()
}

/// How many seconds in a place each had, in the first half and in the second.
async fn seconds(limit: u32, lasts: u64, flows: &[Flow]) -> Vec<[f64; 2]> {
    let limit = ConcurrencyLimit::builder(limit)
        .queue(
            QueueConfig::builder()
                .capacity(1000)
                .max_wait(Duration::from_secs(3600))
                .newest_first(false),
        )
        .fair_by(key_fn(|job: &Job, to| job.tenant.hash(to)))
        .cost(cost_fn(|job: &Job| job.cost))
        .weight(cost_fn(|job: &Job| job.weight))
        .seed(1)
        .build()
        .unwrap();
    let begin = now();
    let half = begin + SECOND * lasts as u32 / 2;
    let end = begin + SECOND * lasts as u32;
    let had: Vec<_> = flows
        .iter()
        .map(|_| Rc::new([Cell::new(0.0), Cell::new(0.0)]))
        .collect();
    let service = AdmitLayer::new(limit).layer(service_fn(|job: Job| async move {
        let since = now();
        sleep(job.runs).await;
        Ok::<_, Infallible>(since)
    }));
    let tasks = LocalSet::new();
    for (tenant, flow) in flows.iter().copied().enumerate() {
        for user in 0..flow.users {
            let (service, had) = (service.clone(), Rc::clone(&had[tenant]));
            tasks.spawn_local(async move {
                if user < flow.late {
                    sleep_until(half).await;
                }
                loop {
                    let job = Job { tenant, ..flow.job };
                    let since = service.clone().oneshot(job).await.unwrap();
                    for (n, (from, to)) in [(begin, half), (half, end)].into_iter().enumerate() {
                        let until = now().clamp(from, to);
                        let span = until.saturating_duration_since(since.clamp(from, to));
                        had[n].set(had[n].get() + span.as_secs_f64());
                    }
                    sleep(flow.think).await;
                }
            });
        }
    }
    // What still runs when the time is over is not counted, and is one second of each place at most.
    tasks.run_until(sleep_until(end)).await;
    let sum = |had: &Rc<[Cell<f64>; 2]>| [had[0].get(), had[1].get()];
    had.iter().map(sum).collect()
}

#[track_caller]
fn within(margin: f64, fair: f64, had: f64) {
    assert!((had / fair - 1.0).abs() <= margin, "{had} of {fair}");
}

fn sum(had: [f64; 2]) -> f64 {
    had[0] + had[1]
}

#[tokio::test(start_paused = true)]
async fn baseline() {
    let had = seconds(1, 21, &[flow(1, Duration::ZERO)]).await;
    within(0.0, 20.0, sum(had[0]).floor());
}

#[tokio::test(start_paused = true)]
async fn different_flows_expect_equal() {
    let had = seconds(4, 400, &[flow(8, SECOND), flow(7, SECOND / 2)]).await;
    for had in had {
        within(0.01, 800.0, sum(had));
    }
}

#[tokio::test(start_paused = true)]
async fn an_elephant_gets_no_more_than_mice() {
    let flows = [
        flow(300, Duration::from_millis(10)),
        flow(4, Duration::from_millis(10)),
        flow(4, Duration::from_millis(10)),
    ];
    for had in seconds(4, 300, &flows).await {
        within(0.01, 400.0, sum(had));
    }
}

/// A cost is charged and takes no places: of six places, the cheap have four and the dear two.
#[tokio::test(start_paused = true)]
async fn different_widths() {
    let mut wide = flow(7, SECOND);
    wide.job.cost = 2;
    let had = seconds(6, 200, &[flow(13, SECOND), wide]).await;
    within(0.155, 800.0, sum(had[0]));
    within(0.155, 400.0, sum(had[1]));
    within(0.01, 2.0, sum(had[0]) / sum(had[1]));
}

#[tokio::test(start_paused = true)]
async fn too_wide_is_served_as_well() {
    let wide = |cost| {
        let mut flow = flow(15, SECOND);
        flow.job.cost = cost;
        flow
    };
    let flows = [wide(2), wide(2), wide(2), wide(2), wide(7)];
    let had = seconds(6, 225, &flows).await;
    let charged: Vec<f64> = had
        .iter()
        .zip(&flows)
        .map(|(had, flow)| sum(*had) * f64::from(flow.job.cost))
        .collect();
    let fair = charged.iter().sum::<f64>() / 5.0;
    for charged in charged {
        within(0.33, fair, charged);
    }
}

/// Who had in the first half what the other did not want does not pay for it in the second.
#[tokio::test(start_paused = true)]
async fn windup() {
    let mut late = flow(2, Duration::ZERO);
    late.late = 1;
    let had = seconds(3, 40, &[flow(2, Duration::ZERO), late]).await;
    within(0.01, 40.0, had[0][0]);
    within(0.01, 20.0, had[1][0]);
    // 30 seconds each, less what still runs.
    for had in had {
        within(0.1, 29.5, had[1]);
    }
}

#[tokio::test(start_paused = true)]
async fn who_weighs_three_times_as_much_gets_three_times_as_much() {
    let mut heavy = flow(30, Duration::ZERO);
    heavy.job.weight = 3;
    let had = seconds(8, 200, &[heavy, flow(30, Duration::ZERO)]).await;
    within(0.03, 3.0, sum(had[0]) / sum(had[1]));
}

/// By time in a place and not by number of requests.
#[tokio::test(start_paused = true)]
async fn ten_times_as_long_is_ten_times_as_few() {
    let mut short = flow(20, Duration::ZERO);
    short.job.runs = SECOND / 10;
    let had = seconds(4, 200, &[short, flow(20, Duration::ZERO)]).await;
    for had in had {
        within(0.03, 400.0, sum(had));
    }
}
