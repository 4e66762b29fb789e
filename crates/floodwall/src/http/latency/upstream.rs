use std::time::{Duration, UNIX_EPOCH};

use ::http::HeaderName;

use super::stamp::since_epoch;
use crate::Now;
use crate::http::Head;
use crate::http::extract::Trust;

/// Whose stamps are believed, and which.
#[derive(Clone, Debug)]
pub(super) struct Upstream {
    pub(super) trust: Trust,
    pub(super) skew: Duration,
    pub(super) oldest: Duration,
}

static REQUEST_START: HeaderName = HeaderName::from_static("x-request-start");
static QUEUE_START: HeaderName = HeaderName::from_static("x-queue-start");

impl Upstream {
    /// How long ago the first trusted proxy had the request: the oldest of the sound stamps.
    pub(super) fn age(&self, head: &Head, now: &Now) -> Option<Duration> {
        let headers = &head.headers;
        let said = headers.contains_key(&REQUEST_START) || headers.contains_key(&QUEUE_START);
        if !said || !self.trust.covers(head) {
            return None;
        }
        let wall = now.wall()?.duration_since(UNIX_EPOCH).ok()?;
        let start = headers.get_all(&REQUEST_START).into_iter();
        start
            .chain(headers.get_all(&QUEUE_START))
            .flat_map(|line| line.as_bytes().split(|&byte| byte == b','))
            .filter_map(|stamp| self.sound_age(since_epoch(stamp)?, wall))
            .max()
    }

    /// Clocks of different machines differ a little, so a stamp from the near future is one of now.
    fn sound_age(&self, stamp: Duration, wall: Duration) -> Option<Duration> {
        match wall.checked_sub(stamp) {
            Some(age) => (age <= self.oldest).then_some(age),
            None => (stamp - wall <= self.skew).then_some(Duration::ZERO),
        }
    }
}
