//! The time of the accepted connection counts for its first request, and only as far as nobody but
//! the server made it wait.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Extension};
use axum::routing::get as on_get;
use bytes::Bytes;
use floodwall::http::{AcceptInfo, AcceptedListener, StampFirst};
use floodwall::queue_latency::Accepted;
use floodwall::{Now, QueueLatency, QueueLatencyLayer};
use floodwall_tests::{Http2, get};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::advance;
use tower::{Service, ServiceBuilder, service_fn};

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

type Seen = Arc<Mutex<Vec<Option<Duration>>>>;

/// A connection with a service that notes the accept part of each request.
fn accepted(
    seen: &Seen,
    far: DuplexStream,
) -> (
    Accepted<DuplexStream>,
    impl Service<Request<Incoming>, Response = Response<Full<Bytes>>, Error = Infallible, Future: Send>
    + Clone
    + Send
    + use<>,
) {
    let seen = Arc::clone(seen);
    let handler = service_fn(move |request: Request<Incoming>| {
        let latency = request.extensions().get::<QueueLatency>().unwrap();
        seen.lock().unwrap().push(latency.accept());
        async { Ok::<_, Infallible>(Response::new(Full::default())) }
    });
    let io = Accepted::now(far);
    let service = ServiceBuilder::new()
        .layer(QueueLatencyLayer::new())
        .service(handler);
    let service = StampFirst::new(service, io.stamps());
    (io, service)
}

const HEAD: &[u8] = b"GET / HTTP/1.1\r\nhost: test\r\n\r\n";

async fn answer(near: &mut DuplexStream) {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        assert!(near.read_buf(&mut read).await.unwrap() > 0);
    }
}

/// Plays a client at `near` while the connection is served. The server sees it only `lag` after the
/// connection was accepted.
async fn over_http1(
    lag: Duration,
    client: impl AsyncFnOnce(&mut DuplexStream),
) -> Vec<Option<Duration>> {
    let seen = Seen::default();
    let (mut near, far) = tokio::io::duplex(4_096);
    let (io, service) = accepted(&seen, far);
    let server = async {
        advance(lag).await;
        hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(io), TowerToHyperService::new(service))
            .await
    };
    let client = async {
        client(&mut near).await;
        drop(near);
    };
    let (_, ended) = tokio::join!(client, server);
    ended.unwrap();
    let seen = seen.lock().unwrap();
    seen.clone()
}

#[tokio::test(start_paused = true)]
async fn the_first_request_of_a_connection_has_waited_since_it_was_accepted() {
    let seen = over_http1(ms(30), async |near| {
        for _ in 0..3 {
            near.write_all(HEAD).await.unwrap();
            answer(near).await;
            advance(ms(500)).await;
        }
    })
    .await;
    assert_eq!(seen, [Some(ms(30)), None, None]);
}

#[tokio::test(start_paused = true)]
async fn who_connects_and_sends_nothing_for_an_hour_has_not_waited() {
    let seen = over_http1(ms(30), async |near| {
        // Let the server look first, in vain.
        tokio::time::sleep(ms(3_600_000)).await;
        near.write_all(HEAD).await.unwrap();
        answer(near).await;
    })
    .await;
    assert_eq!(seen, [Some(ms(0))]);
}

#[tokio::test(start_paused = true)]
async fn who_sends_byte_by_byte_has_not_waited() {
    let seen = over_http1(ms(30), async |near| {
        for byte in HEAD {
            near.write_all(&[*byte]).await.unwrap();
            tokio::time::sleep(ms(1_000)).await;
        }
        answer(near).await;
    })
    .await;
    assert_eq!(seen, [Some(ms(0))]);
}

#[tokio::test(start_paused = true)]
async fn over_http2_too_only_the_first_stream_of_a_connection_counts() {
    // The client's greeting is there at once, its request an hour later.
    let seen = Seen::default();
    let (near, far) = tokio::io::duplex(65_536);
    let (io, service) = accepted(&seen, far);
    let mut connection = Http2::between(near, io, TowerToHyperService::new(service)).await;
    tokio::time::sleep(ms(3_600_000)).await;
    for _ in 0..3 {
        let answer = connection.client.send_request(get("/")).await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    assert_eq!(*seen.lock().unwrap(), [Some(ms(0)), None, None]);
}

#[tokio::test]
async fn axums_listener_brings_the_stamp_and_the_address() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let layer = QueueLatencyLayer::builder().trusted(["127.0.0.1"]);
    let layer = layer.build().unwrap();
    let handler = {
        let told = Arc::clone(&told);
        move |ConnectInfo(info): ConnectInfo<AcceptInfo>,
              Extension(latency): Extension<QueueLatency>| {
            told.lock().unwrap().push((info.peer(), latency));
            std::future::ready("hello")
        }
    };
    let app: Router = Router::new().route("/", on_get(handler)).layer(layer);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let make = app.into_make_service_with_connect_info::<AcceptInfo>();
    let server = axum::serve(AcceptedListener::new(listener), make).into_future();

    let before = Now::unread().instant();
    let client = async {
        let stream = tokio::net::TcpStream::connect(at).await.unwrap();
        let here = stream.local_addr().unwrap();
        let (mut client, connection) =
            hyper::client::conn::http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream))
                .await
                .unwrap();
        let requests = async {
            for _ in 0..2 {
                let mut request = get("/");
                // Believed if the listener told who is at the other end.
                let stamp = Now::unread().wall().unwrap() - ms(250);
                let stamp = stamp.duration_since(std::time::UNIX_EPOCH).unwrap();
                let stamp = stamp.as_nanos().to_string().parse().unwrap();
                request.headers_mut().insert("x-request-start", stamp);
                let answer = client.send_request(request).await.unwrap();
                assert_eq!(floodwall_tests::text(answer).await, "hello");
            }
            here
        };
        tokio::select! {
            here = requests => here,
            ended = connection => panic!("the connection ended: {ended:?}"),
        }
    };
    let here = tokio::select! {
        here = client => here,
        ended = server => panic!("the server ended: {ended:?}"),
    };
    let told = told.lock().unwrap();
    assert_eq!(told.len(), 2);
    let (first, second) = (&told[0], &told[1]);
    assert_eq!((first.0, second.0), (here, here));
    let accepted_at = first.1.arrival() + first.1.upstream().unwrap();
    assert!(accepted_at >= before, "not before there was a connection");
    assert!(first.1.accept().is_some());
    assert_eq!(second.1.accept(), None);
    assert!(second.1.upstream().unwrap() >= ms(250));
    assert!(second.1.total() >= ms(250));
}
