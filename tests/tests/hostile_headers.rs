//! Nothing that a stranger writes into a header gets anything: no second quota, no better place.

use std::future::IntoFuture;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::routing::get as on_get;
use bytes::Bytes;
use fastrand::Rng;
use floodwall::http::{ClientAddress, client_address, header, rfc9218};
use floodwall::{ConcurrencyLimit, QueueConfig, RateLimit};
use floodwall_tests::{Crowd, all_free, get, text};
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use http_body_util::Full;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpSocket;
use tokio::sync::Semaphore;
use tower::ServiceExt;

const QUOTA: usize = 5;

/// One of the many ways to lie about an address.
fn lie(random: &mut Rng) -> HeaderMap {
    fn address(random: &mut Rng) -> String {
        let v4 = random
            .u32(..)
            .to_be_bytes()
            .map(|byte| byte.to_string())
            .join(".");
        match random.u8(..8) {
            0 => format!("::ffff:{v4}"),
            1 => format!("[2001:db8::{:x}]:{}", random.u16(..), random.u16(..)),
            2 => format!("{v4}:{}", random.u16(..)),
            3 => format!("\"{v4}\""),
            4 => "unknown".to_owned(),
            5 => format!("_{}", random.u32(..)),
            6 => std::iter::repeat_with(|| random.u8(b'!'..=b'~') as char)
                .take(12)
                .collect(),
            _ => v4,
        }
    }
    let mut headers = HeaderMap::new();
    for _ in 0..=random.u8(..3) {
        let mut list: Vec<_> = (0..=random.u8(..4)).map(|_| address(random)).collect();
        let name = match random.u8(..6) {
            0 => "x-real-ip",
            1 => "cf-connecting-ip",
            2 => "true-client-ip",
            3 => {
                list = list
                    .iter()
                    .map(|hop| format!("for={hop};proto=https"))
                    .collect();
                "forwarded"
            }
            _ => "x-forwarded-for",
        };
        let value = HeaderValue::from_str(&list.join(", ")).unwrap();
        headers.append(HeaderName::from_static(name), value);
    }
    headers
}

fn app(by: ClientAddress, crowd: &Crowd) -> Router {
    let crowd = crowd.clone();
    let layer = RateLimit::builder(format!("{QUOTA}/h"))
        .key(by)
        .layer()
        .unwrap();
    let handler = on_get(move || {
        drop(crowd.enter());
        async { "ran" }
    });
    Router::new().route("/", handler).layer(layer)
}

/// A client that calls from this address of the loopback interface.
async fn client(from: [u8; 4], to: SocketAddr) -> SendRequest<Full<Bytes>> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((from, 0))).unwrap();
    let stream = socket.connect(to).await.unwrap();
    let (client, connection) = handshake(TokioIo::new(stream)).await.unwrap();
    #[expect(clippy::disallowed_methods, reason = "this is the client of a test")]
    tokio::spawn(async {
        let _ = connection.await;
    });
    client
}

async fn serve(app: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    #[expect(clippy::disallowed_methods, reason = "this is the server of a test")]
    tokio::spawn(axum::serve(listener, app).into_future());
    address
}

/// How many of these are let in.
async fn admitted(client: &mut SendRequest<Full<Bytes>>, headers: Vec<HeaderMap>) -> usize {
    let mut admitted = 0;
    for headers in headers {
        let mut request = get("/");
        request.headers_mut().extend(headers);
        client.ready().await.unwrap();
        let answer = client.send_request(request).await.unwrap();
        match answer.status().as_u16() {
            200 => admitted += 1,
            status => assert_eq!(status, 429),
        }
        text(answer).await;
    }
    admitted
}

#[tokio::test]
async fn made_up_addresses_over_sockets_are_one_client_and_another_peer_is_another() {
    let crowd = Crowd::default();
    let address = serve(app(client_address(), &crowd)).await;
    let mut random = Rng::with_seed(1);
    let lies = |random: &mut Rng, many| (0..many).map(|_| lie(random)).collect::<Vec<_>>();

    // One stranger, on twenty connections, of which each has a port of its own.
    let mut all = 0;
    for _ in 0..20 {
        let mut stranger = client([127, 0, 0, 2], address).await;
        all += admitted(&mut stranger, lies(&mut random, 50)).await;
    }
    assert_eq!(all, QUOTA);

    // Who is somewhere else is not hurt, even if the stranger has claimed to be there.
    let claims = |of: &str| {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", of.parse().unwrap());
        headers
    };
    let mut stranger = client([127, 0, 0, 2], address).await;
    assert_eq!(
        admitted(&mut stranger, vec![claims("127.0.0.3"); 50]).await,
        0
    );
    let mut honest = client([127, 0, 0, 3], address).await;
    assert_eq!(
        admitted(&mut honest, vec![HeaderMap::new(); 20]).await,
        QUOTA
    );
    assert_eq!(crowd.entered(), 2 * QUOTA);
}

