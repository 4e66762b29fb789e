//! Refusals as responses, and what successes say about quotas.

mod accept;
mod fields;
mod grpc;
mod policies;
mod prepared;
mod problem;
mod refused;
mod text;
mod wait;

use std::fmt;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use ::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use bytes::Bytes;
use floodwall_core::{Reason, Rejection, Report};

use self::fields::Of;
use self::policies::Known;
use self::prepared::PLAIN;
use self::text::{Piece, Text, value};
use self::wait::{Jitter, wait_of};
use super::Head;
use crate::BuildError;

pub use self::fields::FieldStyle;
pub use self::refused::Refused;

/// How refusals look, and which fields tell clients about their quotas.
///
/// Unless told otherwise a refusal is
///
/// - 429 if the client used up its own quota, 503 if the server has no room, 500 if the server is
///   set up wrongly (what a key is made of is missing), with `Retry-After` where it is known: whole
///   seconds, rounded up, at least 1, and spread so that a herd does not come back at once;
/// - `application/problem+json` (RFC 9457), or plain text for whose `Accept` excludes JSON or
///   prefers text; never stored by a cache;
/// - for gRPC (`application/grpc*`) a Trailers-Only response with status 8 (quota), 14 (no room) or
///   13 (set up wrongly), and `grpc-retry-pushback-ms`.
///
/// ```
/// use floodwall::http::{AdmitLayer, Answers, FieldStyle};
/// use floodwall::RateLimit;
///
/// let layer = AdmitLayer::around(RateLimit::new("100/s")?)
///     .answers(Answers::default().fields(FieldStyle::Draft06).jitter(0.5)?);
/// # drop(layer);
/// # Ok::<(), floodwall::BuildError>(())
/// ```
#[derive(Clone)]
pub struct Answers {
    fields: FieldStyle,
    jitter: Jitter,
    instead: Option<Arc<Instead>>,
}

type Instead = dyn Fn(&Rejection, &Head) -> Response<Bytes> + Send + Sync;

impl Answers {
    /// Sets which fields tell about quotas. Default: [`FieldStyle::Draft11`].
    #[must_use]
    pub const fn fields(mut self, style: FieldStyle) -> Self {
        self.fields = style;
        self
    }

    /// Sets by which share `Retry-After` and `grpc-retry-pushback-ms` grow at most, at random.
    /// Default: 0.25. They never shrink, so who waits for that long has waited enough.
    ///
    /// # Errors
    ///
    /// If `share` is not between 0 and 1.
    pub fn jitter(mut self, share: f64) -> Result<Self, BuildError> {
        self.jitter.set_share(share)?;
        Ok(self)
    }

