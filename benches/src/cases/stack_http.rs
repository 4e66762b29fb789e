//! What a `Stack` costs over HTTP, as users write it.

use std::convert::Infallible;

use axum::body::Body;
use floodwall::Stack;
use floodwall::http::{header, path, preflight};
use http::{HeaderMap, HeaderValue, Request, Response};
use tower::{Layer, Service};

use super::http::{Page, answered_to};
use super::quota::quota;
use crate::case::{Case, Contender};

/// More than are let in while it is measured.
const BURST: u32 = 100_000_000;

pub(crate) fn case() -> Case {
    let about = "one request with a key and a priority through a whole `Stack` around an HTTP service that does nothing, one thread";
    Case::new("stack_http", about, "bare", |_| {
        vec![
            Contender::new("bare", with_fields(Page)).bare(),
            Contender::new("floodwall, fixed limit", {
                with_fields(wall(Stack::builder().limit(64)).layer().layer(Page))
            }),
            Contender::new("floodwall, adaptive limit", {
                with_fields(wall(Stack::for_throughput()).layer().layer(Page))
            }),
        ]
    })
}

fn wall(begun: floodwall::stack::StackBuilder) -> Stack {
    begun
        .exempt(path("/healthz"))
        .exempt(preflight())
        .priority(header("x-priority").trusting_everyone())
        .quota(quota(BURST), header("x-api-key"))
        .quota("100/s burst 100000000", header("x-tenant"))
        .shed()
        .build()
        .expect("these settings are sound")
}

/// Two keys and a priority on each request; they are made for the bare one as well.
fn with_fields<S, B>(service: S) -> impl FnMut() + Send
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Send + 'static,
{
    let mut fields = HeaderMap::new();
    for (name, value) in [
        ("x-api-key", "4711"),
        ("x-tenant", "42"),
        ("x-priority", "2"),
    ] {
        fields.insert(name, HeaderValue::from_static(value));
    }
    answered_to(service, 200, move || {
        let mut request = Request::new(Body::empty());
        request.headers_mut().clone_from(&fields);
        request
    })
}
