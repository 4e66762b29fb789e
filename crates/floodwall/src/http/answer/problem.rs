use floodwall_core::{Reason, Rejection, Report};

use super::text::{Piece, Text};

/// Returns where the seconds of `retry_after` are.
pub(super) fn write(
    rejection: &Rejection,
    json: bool,
    retry_after: Option<u64>,
    to: &mut Text,
) -> Piece {
    if json {
        write_json(rejection, retry_after, to)
    } else {
        write_text(rejection, retry_after, to)
    }
}

/// What the client is told, for people: why, and when to come back.
fn write_text(rejection: &Rejection, retry_after: Option<u64>, to: &mut Text) -> Piece {
    sentence(rejection, |part| {
        to.push(part);
    });
    let seconds = advice(retry_after, to);
    to.push("\n");
    seconds
}

/// The same for programs, as `application/problem+json` (RFC 9457).
///
/// Types, titles and `violated-policies` are those of draft-ietf-httpapi-ratelimit-headers-11,
/// section 5; `reason` is ours.
fn write_json(rejection: &Rejection, retry_after: Option<u64>, to: &mut Text) -> Piece {
    let words = words(rejection.reason());
    to.push(words.begin);
    if words.names_policy {
        to.push_bytes(rejection.policy().as_bytes());
    }
    let seconds = match (rejection.detail(), retry_after) {
        (None, Some(seconds)) => {
            to.push(words.after_then_wait);
            let seconds = to.piece(|to| {
                to.push_number(seconds);
            });
            to.push(words.wait_then_end);
            seconds
        }
        (detail, retry_after) => {
            to.push(words.after);
            if let Some(detail) = detail {
                to.push(": ");
                push_escaped(detail, to);
            }
            let seconds = advice(retry_after, to);
            to.push(words.end);
            seconds
        }
    };
    if words.names_violated {
        violated(rejection, to);
    }
    seconds
}

/// What is said for a reason. All that is the same each time is put together by the compiler.
struct Words {
    /// The problem to the end of what the sentence has before the name of the policy; all of the
    /// sentence if it names none.
    begin: &'static str,
    before: &'static str,
    names_policy: bool,
    after: &'static str,
    after_then_wait: &'static str,
    /// The problem from the end of the sentence to the names of the violated policies, or to its end.
    end: &'static str,
    wait_then_end: &'static str,
    names_violated: bool,
}

macro_rules! quota_exceeded {
    () => {
        concat!(
            "{\"type\":\"https://iana.org/assignments/http-problem-types#quota-exceeded\",",
            "\"title\":\"Request cannot be satisfied as assigned quota has been exceeded\",",
            "\"status\":429,",
        )
    };
}

macro_rules! reduced_capacity {
    () => {
        concat!(
            "{\"type\":\"https://iana.org/assignments/http-problem-types#temporary-reduced-capacity\",",
            "\"title\":\"Request cannot be satisfied due to temporary server capacity constraints\",",
            "\"status\":503,",
        )
    };
}

macro_rules! set_up_wrongly {
    () => {
        "{\"type\":\"about:blank\",\"title\":\"Internal Server Error\",\"status\":500,"
    };
}

macro_rules! end {
    (set_up_wrongly, $reason:literal) => {
        concat!("\",\"reason\":\"", $reason, "\"}")
    };
    ($problem:ident, $reason:literal) => {
        concat!("\",\"reason\":\"", $reason, "\",\"violated-policies\":[\"")
    };
}

macro_rules! words {
    ($problem:ident, $reason:literal, $sentence:literal) => {
        words!($problem, $reason, $sentence, false, "")
    };
    ($problem:ident, $reason:literal, $before:literal, policy, $after:literal) => {
        words!($problem, $reason, $before, true, $after)
    };
    ($problem:ident, $reason:literal, $before:literal, $names_policy:literal, $after:literal) => {
        const {
            &Words {
                begin: concat!($problem!(), "\"detail\":\"", $before),
                before: $before,
                names_policy: $names_policy,
                after: $after,
                after_then_wait: concat!($after, "; retry in "),
                end: end!($problem, $reason),
                wait_then_end: concat!(" s", end!($problem, $reason)),
                names_violated: !matches!(stringify!($problem).as_bytes(), b"set_up_wrongly"),
            }
        }
    };
}

/// Limits and numbers of others stay unsaid.
#[rustfmt::skip]
const fn words(reason: Reason) -> &'static Words {
    match reason {
        Reason::CostAboveBurst => words!(
            quota_exceeded, "cost_above_burst",
            "the request costs more than quota ", policy,
            " ever allows at once: waiting does not help"
        ),
        Reason::Quota => words!(quota_exceeded, "quota", "quota ", policy, " is used up"),
        Reason::MissingKey => words!(
            set_up_wrongly, "missing_key", "the server is set up wrongly"
        ),
        Reason::Deadline => words!(
            reduced_capacity, "deadline",
            "the answer would have come after the caller's deadline"
        ),
        Reason::Draining => words!(
            reduced_capacity, "draining", "the server is shutting down"
        ),
        Reason::Evicted => words!(
            reduced_capacity, "evicted", "more urgent requests took the place in the queue"
        ),
        Reason::Full => words!(
            reduced_capacity, "full", "the server has no room for this request"
        ),
        Reason::QueueTimeout => words!(
            reduced_capacity, "queue_timeout", "no place became free in time"
        ),
        Reason::Shed => words!(
            reduced_capacity, "shed",
            "the server is overloaded and serves what is more urgent first"
        ),
        Reason::Breaker => words!(
            reduced_capacity, "breaker", "what the request needs fails too often at the moment"
        ),
        Reason::Throttled => words!(
            reduced_capacity, "throttled",
            "what the request needs refuses too much at the moment"
        ),
        _ => words!(reduced_capacity, "other", "policy ", policy, " refused the request"),
    }
}

fn violated(rejection: &Rejection, to: &mut Text) {
    // The name of a policy needs no escaping.
    let refused = rejection.policy();
    to.push_bytes(refused.as_bytes());
    let quotas = rejection.report().into_iter().flat_map(Report::quotas);
    // The violated ones are the first.
    for other in quotas.take_while(|quota| quota.violated) {
        if other.policy != refused {
            to.push("\",\"").push_bytes(other.policy.as_bytes());
        }
    }
    to.push("\"]}");
}

/// Why the request was refused, in pieces.
pub(super) fn sentence(rejection: &Rejection, mut say: impl FnMut(&str)) {
    let words = words(rejection.reason());
    say(words.before);
    if words.names_policy {
        say(rejection.policy().as_str());
        say(words.after);
    }
    if let Some(detail) = rejection.detail() {
        say(": ");
        say(detail);
    }
}

/// Where the number of seconds is, if there is one.
fn advice(retry_after: Option<u64>, to: &mut Text) -> Piece {
    let Some(seconds) = retry_after else {
        return 0..0;
    };
    to.push("; retry in ");
    let piece = to.piece(|to| {
        to.push_number(seconds);
    });
    to.push(" s");
    piece
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
            let piece = text.piece(|text| {
                write_json(&rejection, Some(3), text);
            });
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
            let piece = text.piece(|text| {
                write_json(&rejection, None, text);
            });
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
