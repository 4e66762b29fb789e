//! What it costs when all who wait have waited too long at the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use floodwall::{Admission, ConcurrencyLimit, Now};
use tokio::time::sleep_until;

use super::line::queue;
use super::work::{now_or_never, runtime};
use crate::case::{Case, Contender, Effort};
use crate::stopwatch::computed;

pub(crate) fn case() -> Case {
    let about = "100,000 who wait in tasks of their own time out in one tick of the runtime: what the thread computes";
    Case::new("queue_time_outs", about, "timers alone", |effort| {
        let many = effort.many(100_000);
        // All have come before the first must go.
        let wait = match effort {
            Effort::Whole => Duration::from_millis(1_500),
            Effort::Small => Duration::from_millis(50),
        };
        vec![
            Contender::once("timers alone", move || timers(many, wait)).bare(),
            Contender::once("floodwall", move || time_outs(many, wait)).figure(50.0),
        ]
    })
    .unit("ms")
}

fn timers(many: usize, wait: Duration) -> f64 {
    let until = Now::unread().instant() + wait;
    together(many, wait, move || async move {
        sleep_until(until).await;
        true
    })
}

fn time_outs(many: usize, wait: Duration) -> f64 {
    let limit = ConcurrencyLimit::builder(1).queue(queue(many).max_wait(wait));
    let limit = limit.build().expect("these settings are sound");
    let inside = now_or_never(limit.admit(&7_u64, &Now::unread()));
    let took = together(many, wait, move || {
        let limit = limit.clone();
        async move { limit.admit(&7_u64, &Now::unread()).await.is_err() }
    });
    drop(inside);
    took
}

/// What it takes to end so many tasks whose time is up, in milliseconds.
fn together<F>(many: usize, wait: Duration, task: impl Fn() -> F) -> f64
where
    F: Future<Output = bool> + Send + 'static,
{
    let runtime = runtime();
    let (begun, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    for _ in 0..many {
        let (begun, ended, task) = (Arc::clone(&begun), Arc::clone(&ended), task());
        runtime.spawn(async move {
            begun.fetch_add(1, Ordering::Relaxed);
            assert!(task.await, "there is no place");
            ended.fetch_add(1, Ordering::Relaxed);
        });
    }
    runtime.block_on(async {
        while begun.load(Ordering::Relaxed) < many {
            tokio::task::yield_now().await;
        }
        // The runtime does not turn while the thread sleeps, and then finds all of them at once.
        std::thread::sleep(wait + Duration::from_millis(50));
        let before = computed();
        while ended.load(Ordering::Relaxed) < many {
            tokio::task::yield_now().await;
        }
        (computed() - before).as_secs_f64() * 1e3
    })
}
