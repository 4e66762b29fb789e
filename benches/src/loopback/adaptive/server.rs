//! The server: axum on one thread, and a limit that is told nothing of what is behind it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use axum::extract::Path;
use axum::routing::get;
use axum::{Json, Router};
use floodwall::http::{ConcurrencyLimitLayer, header};
use floodwall::{ConcurrencyLimit, adaptive};
use tokio::sync::Semaphore;

use super::course::Watch;
use super::workload::{USUAL_MS, Workload};
use crate::socket::listen;
use crate::work::work;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long)]
    workload: Workload,
    #[arg(long)]
    steps: u64,
    /// A fixed limit
    #[arg(long)]
    limit: Option<u32>,
    /// The adaptive one; without either there is no limit
    #[arg(long)]
    adaptive: bool,
}

const WORKERS: usize = 8;
const BLOCKING_THREADS: usize = 2;

pub(crate) fn main(args: &Args) -> Result<()> {
    crate::process::raise_file_limit();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .build()?;
    runtime.block_on(async {
        let pace_ms = Arc::new(AtomicU64::new(USUAL_MS));
        let bare = bare(args, &pace_ms);
        let builder = match (args.adaptive, args.limit) {
            (true, _) => Some(adaptive()),
            (false, Some(limit)) => Some(ConcurrencyLimit::builder(limit)),
            (false, None) => None,
        };
        let Some(builder) = builder else {
            axum::serve(listen()?, bare).await?;
            return Ok(());
        };
        let policy = builder
            .priority(header("x-priority").trusting_everyone())
            .build()?;
        let watch = Arc::new(Watch::new(policy.handle()));
        let app = bare
            .layer(ConcurrencyLimitLayer::around(policy))
            // Beside the limit: this has to come through.
            .merge(control(&watch, &pace_ms));
        tokio::select! {
            ended = axum::serve(listen()?, app) => Ok(ended?),
            () = watch.watch() => Ok(()),
        }
    })
}

fn bare(args: &Args, pace_ms: &Arc<AtomicU64>) -> Router {
    let (steps, pace_ms) = (args.steps, Arc::clone(pace_ms));
    let pool = Arc::new(Semaphore::new(WORKERS));
    let handler = match args.workload {
        Workload::Cpu => get(move || async move {
            let work = move || {
                work(steps);
                "done"
            };
            tokio::task::spawn_blocking(work).await.unwrap_or("lost")
        }),
        Workload::Pool | Workload::Slow => get(move || {
            let (pool, pace_ms) = (Arc::clone(&pool), Arc::clone(&pace_ms));
            async move {
                let _worker = pool.acquire().await;
                let pace = pace_ms.load(Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(pace)).await;
                "done"
            }
        }),
    };
    Router::new().route("/", handler)
}

/// What the generator says when a level begins, and what is asked in the end.
fn control(watch: &Arc<Watch>, pace_ms: &Arc<AtomicU64>) -> Router {
    let (begins, course) = (Arc::clone(watch), Arc::clone(watch));
    let pace_ms = Arc::clone(pace_ms);
    Router::new()
        .route(
            "/level/{pace_ms}",
            get(move |Path(pace): Path<u64>| async move {
                pace_ms.store(pace, Ordering::Relaxed);
                begins.level_begins();
            }),
        )
        .route("/course", get(move || async move { Json(course.course()) }))
}
