use floodwall_core::{Reason, Rejection, Report};

use super::text::Text;

/// What the client is told, for people: why, and when to come back.
pub(super) fn write_text(rejection: &Rejection, retry_after: Option<u64>, to: &mut Text) {
    sentence(rejection, |part| {
        to.push(part);
    });
    advice(retry_after, to);
    to.push("\n");
}

/// The same for programs, as `application/problem+json` (RFC 9457).
///
/// Types, titles and `violated-policies` are those of draft-ietf-httpapi-ratelimit-headers-11,
/// section 5; `reason` is ours.
pub(super) fn write_json(rejection: &Rejection, retry_after: Option<u64>, to: &mut Text) {
    let reason = rejection.reason();
    to.push(match reason {
        Reason::MissingKey => SET_UP_WRONGLY,
        _ if reason.is_clients_own() => QUOTA_EXCEEDED,
        _ => REDUCED_CAPACITY,
    });
    to.push("\"detail\":\"");
    sentence(rejection, |part| push_escaped(part, to));
    advice(retry_after, to);
    to.push("\",\"reason\":\"").push(reason.as_str()).push("\"");
    if reason != Reason::MissingKey {
        violated(rejection, to);
    }
    to.push("}");
}

const QUOTA_EXCEEDED: &str = concat!(
    "{\"type\":\"https://iana.org/assignments/http-problem-types#quota-exceeded\",",
    "\"title\":\"Request cannot be satisfied as assigned quota has been exceeded\",",
    "\"status\":429,",
);

const REDUCED_CAPACITY: &str = concat!(
    "{\"type\":\"https://iana.org/assignments/http-problem-types#temporary-reduced-capacity\",",
    "\"title\":\"Request cannot be satisfied due to temporary server capacity constraints\",",
    "\"status\":503,",
);

const SET_UP_WRONGLY: &str =
    "{\"type\":\"about:blank\",\"title\":\"Internal Server Error\",\"status\":500,";

fn violated(rejection: &Rejection, to: &mut Text) {
    // The name of a policy needs no escaping.
    let refused = rejection.policy();
    to.push(",\"violated-policies\":[\"").push(refused.as_str());
    let quotas = rejection.report().into_iter().flat_map(Report::quotas);
    for other in quotas.filter(|quota| quota.violated && quota.policy != refused) {
        to.push("\",\"").push(other.policy.as_str());
    }
    to.push("\"]");
}

/// Why the request was refused, in pieces. Limits and numbers of others stay unsaid.
pub(super) fn sentence(rejection: &Rejection, mut say: impl FnMut(&str)) {
    let policy = rejection.policy();
    let (before, after) = match rejection.reason() {
        Reason::CostAboveBurst => (
            "the request costs more than quota ",
            " ever allows at once: waiting does not help",
        ),
        Reason::Deadline => ("", "the answer would have come after the caller's deadline"),
        Reason::Draining => ("", "the server is shutting down"),
        Reason::Evicted => ("", "more urgent requests took the place in the queue"),
        Reason::Full => ("", "the server has no room for this request"),
        Reason::MissingKey => ("", "the server is set up wrongly"),
        Reason::Quota => ("quota ", " is used up"),
        Reason::QueueTimeout => ("", "no place became free in time"),
        Reason::Shed => (
            "",
            "the server is overloaded and serves what is more urgent first",
        ),
        Reason::Breaker => ("", "what the request needs fails too often at the moment"),
        Reason::Throttled => ("", "what the request needs refuses too much at the moment"),
        _ => ("policy ", " refused the request"),
    };
    if !before.is_empty() {
        say(before);
        say(policy.as_str());
    }
    say(after);
    if let Some(detail) = rejection.detail() {
        say(": ");
        say(detail);
    }
}

fn advice(retry_after: Option<u64>, to: &mut Text) {
    if let Some(seconds) = retry_after {
        to.push("; retry in ").push_number(seconds).push(" s");
    }
}

/// As RFC 8259 section 7 wants it inside of a string.
fn push_escaped(text: &str, to: &mut Text) {
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        to.push(&text[plain..at]).push("\\u00");
        to.push_bytes(&[hex(byte >> 4), hex(byte & 15)]);
        plain = at + 1;
    }
    to.push(&text[plain..]);
}

const fn hex(digit: u8) -> u8 {
    b"0123456789ABCDEF"[digit as usize]
}

#[cfg(test)]
mod tests {
    use floodwall_core::PolicyName;

    use super::*;

    #[test]
    fn whatever_the_detail_the_json_says_the_same() {
        for detail in ["plain", "\"quoted\" \\ and \u{1}\n\ttabs", "ünïcödé ✓", ""] {
            let rejection = Rejection::new(PolicyName::from_static("p"), Reason::Other);
            // A detail must be static, as the fix of a missing key is.
            let rejection = rejection.with_detail(detail);
            let mut text = Text::new();
            let piece = text.piece(|text| write_json(&rejection, Some(3), text));
            let json: serde_json::Value = serde_json::from_slice(&text.freeze()[piece]).unwrap();
            let wanted = format!("policy p refused the request: {detail}; retry in 3 s");
            assert_eq!(json["detail"], wanted);
        }
    }

    #[test]
    fn every_reason_makes_a_sound_problem_of_its_own() {
        let mut seen = Vec::new();
        for reason in Reason::ALL {
            let rejection = Rejection::new(PolicyName::from_static("p"), reason);
            let mut text = Text::new();
            let piece = text.piece(|text| write_json(&rejection, None, text));
            let json: serde_json::Value = serde_json::from_slice(&text.freeze()[piece]).unwrap();
            assert_eq!(json["reason"], reason.as_str());
            assert!(
                !seen.contains(&json["detail"]),
                "{reason} says what another says"
            );
            seen.push(json["detail"].clone());
        }
    }
}
