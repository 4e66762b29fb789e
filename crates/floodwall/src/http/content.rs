use ::http::HeaderMap;
use ::http::header::CONTENT_TYPE;

/// What the kind of a body says about how its answer ends. It is looked up once for each answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// There will be trailers with a status.
    Grpc,
    /// It lasts for as long as its caller likes.
    EventStream,
    /// gRPC-Web too: it has its status inside of the body, where nobody looks.
    Other,
}

impl Content {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let Some(kind) = headers.get(CONTENT_TYPE) else {
            return Self::Other;
        };
        let kind = kind.as_bytes();
        // Most answers are neither, and this is in the way of each.
        match kind.first() {
            Some(b'a' | b'A') if is(kind, b"application/grpc", b"+; ") => Self::Grpc,
            Some(b't' | b'T') if is(kind, b"text/event-stream", b"; \t") => Self::EventStream,
            _ => Self::Other,
        }
    }
}

/// Whether `kind` is `name`, with nothing behind it but what begins with one of `next`.
fn is(kind: &[u8], name: &[u8], next: &[u8]) -> bool {
    kind.len() >= name.len()
        && kind[..name.len()].eq_ignore_ascii_case(name)
        && kind.get(name.len()).is_none_or(|byte| next.contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_told_by_its_whole_name_whatever_its_case_and_parameters() {
        for (kind, content) in [
            ("application/grpc", Content::Grpc),
            ("Application/GRPC+proto", Content::Grpc),
            ("application/grpc;x=1", Content::Grpc),
            ("application/grpc-web", Content::Other),
            ("application/json", Content::Other),
            ("text/event-stream", Content::EventStream),
            ("Text/Event-Stream; charset=utf-8", Content::EventStream),
            ("text/event-streams", Content::Other),
            ("text/plain", Content::Other),
            ("", Content::Other),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, kind.parse().unwrap())]);
            assert_eq!(Content::of(&headers), content, "{kind}");
        }
        assert_eq!(Content::of(&HeaderMap::new()), Content::Other);
    }
}
