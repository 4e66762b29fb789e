//! Every place comes back, however a stream of HTTP/2 ends; the connection goes on.

use std::time::Duration;

use floodwall::extract::priority_fn;
use floodwall::http::{AdmitLayer, Head};
use floodwall::{ConcurrencyLimit, ConcurrencyLimitLayer, Priority, QueueConfig};
use floodwall_tests::{Crowd, Http2, Storm, all_free, endings, get, text, until};
use http_body_util::BodyExt;
use tower::Service;

fn patient(limit: u32) -> ConcurrencyLimitLayer {
    let for_ever = Duration::from_secs(3_600);
    let queue = QueueConfig::builder().capacity(64).max_wait(for_ever);
    ConcurrencyLimit::builder(limit)
        .queue(queue)
        .layer()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn streams_that_an_http2_client_resets_give_back() {
    let layer = patient(1);
    let handle = layer.handle();
    let crowd = Crowd::default();
    let mut connection = Http2::over_a_pipe(endings(&crowd).layer(layer.clone()), 65_536).await;

    let running = connection.client.send_request(get("/never"));
    until("one runs", || crowd.inside() == 1).await;
    let waiting = connection.client.send_request(get("/never"));
    until("one waits", || handle.snapshot().waiting == 1).await;
    drop(waiting);
    until("the one who waited has left", || {
        handle.snapshot().waiting == 0
    })
    .await;
    assert_eq!(crowd.entered(), 1, "and never ran");
    drop(running);
    until("the one who ran has left", || {
        handle.snapshot().in_flight == 0
    })
    .await;

    // While a body is sent: read by half, not read at all.
    for path in ["/endless", "/stalls"] {
        let answer = connection.client.send_request(get(path)).await.unwrap();
        assert_eq!(handle.snapshot().in_flight, 1);
        let mut body = answer.into_body();
        assert!(body.frame().await.unwrap().is_ok());
        drop(body);
        until("the body is gone", || handle.snapshot().in_flight == 0).await;
    }
    assert!(connection.is_served(), "a reset costs its own stream only");
    assert_eq!(crowd.inside(), 0);
    all_free(layer.policy(), &handle, 1);
}

#[tokio::test(start_paused = true)]
async fn a_rapid_reset_of_ten_thousand_streams_loses_no_place() {
    const LIMIT: u32 = 4;
    let layer = patient(LIMIT);
    let crowd = Crowd::default();
    let app = endings(&crowd).layer(layer.clone());
    let paths = [
        "/never",
        "/short",
        "/endless",
        "/stalls",
        "/fails",
        "/body-panics",
        "/panics",
    ];
    let mut random = fastrand::Rng::with_seed(5);
    let mut connection = Http2::over_a_pipe(app.clone(), 65_536).await;
    let mut open = Vec::new();
    for i in 0..10_000 {
        if !connection.is_served() || connection.client.is_closed() {
            // h2 has had enough of this client, as it should.
            open.clear();
            connection = Http2::over_a_pipe(app.clone(), 65_536).await;
        }
        open.push(
            connection
                .client
                .send_request(get(paths[random.usize(..paths.len())])),
        );
        if open.len() > 16 {
            drop(open.swap_remove(random.usize(..open.len())));
        }
        if i % 3 == 0 {
            tokio::task::yield_now().await;
        }
        assert!(crowd.inside() <= LIMIT as usize);
    }
    assert!(
        crowd.entered() > 1_000,
        "too few got in: {}",
        crowd.entered()
    );
    drop(open);
    connection.hang_up().await;
    until("all have left", || crowd.inside() == 0).await;
    let handle = layer.handle();
    until("all is counted", || {
        handle.snapshot().in_flight + handle.snapshot().waiting == 0
    })
    .await;
    all_free(layer.policy(), &handle, LIMIT as usize);
}

#[tokio::test]
async fn a_panic_costs_its_own_request_and_not_the_connection_of_an_http2_client() {
    let policy = ConcurrencyLimit::builder(2)
        .no_queue()
        .priority(priority_fn(|head: &Head| {
            if head.uri.query() == Some("bad") {
                std::panic::resume_unwind(Box::new(Storm));
            }
            Priority::NORMAL
        }))
        .build()
        .unwrap();
    let crowd = Crowd::default();
    let app = tower::Layer::layer(&AdmitLayer::around(policy.clone()), endings(&crowd));
    // Called by the connection itself, as users of plain hyper do.
    let service = hyper::service::service_fn(move |request| app.clone().call(request));
    let mut connection = Http2::serving(service, 65_536).await;
    for _ in 0..100 {
        for path in ["/panics", "/short?bad", "/body-panics"] {
            // Of a body that panics the head was out before.
            if let Ok(answer) = connection.client.send_request(get(path)).await {
                assert!(answer.into_body().collect().await.is_err(), "{path}");
            }
            let fine = connection.client.send_request(get("/short")).await;
            let fine = fine.unwrap_or_else(|error| panic!("after {path}: {error}"));
            assert_eq!(fine.status(), 200, "after {path}");
            assert_eq!(text(fine).await.len(), 3 * 1_024);
        }
    }
    let handle = policy.handle();
    until("all have left", || handle.snapshot().in_flight == 0).await;
    assert_eq!(crowd.inside(), 0);
    all_free(&policy, &handle, 2);
}
