use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

use ::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use ::http::{HeaderValue, Method, Request, Response, StatusCode};
use ::http_body::{Body, Frame, SizeHint};
use bytes::Bytes;
use tower_service::Service;

use super::handle::Signals;
use super::snapshot::Snapshot;

impl Signals {
    /// A service that answers `GET …/signals` with the whole document and `GET …/autoscale` with
    /// the flat one: for hyper, and for axum's `route_service` and `nest_service`.
    ///
    /// Whoever can reach it sees how loaded the service is; serve it where only you can, and inside of no
    /// limit, so that it answers in a flood.
    pub fn endpoint(&self) -> SignalsEndpoint {
        SignalsEndpoint {
            signals: self.clone(),
        }
    }
}

/// Shows [`Signals`] over HTTP; see [`Signals::endpoint`].
///
/// Paths are told by their last segment: `/signals` is the whole document
/// ([`Snapshot::to_json`](super::Snapshot::to_json)), `/autoscale` the flat one
/// ([`Snapshot::to_autoscale_json`](super::Snapshot::to_autoscale_json)), all else is 404, and
/// other methods than GET and HEAD are 405. Nothing may be kept by caches.
///
/// ```
/// use axum::{Router, routing::get};
/// use floodwall::signals::Signals;
///
/// let signals = Signals::new();
/// let app: Router = Router::new()
///     .route("/", get(|| async { "hello" }))
///     .route_service("/signals", signals.endpoint())
///     .route_service("/autoscale", signals.endpoint());
/// ```
#[derive(Clone, Debug)]
pub struct SignalsEndpoint {
    signals: Signals,
}

impl SignalsEndpoint {
    fn answer(&self, method: &Method, path: &str) -> Response<SignalsBody> {
        let text = match path.rsplit('/').next() {
            Some("signals") => Snapshot::to_json,
            Some("autoscale") => Snapshot::to_autoscale_json,
            _ => return empty(StatusCode::NOT_FOUND),
        };
        if method != Method::GET && method != Method::HEAD {
            let mut answer = empty(StatusCode::METHOD_NOT_ALLOWED);
            let allowed = HeaderValue::from_static("GET, HEAD");
            answer.headers_mut().insert(ALLOW, allowed);
            return answer;
        }
        let mut answer = empty(StatusCode::OK);
        let json = HeaderValue::from_static("application/json");
        answer.headers_mut().insert(CONTENT_TYPE, json);
        if method == Method::GET {
            let text = text(&self.signals.snapshot());
            *answer.body_mut() = SignalsBody(Some(text.into()));
        }
        answer
    }
}

fn empty(status: StatusCode) -> Response<SignalsBody> {
    let mut answer = Response::new(SignalsBody(None));
    *answer.status_mut() = status;
    let no_store = HeaderValue::from_static("no-store");
    answer.headers_mut().insert(CACHE_CONTROL, no_store);
    answer
}

impl<B> Service<Request<B>> for SignalsEndpoint {
    type Response = Response<SignalsBody>;
    type Error = Infallible;
    type Future = Ready<Result<Response<SignalsBody>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ready(Ok(self.answer(request.method(), request.uri().path())))
    }
}

/// What a [`SignalsEndpoint`] answers: a text in one piece, or nothing.
#[derive(Clone, Debug, Default)]
pub struct SignalsBody(Option<Bytes>);

impl Body for SignalsBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
