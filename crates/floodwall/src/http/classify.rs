use std::fmt;
use std::sync::Arc;

use ::http::{HeaderMap, StatusCode, response};
use floodwall_core::Outcome;

use super::Refused;
use super::content::Content;

/// How responses count: as success, as failure, or as the inner service's own overload.
///
/// Unless told otherwise, 429 and 503 are [`Outcome::Overload`], any other 5xx is
/// [`Outcome::Failure`], the rest [`Outcome::Success`]. For gRPC the status decides, which is
/// mostly in the trailers: 8 and 14 are overload, 2, 4, 13 and 15 are failures. What an inner
/// floodwall layer refused is [`Outcome::Refused`], whatever a closure would say.
///
/// ```
/// use floodwall::{Outcome, http::Classify};
///
/// // This service answers 500 when its database is out of connections.
/// let classify = Classify::by(|head| (head.status == 500).then_some(Outcome::Overload));
/// # drop(classify);
/// ```
#[derive(Clone, Default)]
pub struct Classify {
    by: Option<Arc<Judge>>,
}

type Judge = dyn Fn(&response::Parts) -> Option<Outcome> + Send + Sync;

impl Classify {
    /// Judges by a closure that sees the head of the response; where it says `None`, the usual
    /// rules apply.
    pub fn by<F>(judge: F) -> Self
    where
        F: Fn(&response::Parts) -> Option<Outcome> + Send + Sync + 'static,
    {
        Self {
            by: Some(Arc::new(judge)),
        }
    }

    /// The outcome that the head of `response` tells, if it tells one. The head is taken out to be
    /// looked at, and put back.
    #[cfg(feature = "retry")]
    pub(crate) fn of_response<B>(&self, response: &mut ::http::Response<B>) -> Option<Outcome> {
        let (mut head, ()) = ::http::Response::new(()).into_parts();
        head.status = response.status();
        head.version = response.version();
        std::mem::swap(&mut head.headers, response.headers_mut());
        std::mem::swap(&mut head.extensions, response.extensions_mut());
        let at_head = self.at_head(&head, Content::of(&head.headers));
        *response.headers_mut() = head.headers;
        *response.extensions_mut() = head.extensions;
        match at_head {
            AtHead::Known(outcome) => Some(outcome),
            AtHead::AskTrailers => None,
        }
    }

    pub(super) fn at_head(&self, head: &response::Parts, content: Content) -> AtHead {
        if head.extensions.get::<Refused>().is_some() {
            return AtHead::Known(Outcome::Refused);
        }
        match self.by.as_ref().and_then(|judge| judge(head)) {
            Some(outcome) => AtHead::Known(outcome),
            None => usual(head, content),
        }
    }
}

impl fmt::Debug for Classify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Classify")
            .field("by_closure", &self.by.is_some())
            .finish()
    }
}

/// What the head of a response tells about the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AtHead {
    /// All there is to know.
    Known(Outcome),
    /// Nothing: the trailers have the status.
    AskTrailers,
}

/// The outcome of a gRPC call whose body ended with these trailers.
pub(super) fn outcome_of_trailers(trailers: &HeaderMap) -> Outcome {
    // A call without a status is broken: clients make UNKNOWN of it.
    of_grpc_status(trailers).unwrap_or(Outcome::Failure)
}

fn usual(head: &response::Parts, content: Content) -> AtHead {
    let outcome = match head.status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Outcome::Overload,
        status if status.is_server_error() => Outcome::Failure,
        _ if content == Content::Grpc => {
            return of_grpc_status(&head.headers).map_or(AtHead::AskTrailers, AtHead::Known);
        }
        _ => Outcome::Success,
    };
    AtHead::Known(outcome)
}

fn of_grpc_status(headers: &HeaderMap) -> Option<Outcome> {
    let status = headers.get("grpc-status")?;
    Some(match status.as_bytes() {
        // RESOURCE_EXHAUSTED, UNAVAILABLE
        b"8" | b"14" => Outcome::Overload,
        // UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, DATA_LOSS
        b"2" | b"4" | b"13" | b"15" => Outcome::Failure,
        _ => Outcome::Success,
    })
}

