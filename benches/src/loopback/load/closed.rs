//! What the server can do: callers who send the next request when they have their answer.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Result;
use tokio::task::LocalSet;

use super::client::{Client, Ending};
use crate::clock::now;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long)]
    port: u16,
    #[arg(long)]
    seconds: f64,
}

/// Enough that the server always has the next one at hand.
const CALLERS: usize = 16;
const WARM_UP: Duration = Duration::from_millis(300);

pub(crate) fn main(args: &Args) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let client = Rc::new(Client::new(args.port));
    let answered = Rc::new(Cell::new(0_u32));
    let from = now() + WARM_UP;
    let to = from + Duration::from_secs_f64(args.seconds);
    LocalSet::new().block_on(&runtime, async {
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                let (client, answered) = (Rc::clone(&client), Rc::clone(&answered));
                tokio::task::spawn_local(async move {
                    while now() < to {
                        let ending = client.ask(false, now()).await;
                        if ending == Ending::Success && (from..to).contains(&now()) {
                            answered.set(answered.get() + 1);
                        }
                    }
                })
            })
            .collect();
        for caller in callers {
            caller.await?;
        }
        anyhow::Ok(())
    })?;
    println!("{}", f64::from(answered.get()) / args.seconds);
    Ok(())
}
