//! A server that does not tell its clients' addresses says so itself: never one bucket for all in
//! silence.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::get as on_get;
use floodwall::RateLimit;
use floodwall::http::client_address;
use floodwall_tests::{Crowd, blank, text};
use tower::ServiceExt;

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<(tracing::Level, String)>>>);

impl tracing::Subscriber for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "floodwall" && *metadata.level() <= tracing::Level::WARN
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        struct Message(String);
        impl tracing::field::Visit for Message {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                if field.name() == "message" {
                    self.0 = format!("{value:?}");
                }
            }
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        self.0
            .lock()
            .unwrap()
            .push((*event.metadata().level(), message.0));
    }
}

#[tokio::test]
async fn a_missing_client_address_is_a_500_with_the_fix_and_is_logged_once() {
    const FIX: &str = "into_make_service_with_connect_info::<SocketAddr>()";
    let log = Log::default();
    let _logging = tracing::subscriber::set_default(log.clone());
    let crowd = Crowd::default();
    let counted = crowd.clone();
    let layer = RateLimit::builder("1000/s")
        .key(client_address())
        .layer()
        .unwrap();
    let app = Router::new()
        .route(
            "/",
            on_get(move || {
                drop(counted.enter());
                async { "ran" }
            }),
        )
        .layer(layer.clone());

    for accept in ["application/json", "text/plain", "*/*"] {
        for _ in 0..50 {
            let mut request = blank();
            request
                .headers_mut()
                .insert("accept", accept.parse().unwrap());
            let answer = app.clone().oneshot(request).await.unwrap();
            assert_eq!(
                answer.status(),
                500,
                "never a bucket for all, from the first request on"
            );
            assert!(
                answer.headers().get("retry-after").is_none(),
                "no waiting helps"
            );
            let body = text(answer).await;
            assert!(body.contains(FIX), "{accept}: {body}");
        }
    }
    assert_eq!(crowd.entered(), 0);
    let logged = log.0.lock().unwrap().clone();
    let [(level, message)] = &logged[..] else {
        panic!("it should be logged once: {logged:?}")
    };
    assert_eq!(*level, tracing::Level::ERROR);
    assert!(
        message.contains(FIX) && message.contains("the client's address"),
        "{message}"
    );

    // With what the fix says, it works.
    let mut request = blank();
    let peer = ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 4_711)));
    request.extensions_mut().insert(peer);
    assert_eq!(app.oneshot(request).await.unwrap().status(), 200);
    assert_eq!(log.0.lock().unwrap().len(), 1);
}
