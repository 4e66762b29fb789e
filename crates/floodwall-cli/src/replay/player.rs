//! The service that the simulation asks: the stack, and behind it whoever does the work.

use std::{
    cell::RefCell,
    convert::Infallible,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use floodwall::{
    BuildError,
    http::{Head, Refused},
    signals::Signals,
    stack::{Stack, StackLayer, StackSnapshot},
};
use floodwall_sim::{Answer, Attempt, Stage, Stream, Times, World};
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use tokio::sync::Semaphore;
use tower::{Service, ServiceExt};
use tower_layer::Layer;

use super::{
    keys::Keys,
    log::Row,
    play::Play,
    request,
    tally::{Asked, End, Tally},
};

/// So long after the last request came, whoever still works ends: a connection that stayed open for a
/// day changes nothing any more, and the simulation takes who waits for an hour as forgotten.
const AFTER: Duration = Duration::from_secs(30 * 60);

type Wall = <StackLayer as Layer<Backend>>::Service;

/// What all requests of a play share.
pub(super) struct Parts<'a> {
    rows: &'a [Row],
    /// When the log began, or 0.
    start: u64,
    stack: Stack,
    wall: Wall,
    keys: Keys,
    service: Option<&'a Times>,
    chance: RefCell<Stream>,
    world: World,
    tally: RefCell<Tally>,
}

impl<'a> Parts<'a> {
    pub(super) fn new(play: &Play<'a>, stage: &Stage<'_>) -> Result<Self, BuildError> {
        // The memory of this machine, today, says nothing of that one, yesterday.
        let signals = Signals::builder().without_machine().build()?;
        let builder = play.config.builder()?.seed(play.seed);
        let stack = builder.signals(&signals).build()?;
        let handle = stack.handle();
        if let Some(limit) = handle.concurrency() {
            stage.watch_limit(&limit);
        }
        if let Some(shed) = handle.shed() {
            stage.watch_shed(&shed);
        }
        let world = stage.world().clone();
        let places = play.workers.map(|workers| workers as usize);
        let last = play.log.rows.last().map_or(0, |row| row.at);
        let backend = Backend {
            world: world.clone(),
            end: Duration::from_nanos(last).saturating_add(AFTER),
            places: places.map(|places| Arc::new(Semaphore::new(places))),
        };
        Ok(Self {
            rows: &play.log.rows,
            start: play.log.start.unwrap_or(0),
            wall: stack.layer().layer(backend),
            keys: Keys::new(play.config, &stack)?,
            service: play.service,
            chance: RefCell::new(world.stream("service")),
            tally: RefCell::new(Tally::new()),
            stack,
            world,
        })
    }

    pub(super) fn snapshot(&self) -> StackSnapshot {
        self.stack.handle().snapshot()
    }

    pub(super) fn into_tally(self: Rc<Self>) -> Tally {
        self.tally.replace(Tally::new())
    }

    async fn ask(&self, number: u64) -> Answer {
        let row = usize::try_from(number).ok().and_then(|n| self.rows.get(n));
        let Some(row) = row else {
            return Answer::Failed;
        };
        let (head, ()) = request::of(row).into_parts();
        let asked = Asked {
            at: self.start.saturating_add(row.at),
            class: self.stack.priority_of(&head),
            exempt: self.stack.exempts(&head),
        };
        let service = row.service.map(Duration::from_nanos).unwrap_or_else(|| {
            let chance = &mut *self.chance.borrow_mut();
            self.service
                .map_or(Duration::ZERO, |times| times.draw(chance))
        });
        let came = self.world.elapsed();
        let request = Request::from_parts(head.clone(), service);
        let response = match self.wall.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let extensions = response.extensions();
        let (end, answer) = if let Some(refused) = extensions.get::<Refused>() {
            (
                self.refused(*refused, &head),
                Answer::refused(refused.reason()),
            )
        } else if let Some(worked) = extensions.get::<Worked>() {
            let end = End::Admitted {
                waited: worked.began.saturating_sub(came),
                behind: worked.behind,
            };
            (end, Answer::GOOD)
        } else {
            // The inner service always says when it began.
            (End::Lost, Answer::Failed)
        };
        self.tally.borrow_mut().add(&asked, end);
        // The permit is given back at the end of the body.
        drop(response.into_body().collect().await);
        answer
    }
}

impl Parts<'_> {
    fn refused(&self, refused: Refused, head: &Head) -> End {
        let reason = refused.reason();
        let mut policy = refused.policy().to_string();
        let mut key = None;
        if reason.is_clients_own() {
            // An answer names the rate that was broken, which several quotas may have. A refusal
            // charges nothing, so the same one still refuses.
            let told = self.stack.explain(head).quotas;
            if let Some(quota) = told.iter().find(|quota| quota.refuses.is_some()) {
                key = self.keys.of(&quota.policy, head);
                if quota.policy != policy {
                    policy = format!("{} ({policy})", quota.policy);
                }
            }
        }
        End::Refused {
            policy,
            reason,
            key,
        }
    }
}

/// Asks for the row with the number of the attempt.
#[derive(Clone)]
pub(super) struct Player<'a>(Option<Rc<Parts<'a>>>);

impl<'a> Player<'a> {
    /// Without parts it answers nobody: the run is over before anybody asks.
    pub(super) fn new(parts: Option<&Rc<Parts<'a>>>) -> Self {
        Self(parts.map(Rc::clone))
    }
}

impl<'a> Service<Attempt> for Player<'a> {
    type Response = Answer;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, Infallible>> + 'a>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, attempt: Attempt) -> Self::Future {
        let parts = self.0.clone();
        Box::pin(async move {
            Ok(match parts {
                Some(parts) => parts.ask(attempt.id()).await,
                None => Answer::Failed,
            })
        })
    }
}

/// Works on each request for as long as its body says.
#[derive(Clone)]
struct Backend {
    world: World,
    end: Duration,
    /// As many as there are workers, if that is limited.
    places: Option<Arc<Semaphore>>,
}

/// How it went behind the stack; rides on the response.
#[derive(Clone, Copy)]
struct Worked {
    began: Duration,
    /// The wait for a worker.
    behind: Duration,
}

impl Service<Request<Duration>> for Backend {
    type Response = Response<Empty<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Duration>) -> Self::Future {
        let Self { world, end, places } = self.clone();
        Box::pin(async move {
            let began = world.elapsed();
            let _place = match places {
                // Nobody closes it.
                Some(places) => places.acquire_owned().await.ok(),
                None => None,
            };
            let behind = world.elapsed().saturating_sub(began);
            let left = end.saturating_sub(world.elapsed());
            world.sleep(left.min(*request.body())).await;
            let mut response = Response::new(Empty::new());
            response.extensions_mut().insert(Worked { began, behind });
            Ok(response)
        })
    }
}
