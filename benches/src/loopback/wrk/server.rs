//! The server: axum on one thread, with one contender in front of its handler.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::ConnectInfo;
use axum::extract::connect_info::IntoMakeServiceWithConnectInfo;
use axum::routing::get;
use floodwall::admission::{All, And};
use floodwall::http::{AdmitLayer, Answers, ClientAddress, FieldStyle, client_address};
use floodwall::{ConcurrencyLimit, RateLimit, all};
use tokio::sync::Notify;
use tower::limit::GlobalConcurrencyLimitLayer;
use tower_governor::GovernorLayer;
use tower_governor::governor::GovernorConfigBuilder;

use super::contender::Contender;
use crate::socket::listen;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long)]
    contender: Contender,
}

/// More than there are connections, so that nobody waits.
const LIMIT: u32 = 256;
/// More than can be asked for.
const PLENTY: &str = "10000000/s burst 10000000";
/// The first request has it; all others are refused.
const NOTHING: &str = "1/d burst 1";

pub(crate) fn main(args: &Args) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = listen()?;
        let end = Arc::new(Notify::new());
        let ended = Arc::clone(&end);
        let app = app(args.contender)?
            // In front of no wall: whoever counts ends the server with it.
            .route("/end", get(move || async move { end.notify_one() }));
        axum::serve(listener, with_addresses(app))
            .with_graceful_shutdown(async move { ended.notified().await })
            .await?;
        Ok(())
    })
}

/// All contenders, the bare one too: the address is put on every request.
fn with_addresses(app: Router) -> IntoMakeServiceWithConnectInfo<Router, SocketAddr> {
    app.into_make_service_with_connect_info()
}

fn app(contender: Contender) -> Result<Router> {
    let hello = || get(|_: ConnectInfo<SocketAddr>| async { "hello, world" });
    let bare = Router::new().route("/", hello());
    Ok(match contender {
        Contender::Bare => bare,
        Contender::Floodwall => bare.layer(AdmitLayer::around(wall(PLENTY)?)),
        Contender::FloodwallNoFields => {
            let silent = Answers::default().fields(FieldStyle::Off);
            bare.layer(AdmitLayer::around(wall(PLENTY)?).answers(silent))
        }
        Contender::FloodwallRefusing => bare.layer(AdmitLayer::around(wall(NOTHING)?)),
        Contender::TowerLimit => bare.layer(GlobalConcurrencyLimitLayer::new(LIMIT as usize)),
        Contender::Governor => {
            let quota = GovernorConfigBuilder::default()
                .const_per_nanosecond(10)
                .const_burst_size(100_000_000)
                .finish();
            bare.layer(GovernorLayer::new(quota.context("it can be held")?))
        }
        Contender::GovernorRefusing => {
            let quota = GovernorConfigBuilder::default()
                .const_per_second(86_400)
                .const_burst_size(1)
                .finish();
            bare.layer(GovernorLayer::new(quota.context("it can be held")?))
        }
    })
}

fn wall(quota: &str) -> Result<All<And<RateLimit<ClientAddress>, ConcurrencyLimit>>> {
    let quota = RateLimit::builder(quota).key(client_address()).build()?;
    // Its queue comes with it.
    Ok(all((quota, ConcurrencyLimit::new(LIMIT))))
}
