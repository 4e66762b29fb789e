use ::http::header::CONTENT_TYPE;
use ::http::{HeaderMap, HeaderName, HeaderValue, Response};
use bytes::Bytes;
use floodwall_core::{Reason, Rejection};

use super::problem;
use super::text::{Text, value};
use super::wait::{Jitter, wait_of};

static GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
static GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
static PUSHBACK: HeaderName = HeaderName::from_static("grpc-retry-pushback-ms");

const TYPES: [&str; 9] = [
    "application/grpc",
    "application/grpc+proto",
    "application/grpc+json",
    "application/grpc-web",
    "application/grpc-web+proto",
    "application/grpc-web+json",
    "application/grpc-web-text",
    "application/grpc-web-text+proto",
    "application/grpc-web-text+json",
];

/// The content type to answer with, if these are the headers of a gRPC call.
pub(super) fn content_type(headers: &HeaderMap) -> Option<&'static str> {
    let asked = headers.get(CONTENT_TYPE)?.as_bytes();
    let asked = asked.split(|&byte| byte == b';').next()?.trim_ascii();
    let known = TYPES
        .into_iter()
        .find(|known| asked.eq_ignore_ascii_case(known.as_bytes()));
    known.or_else(|| {
        // A codec that we do not know; its own name is the caller's text and is not repeated.
        let (kind, codec) = asked.split_at_checked(TYPES[0].len())?;
        (kind.eq_ignore_ascii_case(TYPES[0].as_bytes()) && codec.starts_with(b"+"))
            .then_some(TYPES[0])
    })
}

/// A refusal that a gRPC client can retry: Trailers-Only, so nothing commits the call (gRFC A6).
///
/// The status is in the headers and the body is empty, which HTTP/2 sends as one frame that ends
/// the stream.
pub(super) fn trailers_only(
    rejection: &Rejection,
    content_type: &'static str,
    jitter: &Jitter,
) -> Response<Bytes> {
    let mut text = Text::new();
    let message = text.piece(|text| problem::sentence(rejection, |part| push_encoded(part, text)));
    let pushback = wait_of(rejection).map(|wait| {
        text.piece(|text| {
            text.push_number(jitter.millis(wait));
        })
    });
    let text = text.freeze();

    let mut headers = HeaderMap::with_capacity(6);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(
        GRPC_STATUS.clone(),
        HeaderValue::from_static(status(rejection.reason())),
    );
    if let Some(message) = value(&text, &message) {
        headers.insert(GRPC_MESSAGE.clone(), message);
    }
    match pushback {
        Some(pushback) => {
            if let Some(pushback) = value(&text, &pushback) {
                headers.insert(PUSHBACK.clone(), pushback);
            }
        }
        // Less than zero: do not retry.
        None if rejection.reason() == Reason::CostAboveBurst => {
            headers.insert(PUSHBACK.clone(), HeaderValue::from_static("-1"));
        }
        None => {}
    }
    let mut response = Response::new(Bytes::new());
    *response.headers_mut() = headers;
    response
}

/// `RESOURCE_EXHAUSTED` for what the client used up, which clients do not retry by themselves;
/// `UNAVAILABLE` for our lack of room, which they do; `INTERNAL` for a server set up wrongly.
fn status(reason: Reason) -> &'static str {
    match reason {
        Reason::MissingKey => "13",
        _ if reason.is_clients_own() => "8",
        _ => "14",
    }
}

/// Percent-encoding as the gRPC protocol wants it in a status message: printable ASCII except `%`
/// stands for itself.
fn push_encoded(message: &str, to: &mut Text) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut plain = 0;
    for (at, byte) in message.bytes().enumerate() {
        if matches!(byte, b' '..=b'~') && byte != b'%' {
            continue;
        }
        to.push_bytes(&message.as_bytes()[plain..at]);
        to.push_bytes(&[
            b'%',
            HEX[usize::from(byte >> 4)],
            HEX[usize::from(byte & 15)],
        ]);
        plain = at + 1;
    }
    to.push_bytes(&message.as_bytes()[plain..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grpc_is_told_by_its_content_type_and_nothing_else() {
        for (asked, answered) in [
            ("application/grpc", Some("application/grpc")),
            ("application/grpc+proto", Some("application/grpc+proto")),
            (
                "Application/GRPC+Proto; charset=x",
                Some("application/grpc+proto"),
            ),
            ("application/grpc+thrift", Some("application/grpc")),
            (
                "application/grpc-web-text",
                Some("application/grpc-web-text"),
            ),
            ("application/grpcx", None),
            ("application/grpc-webx", None),
            ("application/json", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(asked));
            assert_eq!(content_type(&headers), answered, "{asked:?}");
        }
        assert_eq!(content_type(&HeaderMap::new()), None);
    }

    #[test]
    fn messages_are_percent_encoded() {
        let mut text = Text::new();
        let piece = text.piece(|text| push_encoded("50% of ü\n~", text));
        assert_eq!(&text.freeze()[piece], b"50%25 of %C3%BC%0A~");
    }
}
