use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use ::http::{Method, Request, Response};
use ::http_body::Body;
use bytes::Bytes;
use floodwall_core::{Outcome, Report};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::body::Ends;
use super::classify::AtHead;
use super::content::Content;
use super::hold::Lasting;
use super::layer::Shared;
use super::{Admitted, Head, HoldUntil, ResponseBody};
use crate::Now;
use crate::admission::{Admission, End, Permit};
use crate::admit::{Drive, Drove, REFUSED};
use crate::queue_latency::Lap;

/// What must be known of the request when the response comes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) head: bool,
    pub(super) connect: bool,
}

impl Asked {
    pub(super) fn of(head: &Head) -> Self {
        Self {
            head: head.method == Method::HEAD,
            connect: head.method == Method::CONNECT,
        }
    }
}

pin_project! {
    /// The future of [`Admit`](super::Admit): admission, then the inner service's readiness, then
    /// the head of its response. The body carries the permit on.
    ///
    /// # Cancel safety
    ///
    /// Dropping it while it waits gives back its place in every queue and undoes its charges as far
    /// as that is exact; dropping it while the work runs gives back the permit.
    pub struct ResponseFuture<S: Service<Request<ReqBody>>, A: Admission<Head>, ReqBody> {
        #[pin]
        drive: Drive<S, Request<ReqBody>, A::Future, S::Future, A::Permit>,
        // If a `QueueLatencyLayer` further out wants to know how long it waits.
        lap: Option<Lap>,
        asked: Asked,
        shared: Arc<Shared<A>>,
    }
}

impl<S: Service<Request<ReqBody>>, A: Admission<Head>, ReqBody> ResponseFuture<S, A, ReqBody> {
    pub(super) fn new(
        drive: Drive<S, Request<ReqBody>, A::Future, S::Future, A::Permit>,
        lap: Option<Lap>,
        asked: Asked,
        shared: Arc<Shared<A>>,
    ) -> Self {
        Self {
            drive,
            lap,
            asked,
            shared,
        }
    }
}

impl<S, A, ReqBody, ResBody> Future for ResponseFuture<S, A, ReqBody>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    A: Admission<Head>,
    ResBody: Body,
    ResBody::Data: From<Bytes>,
{
    type Output = Result<Response<ResponseBody<ResBody, A::Permit>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let shared = &**this.shared;
        let begin = |request: &mut Request<ReqBody>, permit: &mut A::Permit| {
            if let Some(hand_on) = &shared.rim.hand_on {
                hand_on.tell(request);
            }
            if shared.rim.tell_handler {
                let mut report = Report::default();
                permit.report(&mut report);
                request.extensions_mut().insert(Admitted::new(report));
            }
        };
        let mut drive = this.drive;
        let mut refused = None;
        let drove =
            ready!(
                drive
                    .as_mut()
                    .poll_with(cx, &mut refused, this.lap, A::poll_into, begin)
            );
        Poll::Ready(match drove {
            Drove::Refused(request) => {
                let refusal = refused.expect(REFUSED);
                let (head, _unread) = request.into_parts();
                let answer = shared.rim.answers.respond(&refusal, &head);
                Ok(answer.map(|bytes| ResponseBody::refusal(bytes)))
            }
            Drove::NotReady(error) => Err(error),
            Drove::Ran(Ok(response)) => Ok(answered(response, drive.place(), *this.asked, shared)),
            Drove::Ran(Err(error)) => {
                drive.complete(&End::new(Outcome::Failure));
                Err(error)
            }
        })
    }
}

fn answered<B: Body, P: Permit, A>(
    response: Response<B>,
    place: &mut Option<P>,
    asked: Asked,
    shared: &Shared<A>,
) -> Response<ResponseBody<B, P>> {
    let (mut head, body) = response.into_parts();
    let rim = &shared.rim;

    if rim.answers.tell_quotas() {
        let mut report = Report::default();
        place.report(&mut report);
        rim.answers.add_fields(&report, &mut head.headers);
    }

    let now = Now::unread();
    let hold_at_most = match rim.hold {
        HoldUntil::End { at_most } => at_most,
        HoldUntil::Headers => None,
    };
    place.responded(&now, hold_at_most);

    let content = Content::of(&head.headers);
    let at_head = rim.classify.at_head(&head, content);
    let lasting = Lasting::of(asked, &head, content);
    // What a floodwall further in refused never ran: there is nothing to wait for.
    let refused = matches!(at_head, AtHead::Known(Outcome::Refused));
    if refused || lasting.gives_back_at_head(rim.hold, rim.hold_streams) {
        let outcome = match at_head {
            AtHead::Known(outcome) => outcome,
            AtHead::AskTrailers => Outcome::Success,
        };
        let end = End::at(outcome, now);
        let end = if lasting.is_open_ended() {
            end.no_sample()
        } else {
            end
        };
        P::complete_in(place, &end);
        return Response::from_parts(head, ResponseBody::free(body));
    }
    let without_body = asked.head || matches!(head.status.as_u16(), 204 | 304);
    let ends = Ends {
        at_head,
        is_sample: !lasting.is_open_ended(),
        without_body,
    };
    let body = ResponseBody::holding(body, place, &head.headers, ends);
    Response::from_parts(head, body)
}

impl<S: Service<Request<ReqBody>>, A: Admission<Head>, ReqBody> fmt::Debug
    for ResponseFuture<S, A, ReqBody>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("http::ResponseFuture")
    }
}
