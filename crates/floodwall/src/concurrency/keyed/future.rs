use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use floodwall_core::rate::KeyHash;
use floodwall_core::{Priority, Rejection};
use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::shared::Shared;
use crate::concurrency::{Acquire, ConcurrencyPermit};
use crate::extract::MissingKey;
use crate::spare::Lent;

pin_project! {
    /// The decision of a [`KeyedConcurrencyLimit`](super::KeyedConcurrencyLimit): a place, or a
    /// refusal.
    #[derive(Debug)]
    #[project = StateProj]
    pub struct KeyedAcquire {
        #[pin]
        state: State,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = StateOf]
    enum State {
        // Nothing is taken from anybody before it is polled.
        Asked { asked: Option<Asked> },
        Entering { #[pin] entering: Acquire },
    }
}

#[derive(Debug)]
pub(super) struct Asked {
    pub(super) shared: Arc<Shared>,
    pub(super) key: Result<KeyHash, MissingKey>,
    pub(super) priority: Priority,
    pub(super) deadline: Option<Instant>,
}

impl KeyedAcquire {
    pub(super) const fn new(asked: Asked) -> Self {
        Self {
            state: State::Asked { asked: Some(asked) },
        }
    }
}

impl Future for KeyedAcquire {
    type Output = Result<ConcurrencyPermit, Rejection>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        if let StateOf::Asked { asked } = state.as_mut().project() {
            let Asked {
                shared,
                key,
                priority,
                deadline,
            } = asked.take().expect("a decision is polled to its end once");
            let key = match key {
                Ok(key) => key,
                Err(missing) => {
                    let refusal = shared.missing(&missing);
                    shared.observer.refused(priority, refusal.reason(), None);
                    return Poll::Ready(Err(refusal));
                }
            };
            let core = shared.limit_of(key);
            let entering = Acquire::new(Lent::counted(core), priority, deadline);
            state.set(State::Entering { entering });
        }
        match state.project() {
            StateOf::Entering { entering } => entering.poll(cx),
            StateOf::Asked { .. } => unreachable!("it was just set"),
        }
    }
}
