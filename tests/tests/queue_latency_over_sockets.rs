//! Over real sockets, what is reported lies between what was measured further in and further out,
//! all by one clock.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use floodwall::{
    Admission, ConcurrencyLimit, ConcurrencyLimitLayer, Now, QueueConfig, QueueLatency,
    QueueLatencyLayer,
};
use floodwall_tests::{Http1, Http2, get, until};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::time::Instant;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Endpoint, Server};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tower::{ServiceBuilder, service_fn};

fn now() -> Instant {
    Now::unread().instant()
}

/// What the layers around the measuring one noted of the last request.
#[derive(Clone, Debug, Default)]
struct Notes(Arc<Mutex<Noted>>);

#[derive(Clone, Debug, Default)]
struct Noted {
    outside: Option<Instant>,
    inside: Option<Instant>,
    handler: Option<(Instant, QueueLatency)>,
    told: Vec<Duration>,
}

impl Notes {
    fn note(&self, note: impl FnOnce(&mut Noted)) {
        note(&mut self.0.lock().unwrap());
    }

    fn outside<B>(&self) -> impl Fn(Request<B>) -> Request<B> + Clone + use<B> {
        let notes = self.clone();
        move |request| {
            notes.note(|noted| noted.outside = Some(now()));
            request
        }
    }

    fn inside<B>(&self) -> impl Fn(Request<B>) -> Request<B> + Clone + use<B> {
        let notes = self.clone();
        move |request| {
            notes.note(|noted| noted.inside = Some(now()));
            request
        }
    }

    fn handler<B>(&self) -> impl Fn(Request<B>) -> Request<B> + Clone + use<B> {
        let notes = self.clone();
        move |request| {
            let latency = request.extensions().get::<QueueLatency>().unwrap().clone();
            notes.note(|noted| noted.handler = Some((now(), latency)));
            request
        }
    }

    fn layer(&self) -> QueueLatencyLayer {
        let notes = self.clone();
        QueueLatencyLayer::builder()
            .tell(move |_, latency| notes.note(|noted| noted.told.push(latency.total())))
            .build()
            .unwrap()
    }

    /// The request is known to have waited until `released`.
    fn check(&self, released: Instant) {
        let noted = std::mem::take(&mut *self.0.lock().unwrap());
        let (handler, latency) = noted.handler.expect("the handler ran");
        let inner = released - noted.inside.unwrap();
        let outer = handler - noted.outside.unwrap();
        let reported = latency.total();
        assert!(
            inner <= reported && reported <= outer,
            "{inner:?} <= {reported:?} <= {outer:?}"
        );
        assert!(inner > Duration::ZERO, "it did wait");
        let parts = latency.queue() + latency.readiness() + latency.other();
        assert_eq!(parts, reported);
        assert!(latency.arrival() + reported <= handler);
        assert_eq!(noted.told, [reported]);
    }
}

fn limit() -> ConcurrencyLimitLayer {
    let patient = QueueConfig::builder().max_wait(Duration::from_secs(3_600));
    ConcurrencyLimit::builder(1).queue(patient).layer().unwrap()
}

/// Sends a request with `ask` while the only place is taken, and gives that back once it waits.
async fn while_full<T>(
    limit: &ConcurrencyLimitLayer,
    ask: impl Future<Output = T>,
) -> (Instant, T) {
    let (head, ()) = Request::new(()).into_parts();
    let permit = limit.policy().admit(&head, &Now::unread()).await.unwrap();
    let release = async {
        let handle = limit.handle();
        until("one waits", || handle.snapshot().waiting == 1).await;
        let released = now();
        drop(permit);
        released
    };
    tokio::join!(release, ask)
}

macro_rules! service {
    ($notes:ident, $limit:ident) => {
        ServiceBuilder::new()
            .map_request($notes.outside())
            .layer($notes.layer())
            .map_request($notes.inside())
            .layer($limit.clone())
            .map_request($notes.handler())
    };
}

async fn hello(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::from("hello")))
}

#[tokio::test]
async fn over_http1() {
    let (notes, limit) = (Notes::default(), limit());
    let service = service!(notes, limit).service(service_fn(hello));
    let mut connection = Http1::over_a_socket(service).await;
    for _ in 0..20 {
        let ask = connection.client.send_request(get("/"));
        let (released, answer) = while_full(&limit, ask).await;
        assert_eq!(floodwall_tests::text(answer.unwrap()).await, "hello");
        notes.check(released);
    }
}

#[tokio::test]
async fn over_http2() {
    let (notes, limit) = (Notes::default(), limit());
    let service = service!(notes, limit).service(service_fn(hello));
    let mut connection = Http2::over_a_socket(service).await;
    for _ in 0..20 {
        let ask = connection.client.send_request(get("/"));
        let (released, answer) = while_full(&limit, ask).await;
        assert_eq!(floodwall_tests::text(answer.unwrap()).await, "hello");
        notes.check(released);
    }
}

#[tokio::test]
async fn over_tonic() {
    let (notes, limit) = (Notes::default(), limit());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let (_reporter, health) = tonic_health::server::health_reporter();
    let server = Server::builder()
        .layer(service!(notes, limit).into_inner())
        .add_service(health)
        .serve_with_incoming(TcpIncoming::from(listener));
    let calls = async {
        let channel = Endpoint::from_shared(format!("http://{at}")).unwrap();
        let mut client = HealthClient::new(channel.connect().await.unwrap());
        for _ in 0..20 {
            let ask = client.check(HealthCheckRequest::default());
            let (released, answer) = while_full(&limit, ask).await;
            answer.unwrap();
            notes.check(released);
        }
    };
    tokio::select! {
        ended = server => panic!("the server ended: {ended:?}"),
        () = calls => {}
    }
}
