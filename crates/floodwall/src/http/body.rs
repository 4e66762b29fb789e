use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ::http::HeaderMap;
use ::http::header::CONTENT_LENGTH;
use ::http_body::{Body, Frame, SizeHint};
use bytes::{Buf, Bytes};
use floodwall_core::Outcome;
use floodwall_core::outbound::is_error;
use pin_project_lite::pin_project;

use super::classify::{AtHead, outcome_of_trailers};
use crate::admission::{End, Permit};

pin_project! {
    /// The body of an answer: the inner one, which may carry the permit to its end, or a refusal.
    pub struct ResponseBody<B, P: Permit> {
        #[pin]
        kind: Kind<B>,
        // After the body: what it stands for dies first.
        holding: Holding<P>,
    }
}

pin_project! {
    #[project = KindProj]
    enum Kind<B> {
        Inner { #[pin] body: B },
        Refusal { bytes: Option<Bytes> },
    }
}

impl<B: Body, P: Permit> ResponseBody<B, P> {
    pub(super) fn refusal(bytes: Bytes) -> Self {
        let bytes = Some(bytes).filter(|bytes| !bytes.is_empty());
        Self {
            kind: Kind::Refusal { bytes },
            holding: Holding::none(),
        }
    }

    pub(super) fn free(body: B) -> Self {
        Self {
            kind: Kind::Inner { body },
            holding: Holding::none(),
        }
    }

    /// Takes the permit out of its place.
    // As a part of whoever makes the response, so that it is made where it stays.
    #[inline(always)]
    pub(super) fn holding(
        body: B,
        permit: &mut Option<P>,
        headers: &HeaderMap,
        ends: Ends,
    ) -> Self {
        let Ends {
            at_head,
            is_sample,
            without_body,
        } = ends;
        let outcome = match at_head {
            AtHead::Known(outcome) => outcome,
            // Until the trailers say better: a call that ends without them has failed.
            AtHead::AskTrailers => Outcome::Failure,
        };
        let expects_trailers = matches!(at_head, AtHead::AskTrailers);
        let mut holding = Holding {
            permit: permit.take(),
            outcome,
            expects_trailers,
            is_sample,
            left: body.size_hint().exact().or_else(|| content_length(headers)),
        };
        if without_body || body.is_end_stream() {
            // Nothing will be polled; waiting for the drop would only hold the place for longer.
            holding.end();
        }
        Self {
            kind: Kind::Inner { body },
            holding,
        }
    }
}

/// What the head tells about the end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    pub(super) at_head: AtHead,
    /// Whether a limit may learn from it.
    pub(super) is_sample: bool,
    pub(super) without_body: bool,
}

/// The permit, and what is known about the end of the body.
struct Holding<P: Permit> {
    permit: Option<P>,
    outcome: Outcome,
    expects_trailers: bool,
    is_sample: bool,
    // Bytes still to come, where that is known.
    left: Option<u64>,
}

impl<P: Permit> Holding<P> {
    const fn none() -> Self {
        Self {
            permit: None,
            outcome: Outcome::Success,
            expects_trailers: false,
            is_sample: true,
            left: None,
        }
    }

    fn end(&mut self) {
        self.end_as(self.outcome);
    }

    fn end_as(&mut self, outcome: Outcome) {
        if self.permit.is_some() {
            let end = End::new(outcome);
            let end = if self.is_sample { end } else { end.no_sample() };
            P::complete_in(&mut self.permit, &end);
        }
    }

    fn saw<D: Buf>(&mut self, frame: &Frame<D>) {
        if self.permit.is_none() {
            return;
        }
        if let Some(data) = frame.data_ref() {
            if let Some(left) = &mut self.left {
                *left = left.saturating_sub(data.remaining() as u64);
            }
        } else if let Some(trailers) = frame.trailers_ref() {
            if self.expects_trailers {
                self.outcome = outcome_of_trailers(trailers);
            }
            // Nothing comes after them, and hyper does not ask whether something does.
            self.end();
        }
    }
}

impl<P: Permit> Drop for Holding<P> {
    #[inline]
    fn drop(&mut self) {
        // hyper drops a body unpolled once its Content-Length is out: that is a good end. A head that
        // said how it failed is not read to its end by clients who try again. Any other drop is a caller
        // that left, which the permit's own drop says.
        if self.permit.is_none() {
            return;
        }
        let is_over = self.left == Some(0) || is_error(self.outcome) == Some(true);
        if is_over && !self.expects_trailers {
            self.end();
        }
    }
}

impl<B, P> Body for ResponseBody<B, P>
where
    B: Body,
    B::Data: From<Bytes>,
    P: Permit,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.project();
        match this.kind.project() {
            KindProj::Refusal { bytes } => {
                Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes.into()))))
            }
            KindProj::Inner { mut body } => {
                let polled = ready!(body.as_mut().poll_frame(cx));
                match &polled {
                    Some(Ok(frame)) => {
                        this.holding.saw(frame);
                        if body.is_end_stream() {
                            this.holding.end();
                        }
                    }
                    Some(Err(_)) => this.holding.end_as(Outcome::Failure),
                    None => this.holding.end(),
                }
                Poll::Ready(polled)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Inner { body } => body.is_end_stream(),
            Kind::Refusal { bytes } => bytes.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Inner { body } => body.size_hint(),
            Kind::Refusal { bytes } => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
        }
    }
}

impl<B: Default, P: Permit> Default for ResponseBody<B, P> {
    fn default() -> Self {
        Self {
            kind: Kind::Inner { body: B::default() },
            holding: Holding::none(),
        }
    }
}

impl<B, P: Permit> fmt::Debug for ResponseBody<B, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody")
            .field("refusal", &matches!(self.kind, Kind::Refusal { .. }))
            .field("holds_permit", &self.holding.permit.is_some())
            .finish()
    }
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
}
