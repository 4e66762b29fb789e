use ::http::{HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;
use floodwall_core::{QuotaReport, Report};

use super::policies::Known;
use super::text::{Piece, Text, value};
use super::wait::whole_seconds;

/// Which fields tell a client about its quotas.
///
/// ```
/// use floodwall::http::{Answers, FieldStyle};
///
/// let answers = Answers::default().fields(FieldStyle::XRateLimit);
/// # drop(answers);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FieldStyle {
    /// `RateLimit-Policy: "search";q=100;w=1` and `RateLimit: "search";r=99;t=1` as of
    /// draft-ietf-httpapi-ratelimit-headers-11, all quotas of the decision, the violated ones first.
    /// They are added beside those of the service behind, if it sends its own.
    #[default]
    Draft11,
    /// `RateLimit-Limit`, `-Remaining`, `-Reset` (seconds from now) and `RateLimit-Policy: 100;w=1`
    /// as of draft 06, for the one quota that binds most. What the service behind says stays.
    Draft06,
    /// `X-RateLimit-Limit`, `-Remaining`, `-Reset`; the reset is in seconds from now.
    XRateLimit,
    /// The same, with the reset in seconds since 1970 as GitHub has it.
    XRateLimitUnix,
    /// None. A stranger learns no limits; `Retry-After` is sent all the same.
    Off,
}

/// The largest integer that a structured field can hold (RFC 9651 section 3.3.1).
const MAX_INTEGER: u64 = 999_999_999_999_999;

pub(super) static POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
pub(super) static RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
static LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
static REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
static RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
static X_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
static X_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
static X_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// For what kind of answer the fields are meant.
#[derive(Clone, Copy)]
pub(super) enum Of {
    Success,
    /// With its `Retry-After`, if it has one.
    Refusal(Option<u64>),
}

/// Appends the fields of [`FieldStyle::Draft11`] to the headers of a success.
pub(super) fn append(report: &Report, headers: &mut HeaderMap) {
    let policy = Known::of(
        report,
        |to| policies(report, to),
        |known| {
            headers.append(&POLICY, known.policy.clone());
        },
    );
    if policy.is_none() {
        return;
    }
    let mut text = Text::new();
    limits(report, Of::Success, &mut text);
    if let Ok(limit) = HeaderValue::from_maybe_shared(text.freeze()) {
        headers.append(&RATELIMIT, limit);
    }
}

/// `RateLimit-Policy` as of draft 11.
pub(super) fn policies(report: &Report, to: &mut Text) {
    list(report, to, policy_item);
}

/// `RateLimit` as of draft 11.
pub(super) fn limits(report: &Report, of: Of, to: &mut Text) {
    list(report, to, |quota, to| limit_item(quota, of, to));
}

