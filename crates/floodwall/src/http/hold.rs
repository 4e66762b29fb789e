use std::time::Duration;

use ::http::{StatusCode, response};

use super::content::Content;
use super::future::Asked;

/// How long a request holds its place.
///
/// Upgrades (101, a successful CONNECT) and event streams give it back at the head of the response;
/// [`AdmitLayer::hold_streams`](super::AdmitLayer::hold_streams) changes that for event streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HoldUntil {
    /// Until the body has ended, failed, or was dropped: a response that is still being sent still
    /// occupies the service.
    End {
        /// Bounds clients that stop reading: when the limit is full, the next arrival takes back
        /// the places whose bodies have lasted longer than this since their heads. The body itself
        /// goes on. `None`: never. Nothing is timed while there is room.
        at_most: Option<Duration>,
    },
    /// Until the head of the response: for services whose cost is in making the answer, and not in
    /// sending it.
    Headers,
}

impl Default for HoldUntil {
    fn default() -> Self {
        Self::End { at_most: None }
    }
}

/// Whether a response lasts for as long as its caller likes, which says nothing about the service.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lasting {
    Upgrade,
    EventStream,
    No,
}

impl Lasting {
    pub(super) fn of(asked: Asked, head: &response::Parts, content: Content) -> Self {
        if is_upgrade(asked, head) {
            Self::Upgrade
        } else if content == Content::EventStream {
            Self::EventStream
        } else {
            Self::No
        }
    }

    pub(super) fn gives_back_at_head(self, hold: HoldUntil, hold_streams: bool) -> bool {
        hold == HoldUntil::Headers
            || match self {
                Self::Upgrade => true,
                Self::EventStream => !hold_streams,
                Self::No => false,
            }
    }

    pub(super) const fn is_open_ended(self) -> bool {
        !matches!(self, Self::No)
    }
}

fn is_upgrade(asked: Asked, head: &response::Parts) -> bool {
    head.status == StatusCode::SWITCHING_PROTOCOLS || (asked.connect && head.status.is_success())
}
