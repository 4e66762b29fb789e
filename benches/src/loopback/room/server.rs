//! The server: axum on one thread, with or without the room.

use anyhow::Result;
use axum::Router;
use axum::routing::get;
use floodwall::ConcurrencyLimit;
use floodwall::concurrency::WaitingRoom;
use floodwall::http::header;

use super::place::Place;
use crate::socket::listen;
use crate::work::work;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long)]
    place: Place,
    #[arg(long)]
    steps: u64,
    #[arg(long)]
    room: bool,
}

const BLOCKING_THREADS: usize = 2;

pub(crate) fn main(args: &Args) -> Result<()> {
    crate::process::raise_file_limit();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .build()?;
    runtime.block_on(async {
        let listener = listen()?;
        axum::serve(listener, app(args)?).await?;
        Ok(())
    })
}

fn app(args: &Args) -> Result<Router> {
    let steps = args.steps;
    let bare = match args.place {
        Place::Inline => Router::new().route("/", get(move || async move { answer(steps) })),
        Place::Blocking => Router::new().route(
            "/",
            get(move || async move {
                tokio::task::spawn_blocking(move || answer(steps))
                    .await
                    .unwrap_or("lost")
            }),
        ),
    };
    if !args.room {
        return Ok(bare);
    }
    let limit = match args.place {
        Place::Inline => 8,
        Place::Blocking => BLOCKING_THREADS as u32,
    };
    let layer = ConcurrencyLimit::builder(limit)
        .waiting_room(WaitingRoom::on())
        .priority(header("x-priority").trusting_everyone())
        .layer()?;
    Ok(bare.layer(layer))
}

fn answer(steps: u64) -> &'static str {
    work(steps);
    "done"
}
