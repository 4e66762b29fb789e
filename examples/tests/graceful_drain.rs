//! How a server ends while somebody is inside and somebody waits.

mod support;

#[path = "../graceful_drain.rs"]
#[expect(dead_code, reason = "its `main` is for people")]
mod example;

use floodwall::concurrency::{ConcurrencyLimitHandle, ConcurrencySnapshot};
use http::Request;
use support::{Upload, bounded, get, send, send_body, start};

async fn until(wall: &ConcurrencyLimitHandle, is: impl Fn(&ConcurrencySnapshot) -> bool) {
    while !is(&wall.snapshot()) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_is_inside_and_who_waits_are_served_and_newcomers_are_told_no() {
    bounded(async {
        let (app, wall) = example::app().unwrap();
        let parts = (app, wall.clone());
        let server = start(|listener, stop| example::serve(parts, listener, stop)).await;
        let at = server.at;

        let mut inside = Upload::begin(at, "/count", 3).await;
        inside.inside().await;
        let waiting = Upload::begin(at, "/count", 3).await;
        until(&wall, |wall| wall.waiting == 1).await;
        assert_eq!(send(at, get("/ready")).await.status(), 200);

        let ending = server.begin_to_stop();
        until(&wall, |wall| wall.draining).await;
        let newcomer = send_body(at, Request::post("/count"), "new").await;
        assert_eq!(newcomer.status(), 503);
        assert_eq!(send(at, get("/ready")).await.status(), 503);
        assert!(!ending.is_finished(), "somebody is still inside");

        assert_eq!(inside.end().await, 200);
        assert_eq!(waiting.end().await, 200);
        ending.await.unwrap().unwrap();
        assert_eq!(wall.snapshot().in_flight, 0);
    })
    .await;
}

#[tokio::test]
async fn who_never_ends_does_not_keep_the_server_from_ending() {
    bounded(async {
        let (app, wall) = example::app().unwrap();
        let parts = (app, wall.clone());
        let server = start(|listener, stop| example::serve(parts, listener, stop)).await;

        let mut stuck = Upload::begin(server.at, "/count", 3).await;
        stuck.inside().await;
        let ending = server.begin_to_stop();
        until(&wall, |wall| wall.draining).await;

        // From here on time passes as soon as nothing else is to do.
        tokio::time::pause();
        ending.await.unwrap().unwrap();
        assert_eq!(wall.snapshot().in_flight, 1, "it is still there");
    })
    .await;
}
