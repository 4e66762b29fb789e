use std::time::Instant;

pub(crate) fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "a generator lives in real time")]
    Instant::now()
}
