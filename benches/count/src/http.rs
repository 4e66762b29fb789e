use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use floodwall::RateLimit;
use floodwall::http::{AdmitLayer, Answers, FieldStyle};
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use tower::{Layer, Service};

use crate::Work;
use crate::cycle::call;
use crate::quota::PLENTY;

/// The HTTP service alone.
#[must_use]
pub fn http_noop() -> Work {
    Work::new(true, exchange(HttpNoop))
}

/// Through a quota, which tells the client nothing.
#[must_use]
pub fn http_admitted() -> Work {
    let layer = AdmitLayer::around(RateLimit::new(PLENTY).expect("it can be held"))
        .answers(Answers::default().fields(FieldStyle::Off));
    Work::new(true, exchange(layer.layer(HttpNoop)))
}

/// Through a quota, which tells the client what is left of it.
#[must_use]
pub fn http_fields() -> Work {
    let layer = AdmitLayer::around(RateLimit::new(PLENTY).expect("it can be held"));
    Work::new(true, exchange(layer.layer(HttpNoop)))
}

/// Refused by a quota, with the complete response.
#[must_use]
pub fn http_refused() -> Work {
    let quota = RateLimit::new("1/d burst 1").expect("it can be held");
    let layer = AdmitLayer::around(quota).answers(Answers::default().seed(7));
    let mut once = exchange(layer.layer(HttpNoop));
    assert!(once(), "the first one has the burst");
    Work::new(false, once)
}

/// A request made, answered, and its answer read to the end, as a server does it.
fn exchange<S, B>(mut service: S) -> impl FnMut() -> bool
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
    B: Body<Error = Infallible>,
{
    move || {
        let Ok(response) = call(&mut service, black_box(Request::new(())));
        let (head, body) = black_box(response).into_parts();
        let mut body = pin!(body);
        let mut context = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(frame)) = body.as_mut().poll_frame(&mut context) {
            black_box(frame.is_ok());
        }
        head.status == StatusCode::OK
    }
}

#[derive(Clone, Copy)]
struct HttpNoop;

impl Service<Request<()>> for HttpNoop {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        black_box(request);
        ready(Ok(Response::new(Full::from("hello"))))
    }
}
