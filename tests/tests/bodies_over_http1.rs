//! Every place comes back, however an answer or a connection of HTTP/1 ends, with real clients.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use floodwall::http::HoldUntil;
use floodwall::{ConcurrencyLimit, ConcurrencyLimitLayer, QueueConfig};
use floodwall_tests::{Crowd, Frames, Http1, Then, all_free, endings, get, text, until};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::service_fn;
use tower_http::timeout::ResponseBodyTimeoutLayer;

const FOR_EVER: Duration = Duration::from_secs(3_600);

fn patient(limit: u32) -> ConcurrencyLimitLayer {
    let queue = QueueConfig::builder().capacity(64).max_wait(FOR_EVER);
    ConcurrencyLimit::builder(limit)
        .queue(queue)
        .layer()
        .unwrap()
}

fn strict(limit: u32) -> ConcurrencyLimitLayer {
    ConcurrencyLimit::builder(limit).no_queue().layer().unwrap()
}

#[tokio::test(start_paused = true)]
async fn clients_that_hang_up_while_queued_and_while_running_give_back() {
    let layer = patient(1);
    let handle = layer.handle();
    let crowd = Crowd::default();
    let app = endings(&crowd).layer(layer.clone());

    let mut runs = Http1::over_a_pipe(app.clone(), 4_096).await;
    let _running = runs.client.send_request(get("/never"));
    until("one runs", || crowd.inside() == 1).await;

    let mut waits = Http1::over_a_pipe(app.clone(), 4_096).await;
    let _waiting = waits.client.send_request(get("/never"));
    let mut next = Http1::over_a_pipe(app, 4_096).await;
    let next_answer = next.client.send_request(get("/short"));
    until("two wait", || handle.snapshot().waiting == 2).await;

    waits.hang_up().await;
    assert_eq!(handle.snapshot().waiting, 1, "who left waits no more");
    assert_eq!(crowd.entered(), 1, "and never ran");

    runs.hang_up().await;
    assert_eq!(text(next_answer.await.unwrap()).await.len(), 3 * 1_024);
    until("all have left", || handle.snapshot().in_flight == 0).await;
    assert_eq!((crowd.entered(), crowd.inside()), (2, 0));
    all_free(layer.policy(), &handle, 1);
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_hang_ups_on_a_thousand_connections_loses_no_place() {
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
    let mut random = fastrand::Rng::with_seed(11);
    let mut open = Vec::new();
    for _ in 0..1_000 {
        let mut connection = Http1::over_a_pipe(app.clone(), 2_048).await;
        let path = paths[random.usize(..paths.len())];
        let answer = connection.client.send_request(get(path));
        open.push((connection, answer));
        for _ in 0..random.u8(..8) {
            tokio::task::yield_now().await;
        }
        assert!(crowd.inside() <= LIMIT as usize);
        if open.len() > 12 {
            let (connection, answer) = open.swap_remove(random.usize(..open.len()));
            // Some are given up by the client's code, some by its machine.
            if random.bool() {
                drop(answer);
            }
            connection.hang_up().await;
        }
    }
    assert!(crowd.entered() > 500, "too few got in: {}", crowd.entered());
    for (connection, _answer) in open {
        connection.hang_up().await;
    }
    assert_eq!(crowd.inside(), 0);
    all_free(layer.policy(), &layer.handle(), LIMIT as usize);
}

#[tokio::test(start_paused = true)]
async fn a_stalled_body_is_cut_by_tower_http_and_gives_back() {
    let cut = ResponseBodyTimeoutLayer::new(Duration::from_secs(5));
    let layer = strict(1);
    let crowd = Crowd::default();
    for app in [
        endings(&crowd).layer(cut.clone()).layer(layer.clone()),
        endings(&crowd).layer(layer.clone()).layer(cut),
    ] {
        let mut connection = Http1::over_a_pipe(app.clone(), 4_096).await;
        let answer = connection
            .client
            .send_request(get("/stalls"))
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(
            (layer.handle().snapshot().in_flight, crowd.inside()),
            (1, 1)
        );

        let mut other = Http1::over_a_pipe(app, 4_096).await;
        let refused = other.client.send_request(get("/short")).await.unwrap();
        assert_eq!(
            refused.status(),
            503,
            "a stalled body still holds its place"
        );

        // Nobody moves, so the clock runs on to the timeout.
        assert!(
            answer.into_body().collect().await.is_err(),
            "it must be cut, not ended"
        );
        until("it has left", || layer.handle().snapshot().in_flight == 0).await;
        assert_eq!(crowd.inside(), 0);
        all_free(layer.policy(), &layer.handle(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stops_reading_loses_its_place_after_the_set_time_and_not_before() {
    let at_most = Some(Duration::from_secs(30));
    let layer = strict(1).hold_until(HoldUntil::End { at_most });
    let handle = layer.handle();
    let crowd = Crowd::default();
    let app = endings(&crowd).layer(layer.clone());

    let mut lazy = Http1::over_a_pipe(app.clone(), 4_096).await;
    let unread = lazy.client.send_request(get("/endless")).await.unwrap();
    let mut other = Http1::over_a_pipe(app, 4_096).await;
    let early = other.client.send_request(get("/short")).await.unwrap();
    assert_eq!(early.status(), 503);
    drop(text(early).await);

    tokio::time::advance(Duration::from_secs(31)).await;
    let late = other.client.send_request(get("/short")).await.unwrap();
    assert_eq!(late.status(), 200);
    assert_eq!(text(late).await.len(), 3 * 1_024);
    until("the other has left", || handle.snapshot().in_flight == 0).await;
    assert!(lazy.is_served(), "the place is gone, the body goes on");
    assert_eq!(crowd.inside(), 1);

    // What was taken back is not given back a second time.
    let stays = other.client.send_request(get("/never"));
    until("another is inside", || crowd.inside() == 2).await;
    drop(unread);
    lazy.hang_up().await;
    assert_eq!((crowd.inside(), handle.snapshot().in_flight), (1, 1));
    drop(stays);
    other.hang_up().await;
    assert_eq!(crowd.inside(), 0);
    all_free(layer.policy(), &handle, 1);
}

#[tokio::test]
async fn answers_without_a_body_give_back_at_the_head_and_the_connection_goes_on() {
    let layer = strict(1);
    let handle = layer.handle();
    let crowd = Crowd::default();
    let counted = crowd.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        // An endless body that HTTP does not send.
        let body = Frames::new(1, Then::GoOn, counted.enter());
        let mut answer = Response::new(body);
        if let Some(status) = request.headers().get("x-status") {
            *answer.status_mut() = StatusCode::from_bytes(status.as_bytes()).unwrap();
        }
        std::future::ready(Ok::<_, Infallible>(answer))
    });
    let service = tower::Layer::layer(&layer, service);
    let mut connection = Http1::over_a_pipe(service, 4_096).await;
    for (method, status) in [(Method::HEAD, 200), (Method::GET, 204), (Method::GET, 304)] {
        for _ in 0..20 {
            let mut request = get("/");
            *request.method_mut() = method.clone();
            request.headers_mut().insert("x-status", status.into());
            let answer = connection.client.send_request(request).await.unwrap();
            assert_eq!(answer.status(), status);
            assert_eq!(handle.snapshot().in_flight, 0, "{method} {status}");
            assert_eq!(text(answer).await, "");
        }
    }
    until("all bodies are gone", || crowd.inside() == 0).await;
    all_free(layer.policy(), &handle, 1);
}

#[tokio::test]
async fn an_upgrade_gives_back_at_the_head_and_the_socket_still_talks() {
    let layer = strict(1);
    let handle = layer.handle();
    let service = service_fn(|mut request: Request<Incoming>| async move {
        let upgrade = hyper::upgrade::on(&mut request);
        #[expect(clippy::disallowed_methods, reason = "this is the server of a test")]
        tokio::spawn(async move {
            let mut socket = TokioIo::new(upgrade.await.unwrap());
            let mut word = [0; 4];
            while socket.read_exact(&mut word).await.is_ok() {
                word.reverse();
                socket.write_all(&word).await.unwrap();
            }
        });
        let answer = Response::builder()
            .status(101)
            .header("connection", "upgrade")
            .header("upgrade", "mirror");
        Ok::<_, Infallible>(answer.body(Empty::<Bytes>::new()).unwrap())
    });
    let service = tower::Layer::layer(&layer, service);
    let mut sockets = Vec::new();
    for _ in 0..32 {
        let mut connection = Http1::over_a_pipe(service.clone(), 4_096).await;
        let mut request = get("/");
        request
            .headers_mut()
            .insert("connection", "upgrade".parse().unwrap());
        request
            .headers_mut()
            .insert("upgrade", "mirror".parse().unwrap());
        let answer = connection.client.send_request(request).await.unwrap();
        assert_eq!(answer.status(), 101, "no upgrade may pin the limit");
        assert_eq!(handle.snapshot().in_flight, 0);
        sockets.push(TokioIo::new(hyper::upgrade::on(answer).await.unwrap()));
    }
    for socket in &mut sockets {
        for (said, heard) in [(b"abcd", b"dcba"), (b"1234", b"4321")] {
            socket.write_all(said).await.unwrap();
            let mut word = [0; 4];
            socket.read_exact(&mut word).await.unwrap();
            assert_eq!(&word, heard);
        }
    }
    all_free(layer.policy(), &handle, 1);
}

#[tokio::test]
async fn bodies_that_end_fail_and_panic_over_http1_give_back_each_time() {
    let layer = strict(1);
    let crowd = Crowd::default();
    let app = endings(&crowd).layer(layer.clone());
    let handle = layer.handle();
    for i in 0..300 {
        let path = ["/short", "/fails", "/body-panics", "/panics"][i % 4];
        let mut connection = Http1::over_a_pipe(app.clone(), 4_096).await;
        let complete = match connection.client.send_request(get(path)).await {
            Ok(answer) => {
                assert_eq!(
                    answer.status(),
                    200,
                    "the place of the one before is free: {path}"
                );
                answer.into_body().collect().await.is_ok()
            }
            Err(_) => false,
        };
        assert_eq!(complete, path == "/short");
        until("it has left", || handle.snapshot().in_flight == 0).await;
    }
    assert_eq!((crowd.inside(), crowd.entered()), (0, 300));
    all_free(layer.policy(), &handle, 1);
}

#[tokio::test]
async fn a_body_of_known_length_gives_back_though_hyper_never_polls_its_end() {
    let layer = strict(1);
    let handle = layer.handle();
    let service = service_fn(|_: Request<Incoming>| async {
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"hello"))))
    });
    let service = tower::Layer::layer(&layer, service);
    let mut connection = Http1::over_a_pipe(service, 4_096).await;
    for _ in 0..50 {
        let answer = connection.client.send_request(get("/")).await.unwrap();
        assert_eq!(answer.headers()["content-length"], "5");
        assert_eq!(text(answer).await, "hello");
    }
    assert_eq!(handle.snapshot().counts.refused(), 0);
    until("all have left", || handle.snapshot().in_flight == 0).await;
    all_free(layer.policy(), &handle, 1);
}
