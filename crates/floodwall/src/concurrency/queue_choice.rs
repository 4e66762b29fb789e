use std::time::Duration;

use floodwall_core::queue::{QueueConfig, QueueConfigBuilder};

use super::adaptive::Follow;
use super::fair;
use super::tenants::Turning;
use crate::BuildError;

/// Where those wait who find no place: a whole [`QueueConfigBuilder`], or only how long one may wait.
///
/// With a length of time alone the rest is as when nothing is said: four times the limit, at least 16
/// places. In front of a limit that moves these follow it, and the delay above which the newest are
/// served first follows the time that the service takes. A whole set-up stays as it was given.
///
/// When nothing at all is said, how long one may wait in front of a limit that moves follows, too, up to
/// 100 ms: as long as it takes to bridge the gaps between bursts, which is the time of a service or
/// for 20 to leave, but at least 20 ms. While a fifth of those who come are refused, the newest are
/// served first. While two thirds are, there are no gaps to bridge: a little more than a service is
/// enough then, or time for 4 to leave, but at least 9 ms.
///
/// ```
/// use floodwall::{QueueConfig, adaptive};
/// use std::time::Duration;
///
/// let follows = adaptive().queue(Duration::from_millis(50)).build()?;
/// let stays = adaptive().queue(QueueConfig::builder().capacity(64)).build()?;
/// # drop((follows, stays));
/// # Ok::<(), floodwall::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct QueueChoice(pub(crate) Line);

#[derive(Clone, Debug)]
pub(crate) enum Line {
    None,
    /// Nothing was said.
    Untold,
    /// So many places as the limit asks for.
    Usual(QueueConfigBuilder),
    Set(QueueConfigBuilder),
}

impl From<QueueConfigBuilder> for QueueChoice {
    fn from(queue: QueueConfigBuilder) -> Self {
        Self(Line::Set(queue))
    }
}

impl From<Duration> for QueueChoice {
    fn from(max_wait: Duration) -> Self {
        Self(Line::Usual(QueueConfig::builder().max_wait(max_wait)))
    }
}

impl Line {
    pub(crate) fn usual() -> Self {
        Self::Untold
    }

    /// What that comes to.
    pub(crate) fn told(self) -> Self {
        match self {
            Self::Untold => Self::Usual(QueueConfig::builder()),
            told => told,
        }
    }

    /// The set-up of the queue in front of a limit that is `limit` at first, and what it follows then.
    pub(super) fn make(
        self,
        limit: u32,
        turning: Turning,
    ) -> Result<(Option<QueueConfig>, Option<Follow>), BuildError> {
        let build = |queue: QueueConfigBuilder| {
            let built = queue.build();
            built.map_err(|error| BuildError::caused("queue", error))
        };
        let wait_follows = matches!(self, Self::Untold);
        match self.told() {
            Self::None if turning == Turning::Always => {
                let problem = "there is no queue to take turns in: leave `no_queue` out";
                Err(BuildError::new("fair_by", problem))
            }
            Self::None | Self::Untold => Ok((None, None)),
            Self::Set(queue) => Ok((Some(build(fair::queue(queue, turning)?)?), None)),
            Self::Usual(queue) => {
                // What follows keeps the turns, too.
                let queue = fair::queue(queue, turning)?;
                let follow = Follow::new(queue.clone(), wait_follows);
                let queue = queue.capacity(Follow::places(limit));
                Ok((Some(build(queue)?), Some(follow)))
            }
        }
    }
}