#[cfg(test)]
mod tests {
    use ::http::Response;
    use floodwall_core::{PolicyName, Reason, Rejection};

    use super::*;
    use crate::http::Answers;

    fn head(status: u16, headers: &[(&'static str, &'static str)]) -> response::Parts {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        response.body(()).unwrap().into_parts().0
    }

    fn at_head(classify: &Classify, head: &response::Parts) -> AtHead {
        classify.at_head(head, Content::of(&head.headers))
    }

    #[test]
    fn statuses_become_outcomes() {
        for (status, outcome) in [
            (200, Outcome::Success),
            (301, Outcome::Success),
            (404, Outcome::Success),
            (408, Outcome::Success),
            (429, Outcome::Overload),
            (500, Outcome::Failure),
            (502, Outcome::Failure),
            (503, Outcome::Overload),
            (504, Outcome::Failure),
        ] {
            let at_head = at_head(&Classify::default(), &head(status, &[]));
            assert_eq!(at_head, AtHead::Known(outcome), "{status}");
        }
    }

    #[test]
    fn grpc_statuses_become_outcomes_in_trailers_and_in_trailers_only() {
        for (status, outcome) in [
            ("0", Outcome::Success),
            ("1", Outcome::Success),
            ("2", Outcome::Failure),
            ("3", Outcome::Success),
            ("4", Outcome::Failure),
            ("8", Outcome::Overload),
            ("13", Outcome::Failure),
            ("14", Outcome::Overload),
            ("15", Outcome::Failure),
            ("16", Outcome::Success),
        ] {
            let only = head(
                200,
                &[
                    ("content-type", "application/grpc"),
                    ("grpc-status", status),
                ],
            );
            assert_eq!(
                at_head(&Classify::default(), &only),
                AtHead::Known(outcome),
                "{status}"
            );
            let trailers = head(200, &[("grpc-status", status)]).headers;
            assert_eq!(outcome_of_trailers(&trailers), outcome, "{status}");
        }
        assert_eq!(outcome_of_trailers(&HeaderMap::new()), Outcome::Failure);
    }

    #[test]
    fn the_status_of_a_grpc_call_is_awaited_and_that_of_grpc_web_is_not() {
        for (kind, expected) in [
            ("application/grpc", AtHead::AskTrailers),
            ("application/grpc+proto", AtHead::AskTrailers),
            (
                "application/grpc-web+proto",
                AtHead::Known(Outcome::Success),
            ),
            ("application/json", AtHead::Known(Outcome::Success)),
        ] {
            let head = head(200, &[("content-type", kind)]);
            assert_eq!(at_head(&Classify::default(), &head), expected, "{kind}");
        }
    }

    #[test]
    fn a_refusal_of_an_inner_floodwall_is_no_sample_whatever_the_closure_says() {
        let (request, ()) = ::http::Request::new(()).into_parts();
        let refusal = Rejection::new(PolicyName::from_static("inner"), Reason::Full);
        let (answer, _) = Answers::default().respond(&refusal, &request).into_parts();
        assert_eq!(
            at_head(&Classify::default(), &answer),
            AtHead::Known(Outcome::Refused)
        );
        let all_fail = Classify::by(|_| Some(Outcome::Failure));
        assert_eq!(at_head(&all_fail, &answer), AtHead::Known(Outcome::Refused));
    }

    #[test]
    fn a_closure_decides_what_it_wants_to() {
        let classify = Classify::by(|head| (head.status == 500).then_some(Outcome::Overload));
        assert_eq!(
            at_head(&classify, &head(500, &[])),
            AtHead::Known(Outcome::Overload)
        );
        assert_eq!(
            at_head(&classify, &head(502, &[])),
            AtHead::Known(Outcome::Failure)
        );
    }
}
