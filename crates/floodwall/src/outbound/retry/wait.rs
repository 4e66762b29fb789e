use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};

pin_project! {
    /// The time before a retry.
    ///
    /// # Cancel safety
    ///
    /// Dropped with its call, it is as if the retry had never been scheduled.
    #[derive(Debug)]
    pub struct RetryWait {
        #[pin]
        sleep: Sleep,
    }
}

impl RetryWait {
    pub(super) fn new(time: Duration) -> Self {
        Self { sleep: sleep(time) }
    }
}

impl Future for RetryWait {
    type Output = ();
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().sleep.poll(cx)
    }
}
