use std::fmt;
use std::sync::Arc;

use ::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use floodwall_core::Outcome;

use super::told::{Pushback, pushback, retry_after};
use super::{Again, Retryable, Verdict};
use crate::http::{Classify, Content};

/// What is tried again over HTTP and gRPC, by the rules of the protocols.
///
/// Tried again are requests with an idempotent method (RFC 9110, section 9.2.2) and a body that can be
/// cloned; [`may_retry`](HttpRetry::may_retry) lets others in, as those of gRPC, which are all POST.
/// After errors of the client, and after what [`Classify`] calls failure or overload, but for 501 and
/// 505, which another attempt does not change. Not before `Retry-After` says.
///
/// A gRPC call is tried again after status 14 (`UNAVAILABLE`), if that is all there is to the answer:
/// once there are headers of a response the call is committed (gRFC A6), and counts as a success.
/// `grpc-retry-pushback-ms` is obeyed.
///
/// Retries are marked, so that whoever is called can put them behind first attempts:
/// `x-envoy-attempt-count: 2` on the first retry, `grpc-previous-rpc-attempts: 1` for gRPC.
///
/// What a floodwall further in refused ([`Refused`](crate::http::Refused)) is not tried again.
///
/// ```
/// use floodwall::outbound::HttpRetry;
///
/// // Orders have a key that makes them safe to send twice.
/// let retry = HttpRetry::new()
///     .may_retry(|request| request.headers.contains_key("idempotency-key"));
/// # let _ = retry;
/// ```
#[derive(Clone)]
pub struct HttpRetry {
    may: Option<Arc<May>>,
    classify: Classify,
    mark: Mark,
}

type May = dyn Fn(&Outgoing<'_>) -> bool + Send + Sync;

/// What is seen of a request that is about to be sent.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Outgoing<'a> {
    /// Its method.
    pub method: &'a Method,
    /// Where it goes.
    pub uri: &'a Uri,
    /// Its headers.
    pub headers: &'a HeaderMap,
}

#[derive(Clone, Debug)]
enum Mark {
    Usual,
    Named(HeaderName),
    None,
}

const ATTEMPT_COUNT: HeaderName = HeaderName::from_static("x-envoy-attempt-count");
const PREVIOUS_ATTEMPTS: HeaderName = HeaderName::from_static("grpc-previous-rpc-attempts");

impl HttpRetry {
    /// By the rules above.
    pub fn new() -> Self {
        Self {
            may: None,
            classify: Classify::default(),
            mark: Mark::Usual,
        }
    }

    /// Lets other requests be sent again too, those for which `may` says so. It is asked about each
    /// request whose method is not idempotent.
    #[must_use]
    pub fn may_retry<F>(mut self, may: F) -> Self
    where
        F: Fn(&Outgoing<'_>) -> bool + Send + Sync + 'static,
    {
        self.may = Some(Arc::new(may));
        self
    }

    /// Sets how responses count.
    #[must_use]
    pub fn classify(mut self, classify: Classify) -> Self {
        self.classify = classify;
        self
    }

    /// Marks retries by this field instead, with the number of the attempt: 2 for the first retry.
    #[must_use]
    pub fn mark(mut self, field: HeaderName) -> Self {
        self.mark = Mark::Named(field);
        self
    }

    /// Sends retries that look like first attempts.
    #[must_use]
    pub fn no_mark(mut self) -> Self {
        self.mark = Mark::None;
        self
    }

    fn judge_response<B>(&self, response: &mut Response<B>) -> Verdict {
        // A committed call of gRPC ends in its trailers, which nobody waits for here.
        let known = self.classify.of_response(response);
        let outcome = known.unwrap_or(Outcome::Success);
        let again = match outcome {
            Outcome::Failure | Outcome::Overload => again(response),
            _ => Again::Never,
        };
        Verdict { outcome, again }
    }
}

fn again<B>(response: &Response<B>) -> Again {
    let headers = response.headers();
    match pushback(headers) {
        Pushback::Stop => return Again::Never,
        Pushback::After(time) => return Again::After(time),
        Pushback::Nothing => {}
    }
    if let Some(status) = headers.get("grpc-status") {
        return if status == "14" {
            Again::AfterBackoff
        } else {
            Again::Never
        };
    }
    match response.status() {
        StatusCode::NOT_IMPLEMENTED | StatusCode::HTTP_VERSION_NOT_SUPPORTED => Again::Never,
        _ => retry_after(headers).map_or(Again::AfterBackoff, Again::NotBefore),
    }
}

impl<B, R, E> Retryable<Request<B>, Response<R>, E> for HttpRetry
where
    B: Clone,
{
    fn copy(&self, request: &Request<B>) -> Option<Request<B>> {
        let outgoing = Outgoing {
            method: request.method(),
            uri: request.uri(),
            headers: request.headers(),
        };
        let may = || self.may.as_ref().is_some_and(|may| may(&outgoing));
        (request.method().is_idempotent() || may()).then(|| request.clone())
    }

    fn judge(&self, _request: &Request<B>, result: &mut Result<Response<R>, E>) -> Verdict {
        match result {
            Ok(response) => self.judge_response(response),
            Err(_) => Outcome::Failure.into(),
        }
    }

    fn mark(&self, request: &mut Request<B>, retry: u32) {
        let (field, number) = match &self.mark {
            Mark::None => return,
            Mark::Named(field) => (field.clone(), retry.saturating_add(1)),
            Mark::Usual if Content::of(request.headers()) == Content::Grpc => {
                (PREVIOUS_ATTEMPTS, retry)
            }
            Mark::Usual => (ATTEMPT_COUNT, retry.saturating_add(1)),
        };
        request
            .headers_mut()
            .insert(field, HeaderValue::from(number));
    }
}

impl Default for HttpRetry {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for HttpRetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRetry")
            .field("may_by_closure", &self.may.is_some())
            .field("classify", &self.classify)
            .field("mark", &self.mark)
            .finish()
    }
}