    /// Makes the random numbers repeatable, for tests and simulations.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.jitter.seed(seed);
        self
    }

    /// Answers with a closure instead, whatever the protocol; nothing is added to its response but
    /// the mark [`Refused`].
    ///
    /// ```
    /// use floodwall::http::Answers;
    ///
    /// let answers = Answers::default().with(|refusal, head| {
    ///     let body = format!("{} {}: {}", head.method, head.uri.path(), refusal.reason());
    ///     http::Response::builder().status(503).body(body.into()).unwrap()
    /// });
    /// # drop(answers);
    /// ```
    #[must_use]
    pub fn with<F>(mut self, answer: F) -> Self
    where
        F: Fn(&Rejection, &Head) -> Response<Bytes> + Send + Sync + 'static,
    {
        self.instead = Some(Arc::new(answer));
        self
    }

    /// The answer to a request with this head that was refused.
    ///
    /// The layers do this by themselves; it is here for those who admit by hand.
    ///
    /// ```
    /// use floodwall::http::Answers;
    /// use floodwall::{PolicyName, Reason, Rejection};
    ///
    /// let (head, ()) = http::Request::new(()).into_parts();
    /// let refusal = Rejection::new(PolicyName::from_static("room"), Reason::Full);
    /// assert_eq!(Answers::default().respond(&refusal, &head).status(), 503);
    /// ```
    pub fn respond(&self, rejection: &Rejection, head: &Head) -> Response<Bytes> {
        let mut response = if let Some(instead) = &self.instead {
            instead(rejection, head)
        } else if let Some(content_type) = grpc::content_type(&head.headers) {
            grpc::trailers_only(rejection, content_type, &self.jitter)
        } else {
            self.plain(rejection, head)
        };
        response.extensions_mut().insert(Refused::of(rejection));
        response
    }

    /// Whether answers say anything about quotas.
    pub(super) const fn tell_quotas(&self) -> bool {
        !matches!(self.fields, FieldStyle::Off)
    }

    /// Adds what `report` says about quotas to the headers of a response. What is there already
    /// stays.
    pub fn add_fields(&self, report: &Report, headers: &mut HeaderMap) {
        if !self.tell_quotas() || report.quotas().next().is_none() {
            return;
        }
        if self.fields == FieldStyle::Draft11 {
            fields::append(report, headers);
            return;
        }
        let mut text = Text::new();
        let fields = fields::write_old(self.fields, report, Of::Success, unix_now, &mut text);
        fields.add(&text.freeze(), headers);
    }

    fn plain(&self, rejection: &Rejection, head: &Head) -> Response<Bytes> {
        let wait = wait_of(rejection).map(|wait| self.jitter.seconds(wait));
        let json = accept::wants_json(&head.headers);

        let mut text = Text::new();
        let (mut body, mut seconds) = (0..0, 0..0);
        if head.method != Method::HEAD {
            body = text.piece(|text| seconds = problem::write(rejection, json, wait, text));
        } else if let Some(wait) = wait {
            seconds = text.piece(|text| {
                text.push_number(wait);
            });
        }
        let (mut text, headers) =
            self.headers(rejection, json, wait.map(|wait| (wait, seconds)), text);
        text.truncate(body.end);
        let mut response = Response::new(text);
        *response.status_mut() = status(rejection.reason());
        *response.headers_mut() = headers;
        response
    }

    /// The headers of a refusal, and the text that they point into; the number of seconds to wait is
    /// written already.
    fn headers(
        &self,
        rejection: &Rejection,
        json: bool,
        wait: Option<(u64, Piece)>,
        mut text: Text,
    ) -> (Bytes, HeaderMap) {
        let of = Of::Refusal(wait.as_ref().map(|(seconds, _)| *seconds));
        let retry_after = |text: &Bytes| {
            let (seconds, piece) = wait?;
            match text::small(seconds) {
                Some(seconds) => Some(HeaderValue::from_static(seconds)),
                None => value(text, &piece),
            }
        };
        let report = rejection
            .report()
            .filter(|report| report.quotas().next().is_some());
        match (report, self.fields) {
            (Some(report), FieldStyle::Draft11) => {
                let limit = text.piece(|text| fields::limits(report, of, text));
                let text = text.freeze();
                let headers = Known::of(
                    report,
                    |text| fields::policies(report, text),
                    |known| {
                        known
                            .refusal
                            .copy(json, retry_after(&text), value(&text, &limit))
                    },
                );
                (text, headers.unwrap_or_default())
            }
            (report, style) => {
                let old =
                    report.map(|report| fields::write_old(style, report, of, unix_now, &mut text));
                let text = text.freeze();
                let mut headers = PLAIN.copy(json, retry_after(&text), None);
                if let Some(old) = old {
                    old.add(&text, &mut headers);
                }
                (text, headers)
            }
        }
    }
}

/// The client's own doing is 429, our lack of room 503; never the other way.
fn status(reason: Reason) -> StatusCode {
    match reason {
        Reason::MissingKey => StatusCode::INTERNAL_SERVER_ERROR,
        _ if reason.is_clients_own() => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}

fn unix_now() -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "this one style tells the time of day"
    )]
    let now = std::time::SystemTime::now();
    now.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            fields: FieldStyle::default(),
            jitter: Jitter::new(),
            instead: None,
        }
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers")
            .field("fields", &self.fields)
            .field("jitter", &self.jitter)
            .field("instead", &self.instead.is_some())
            .finish()
    }
}