#[tokio::test]
async fn behind_a_listed_proxy_the_hop_that_it_appended_is_the_client() {
    let crowd = Crowd::default();
    let address = serve(app(client_address().behind(["127.0.0.9"]).unwrap(), &crowd)).await;
    let mut random = Rng::with_seed(2);
    let mut forwarded = |client: &str| {
        // What the client made up, and what the proxy appended to the last line.
        let mut lies = lie(&mut random);
        lies.append("x-forwarded-for", HeaderValue::from_str(client).unwrap());
        lies
    };
    let mut proxy = client([127, 0, 0, 9], address).await;
    for of in ["203.0.113.7", "203.0.113.8", "2001:db8:1:2::3"] {
        let headers = (0..200).map(|_| forwarded(of)).collect();
        assert_eq!(admitted(&mut proxy, headers).await, QUOTA, "{of}");
    }
    // The same network of IPv6, and the same address written otherwise, are the same client.
    for of in [
        "2001:db8:1:2:ffff::1",
        "::ffff:203.0.113.7",
        "203.0.113.7:4711",
    ] {
        let headers = (0..20).map(|_| forwarded(of)).collect();
        assert_eq!(admitted(&mut proxy, headers).await, 0, "{of}");
    }
    // Whoever goes around the proxy is himself.
    let mut direct = client([127, 0, 0, 2], address).await;
    let headers = (0..200)
        .map(|i| forwarded(&format!("198.51.100.{i}")))
        .collect();
    assert_eq!(admitted(&mut direct, headers).await, QUOTA);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_made_up_addresses_get_burst_plus_rate_times_time() {
    let crowd = Crowd::default();
    let counted = crowd.clone();
    let layer = RateLimit::builder("10/s burst 5")
        .key(client_address())
        .layer()
        .unwrap();
    let handler = on_get(move || {
        drop(counted.enter());
        async { "ran" }
    });
    let app = Router::new().route("/", handler).layer(layer);
    let mut random = Rng::with_seed(3);
    for i in 0_u32..100_000 {
        let mut request = Request::new(Body::empty());
        *request.headers_mut() = lie(&mut random);
        // The port changes, the peer does not; IPv4 mapped into IPv6 is the same one.
        let ip: IpAddr = if i % 2 == 0 {
            "192.0.2.1"
        } else {
            "::ffff:192.0.2.1"
        }
        .parse()
        .unwrap();
        let peer = SocketAddr::from((ip, random.u16(..)));
        request.extensions_mut().insert(ConnectInfo(peer));
        drop(app.clone().oneshot(request).await.unwrap());
        if i % 100 == 99 {
            tokio::time::advance(Duration::from_millis(10)).await;
        }
    }
    // 10 s have passed, the last 10 ms of them after the last request.
    assert_eq!(crowd.entered(), 5 + 10 * 10 - 1);
}

/// Every spelling of "I am the most important one", and some that are none.
const FORGED: [(&str, &str); 20] = [
    ("x-priority", "0"),
    ("X-Priority", "critical"),
    ("x-priority", "CRITICAL"),
    ("x-priority", " 0 "),
    ("x-priority", "0, 0, 0"),
    ("x-priority", "high,critical"),
    ("x-priority", "00"),
    ("x-priority", "-1"),
    ("x-priority", "+0"),
    ("x-priority", "\"0\""),
    ("x-priority", "u=0"),
    ("x-priority", "0;i"),
    ("x-priority", "0.0"),
    ("x-priority", "٠"),
    ("x_priority", "0"),
    ("priority", "u=0"),
    ("priority", "u=0, i"),
    ("priority", "i, u=0;x=7"),
    ("Priority", "u = 0"),
    ("x-forwarded-priority", "0"),
];

fn request(from: [u8; 4], headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    for (name, value) in headers {
        let name: HeaderName = name.parse().unwrap();
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        request.headers_mut().append(name, value);
    }
    let peer = SocketAddr::from((from, 4_711));
    request.extensions_mut().insert(ConnectInfo(peer));
    request
}

const STRANGER: [u8; 4] = [198, 51, 100, 1];
const GATEWAY: [u8; 4] = [10, 0, 0, 7];

#[tokio::test(start_paused = true)]
async fn forged_priorities_wait_behind_the_one_who_is_trusted() {
    for by in [
        header("x-priority").trusted(["10.0.0.0/8"]).unwrap(),
        rfc9218().trusted(["10.0.0.0/8"]).unwrap(),
    ] {
        let limit = ConcurrencyLimit::builder(2)
            .queue(
                QueueConfig::builder()
                    .capacity(32)
                    .max_wait(Duration::from_millis(200)),
            )
            .priority(by)
            .build()
            .unwrap();
        let handle = limit.handle();
        let crowd = Crowd::default();
        let counted = crowd.clone();
        let app = Router::new()
            .route(
                "/",
                on_get(move || {
                    let inside = counted.enter();
                    async move {
                        tokio::time::sleep(Duration::from_millis(10)).await;
                        drop(inside);
                    }
                }),
            )
            .layer(floodwall::http::AdmitLayer::around(limit.clone()));

        // 200 per second are possible; 2,000 forged ones come, and 20 honest ones.
        let mut strangers = tokio::task::JoinSet::new();
        let mut probes = tokio::task::JoinSet::new();
        let status = |request: Request<Body>| {
            let answer = app.clone().oneshot(request);
            async { answer.await.unwrap().status().as_u16() }
        };
        let mut forged = FORGED.iter().cycle();
        for tick in 0..5_000 {
            let pair = [*forged.next().unwrap(), *forged.next().unwrap()];
            strangers.spawn(status(request(STRANGER, &pair[..1])));
            strangers.spawn(status(request(STRANGER, &pair)));
            if tick % 50 == 49 {
                let says = [("x-priority", "0"), ("priority", "u=0")];
                probes.spawn(status(request(GATEWAY, &says)));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
            let urgent: u32 = handle.snapshot().waiting_by_class[..3].iter().sum();
            assert!(urgent <= 1, "only a probe may wait there: {urgent}");
        }
        let probes = probes.join_all().await;
        assert_eq!(probes, vec![200; 100], "each one is served");
        let strangers = strangers.join_all().await;
        let served = strangers.iter().filter(|status| **status == 200).count();
        assert!(
            (700..=1_100).contains(&served),
            "the rest of the capacity: {served}"
        );
        assert!(crowd.peak() <= 2);
        all_free(&limit, &handle, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn no_spelling_gets_a_stranger_into_a_better_class_and_anybody_may_lower() {
    let limit = ConcurrencyLimit::builder(1)
        .queue(
            QueueConfig::builder()
                .capacity(64)
                .max_wait(Duration::from_secs(60)),
        )
        .priority(header("x-priority").trusted(["10.0.0.0/8"]).unwrap())
        .build()
        .unwrap();
    let handle = limit.handle();
    let go = Arc::new(Semaphore::new(0));
    let wait = Arc::clone(&go);
    let handler = on_get(move || {
        let wait = Arc::clone(&wait);
        async move { drop(wait.acquire().await.unwrap()) }
    });
    let app = Router::new()
        .route("/", handler)
        .layer(floodwall::http::AdmitLayer::around(limit.clone()));
    let call = |request| Box::pin(app.clone().oneshot(request));
    let mut running = call(request(STRANGER, &[]));
    assert!(floodwall_tests::poll_once(running.as_mut()).is_pending());

    let class_of = |request| {
        let mut waits = call(request);
        assert!(floodwall_tests::poll_once(waits.as_mut()).is_pending());
        let classes = handle.snapshot().waiting_by_class;
        classes.iter().position(|waiting| *waiting == 1).unwrap()
    };
    for forged in FORGED {
        assert_eq!(class_of(request(STRANGER, &[forged])), 3, "{forged:?}");
        // As a second line, and together with what the gateway would send.
        let twice = [forged, ("x-priority", "0")];
        assert_eq!(class_of(request(STRANGER, &twice)), 3, "{forged:?}");
    }
    assert_eq!(class_of(request(STRANGER, &[("x-priority", "7")])), 7);
    assert_eq!(class_of(request(STRANGER, &[("x-priority", "low")])), 5);
    let mixed = [("x-priority", "0"), ("x-priority", "7")];
    assert_eq!(
        class_of(request(STRANGER, &mixed)),
        7,
        "the least urgent counts"
    );
    assert_eq!(class_of(request(GATEWAY, &[("x-priority", "0")])), 0);
    assert_eq!(class_of(request(GATEWAY, &mixed)), 7);
    go.add_permits(1);
    assert_eq!(running.await.unwrap().status(), 200);
    all_free(&limit, &handle, 1);
}
