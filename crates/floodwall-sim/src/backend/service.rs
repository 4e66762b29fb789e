use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use floodwall::Reason;
use tower::ServiceExt;
use tower_service::Service;

use super::pool::{Pool, Worked};
use super::tiers::TierService;
use super::work::Work;
use crate::chance::Stream;
use crate::scenario::{Call, Tier};
use crate::time::World;
use crate::{Answer, Attempt};

/// A simulated tier as a service: workers that need a while for each request.
///
/// Clones are the same tier. For a service of one's own it stands for whatever the handlers wait
/// for.
#[derive(Clone)]
pub struct Backend {
    pool: Arc<Pool>,
    rest: Option<Arc<Rest>>,
}

/// What a request does besides being worked on.
struct Rest {
    world: World,
    calls: Vec<(Call, TierService)>,
    tier: Tier,
    /// Its answers are those that clients get.
    faces_clients: bool,
    chance: std::sync::Mutex<Stream>,
}

impl Backend {
    pub(super) fn new(
        world: &World,
        pool: Arc<Pool>,
        tier: &Tier,
        calls: Vec<(Call, TierService)>,
        faces_clients: bool,
    ) -> Self {
        let rest = (!calls.is_empty() || tier.stream.is_some()).then(|| {
            Arc::new(Rest {
                world: world.clone(),
                calls,
                tier: tier.clone(),
                faces_clients,
                chance: std::sync::Mutex::new(world.stream(&format!("tier/{}/answers", tier.name))),
            })
        });
        Self { pool, rest }
    }
}

impl std::fmt::Debug for Backend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Backend")
            .field("standing", &self.pool.standing())
            .finish_non_exhaustive()
    }
}

impl Service<Attempt> for Backend {
    type Response = Answer;
    type Error = Infallible;
    type Future = BackendFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, attempt: Attempt) -> BackendFuture {
        let pool = Arc::clone(&self.pool);
        BackendFuture(match &self.rest {
            None => Inside::Plain(Work::new(pool, attempt.work(), false)),
            Some(rest) => Inside::Whole(Box::pin(whole(pool, Arc::clone(rest), attempt))),
        })
    }
}

/// The future of [`Backend`].
pub struct BackendFuture(Inside);

enum Inside {
    Plain(Work),
    Whole(Pin<Box<dyn Future<Output = Answer> + Send>>),
}

impl std::fmt::Debug for BackendFuture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BackendFuture")
    }
}

impl Future for BackendFuture {
    type Output = Result<Answer, Infallible>;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Inside::Plain(work) => Pin::new(work).poll(cx).map(|worked| Ok(answer(worked))),
            Inside::Whole(whole) => whole.as_mut().poll(cx).map(Ok),
        }
    }
}

fn answer(worked: Option<(Worked, u32)>) -> Answer {
    match worked {
        Some((Worked::Well, _)) => Answer::GOOD,
        Some((Worked::Failed, _)) => Answer::Failed,
        None => Answer::refused(Reason::Full),
    }
}

async fn whole(pool: Arc<Pool>, rest: Arc<Rest>, attempt: Attempt) -> Answer {
    let keeps = !rest.calls.is_empty();
    let worked = Work::new(Arc::clone(&pool), attempt.work(), keeps).await;
    let kept = match worked {
        Some((_, id)) if keeps => Some(Work::keep(&pool, id)),
        _ => None,
    };
    let mut answer = answer(worked);
    for (call, tier) in &rest.calls {
        if answer != Answer::GOOD {
            break;
        }
        let times = rest.times(call);
        answer = if call.parallel {
            all_at_once(tier, &attempt, times).await
        } else {
            one_by_one(tier, &attempt, times).await
        };
    }
    drop(kept);
    if let (Answer::Good { .. }, Some(stream)) = (answer, &rest.tier.stream) {
        let head = rest.world.instant(rest.world.now());
        let time = stream.draw(
            &mut rest
                .chance
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        );
        if rest.faces_clients {
            attempt.answer_begins();
        }
        rest.world.sleep(time).await;
        return Answer::Good { head: Some(head) };
    }
    answer
}

impl Rest {
    fn times(&self, call: &Call) -> u32 {
        let more = call
            .up_to
            .map_or(0, |up_to| up_to.saturating_sub(call.times));
        if more == 0 {
            return call.times;
        }
        let mut chance = self
            .chance
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        call.times + chance.below(more + 1)
    }
}

/// The whole is good if each call is.
async fn one_by_one(tier: &TierService, attempt: &Attempt, times: u32) -> Answer {
    for _ in 0..times {
        let answer = ask(tier, attempt).await;
        if !matches!(answer, Answer::Good { .. }) {
            return answer;
        }
    }
    Answer::GOOD
}

async fn all_at_once(tier: &TierService, attempt: &Attempt, times: u32) -> Answer {
    let mut open: Vec<_> = (0..times).map(|_| Box::pin(ask(tier, attempt))).collect();
    std::future::poll_fn(|cx| {
        let mut bad = None;
        open.retain_mut(|call| match call.as_mut().poll(cx) {
            Poll::Ready(Answer::Good { .. }) => false,
            Poll::Ready(answer) => {
                bad.get_or_insert(answer);
                false
            }
            Poll::Pending => true,
        });
        match bad {
            Some(answer) => Poll::Ready(answer),
            None if open.is_empty() => Poll::Ready(Answer::GOOD),
            None => Poll::Pending,
        }
    })
    .await
}

async fn ask(tier: &TierService, attempt: &Attempt) -> Answer {
    match tier.clone().oneshot(attempt.clone()).await {
        Ok(answer) => answer,
        Err(never) => match never {},
    }
}