/// Fields of an older style, whose values are pieces of a text that is still being written.
#[derive(Default)]
pub(super) struct OldFields {
    policy: Option<Piece>,
    singles: [Option<(&'static HeaderName, Piece)>; 3],
}

impl OldFields {
    /// Appends what is a list, and sets what can only be said once where nobody has said it yet:
    /// nothing that the service behind says is ever taken away.
    pub(super) fn add(self, whole: &Bytes, headers: &mut HeaderMap) {
        if let Some(policy) = self.policy.and_then(|piece| value(whole, &piece)) {
            headers.append(&POLICY, policy);
        }
        let singles = self.singles.into_iter().flatten();
        if singles.clone().any(|(name, _)| headers.contains_key(name)) {
            // Half of ours beside half of theirs would say something that is true of neither.
            return;
        }
        for (name, piece) in singles {
            if let Some(value) = value(whole, &piece) {
                headers.insert(name, value);
            }
        }
    }
}

pub(super) fn write_old(
    style: FieldStyle,
    report: &Report,
    of: Of,
    unix_now: impl FnOnce() -> u64,
    to: &mut Text,
) -> OldFields {
    let mut fields = OldFields::default();
    let Some(binding) = binding(report) else {
        return fields;
    };
    match style {
        FieldStyle::Draft06 => {
            let policy = to.piece(|to| old_policies(report, to));
            fields.policy = Some(policy).filter(|piece| !piece.is_empty());
            let names = [&LIMIT, &REMAINING, &RESET];
            fields.singles = triplet(names, binding, window(binding, of), of, to);
        }
        FieldStyle::XRateLimit => {
            let names = [&X_LIMIT, &X_REMAINING, &X_RESET];
            fields.singles = triplet(names, binding, window(binding, of), of, to);
        }
        FieldStyle::XRateLimitUnix => {
            let names = [&X_LIMIT, &X_REMAINING, &X_RESET];
            let reset = unix_now().saturating_add(window(binding, of));
            fields.singles = triplet(names, binding, reset, of, to);
        }
        FieldStyle::Draft11 | FieldStyle::Off => {}
    }
    fields
}

/// The quota that the styles with room for one tell about: a violated one, or the one with the
/// least left.
fn binding(report: &Report) -> Option<&QuotaReport> {
    report
        .quotas()
        .min_by_key(|quota| (!quota.violated, quota.remaining))
}

fn list(report: &Report, to: &mut Text, item: impl Fn(&QuotaReport, &mut Text)) {
    for (i, quota) in report.quotas().enumerate() {
        if i > 0 {
            to.push(", ");
        }
        // A policy's name has no character that a structured string would have to escape.
        to.push("\"").push_bytes(quota.policy.as_bytes());
        item(quota, to);
    }
}

fn policy_item(quota: &QuotaReport, to: &mut Text) {
    to.push("\";q=").push_number(quota.quota.min(MAX_INTEGER));
    if let Some(seconds) = quota
        .window
        .filter(|seconds| (1..=MAX_INTEGER).contains(seconds))
    {
        to.push(";w=").push_number(seconds);
    }
}

fn limit_item(quota: &QuotaReport, of: Of, to: &mut Text) {
    to.push("\";r=")
        .push_number(available(quota, of).min(MAX_INTEGER));
    let window = window(quota, of);
    match of {
        // The draft wants no window that ends after Retry-After. Of a quota that refused nothing
        // there is none to tell then: a shorter one would invite more than the quota allows.
        Of::Refusal(Some(retry_after)) if window > retry_after => {}
        _ => {
            to.push(";t=").push_number(window);
        }
    }
}

/// `100;w=1, 5000;w=3600`; the window is no option there, so quotas without one are left out.
fn old_policies(report: &Report, to: &mut Text) {
    let mut first = true;
    for quota in report.quotas() {
        let Some(seconds) = quota.window else {
            continue;
        };
        if !first {
            to.push(", ");
        }
        first = false;
        to.push_number(quota.quota.min(MAX_INTEGER));
        to.push(";w=").push_number(seconds.clamp(1, MAX_INTEGER));
    }
}

fn triplet(
    [limit, remaining, reset]: [&'static HeaderName; 3],
    quota: &QuotaReport,
    at: u64,
    of: Of,
    to: &mut Text,
) -> [Option<(&'static HeaderName, Piece)>; 3] {
    let mut number = |n: u64| {
        to.piece(|to| {
            to.push_number(n.min(MAX_INTEGER));
        })
    };
    [
        Some((limit, number(quota.quota))),
        Some((remaining, number(available(quota, of)))),
        Some((reset, number(at))),
    ]
}

/// A quota that asked for patience has nothing left: a rest that is too small for this cost is not
/// worth another try.
fn available(quota: &QuotaReport, of: Of) -> u64 {
    match of {
        Of::Refusal(Some(_)) if quota.violated => 0,
        _ => quota.remaining,
    }
}

/// The effective window `t`: so many seconds from now no more than what is available should be used.
///
/// Not shorter than it takes until the whole burst is there again, and not so short that a client
/// which divides `r` by `t` would get a higher rate than the quota has. With nothing available it
/// is the time until something is.
fn window(quota: &QuotaReport, of: Of) -> u64 {
    let full = whole_seconds(quota.full_in);
    let earns = |units: u64| {
        let window = quota.window.filter(|_| quota.quota > 0)?;
        Some(seconds_for(units, window, quota.quota).clamp(1, MAX_INTEGER))
    };
    match (available(quota, of), of) {
        (0, Of::Refusal(Some(retry_after))) if quota.violated => full.min(retry_after),
        (0, _) => earns(1).map_or(full, |one| one.min(full)),
        (available, _) => earns(available).map_or(full, |all| all.max(full)),
    }
}

/// `units * window / quota`, rounded up.
fn seconds_for(units: u64, window: u64, quota: u64) -> u64 {
    // A division of 128 bits takes several times as long, and next to nobody needs it.
    if let Some(product) = units.checked_mul(window) {
        return product.div_ceil(quota);
    }
    let seconds = (u128::from(units) * u128::from(window)).div_ceil(u128::from(quota));
    u64::try_from(seconds).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use floodwall_core::PolicyName;

    use super::*;

    fn quota(remaining: u64, full_in_ms: u64) -> QuotaReport {
        QuotaReport {
            policy: PolicyName::from_static("p"),
            quota: 10,
            window: Some(1),
            remaining,
            full_in: Duration::from_millis(full_in_ms),
            violated: false,
        }
    }

    #[test]
    fn a_large_burst_does_not_invite_a_higher_rate() {
        // 10 a second with a burst of 1,000 of which one is spent: not 999 within a second.
        assert_eq!(window(&quota(999, 100), Of::Success), 100);
        assert_eq!(window(&quota(9, 100), Of::Success), 1);
        assert_eq!(window(&quota(5, 60_100), Of::Success), 61);
    }

    #[test]
    fn with_nothing_left_the_window_is_the_time_until_something_is() {
        assert_eq!(window(&quota(0, 60_000), Of::Success), 1);
        let slow = QuotaReport {
            quota: 1,
            window: Some(60),
            ..quota(0, 3_000)
        };
        assert_eq!(window(&slow, Of::Success), 3);
        let odd = QuotaReport {
            window: None,
            ..quota(0, 60_000)
        };
        assert_eq!(window(&odd, Of::Success), 60);
    }

    #[test]
    fn extremes_do_not_overflow() {
        let extreme = QuotaReport {
            quota: 1,
            window: Some(u64::MAX),
            remaining: u64::MAX,
            full_in: Duration::MAX,
            ..quota(0, 0)
        };
        assert_eq!(window(&extreme, Of::Success), MAX_INTEGER);
        let none = QuotaReport {
            quota: 0,
            ..extreme
        };
        window(&none, Of::Success);
    }
}
