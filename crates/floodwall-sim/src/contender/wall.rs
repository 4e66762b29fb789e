use std::convert::Infallible;
use std::hash::Hash;
use std::time::Duration;

use floodwall::concurrency::{ConcurrencyLimitHandle, Tenant, TenantOf};
use floodwall::extract::{CostOf, DeadlineOf, KeyOf, MissingKey, PriorityOf};
use floodwall::rate_limit::RateLimit;
use floodwall::{
    BuildError, ConcurrencyLimit, Matches, Now, Outcome, Priority, Shed, adaptive, admit, all,
};
use floodwall_core::limit::Preset;
use floodwall_core::rate::{HashSecret, KeyHasher};
use tokio::time::Instant;
use tower::Layer;

use crate::backend::{Backend, TierService};
use crate::engine::Stage;
use crate::scenario::{Per, QueueRule, ShedBy, ShedRule, Stack, Tier};
use crate::{Answer, Answered, Attempt};

/// What is read from an attempt, or not.
#[derive(Clone, Copy, Debug)]
struct Read(bool);

/// Whose quota it is, or whose turn.
#[derive(Clone, Copy, Debug)]
struct Key(Per);

type Quota = RateLimit<Key, Read>;

/// Where an algorithm begins, unless it is told.
pub(super) const START: u32 = 20;

/// What moves a limit, and from where on.
pub(super) type Moves = (Preset, u32);

/// The real layers, in the order in which users put them: quotas, then the limit, as one decision. What
/// moves its limit may be another algorithm than the stack says; all else, its queue too, stays.
pub(super) fn floodwall(
    stage: &Stage<'_>,
    tier: &Tier,
    backend: Backend,
    stack: &Stack,
    moves: Option<Moves>,
) -> Result<TierService, String> {
    let seed = stage.world().stream(&format!("stack/{}", tier.name)).bits();
    let quota = |per| quota(stack, per, seed).map_err(|error| error.to_string());
    let limit = limit(stack, tier, moves, seed).map_err(|error| error.to_string())?;
    if let Some(limit) = &limit {
        stage.watch_limit(&limit.handle());
    }
    let shed = match (&stack.shed, &limit) {
        (Some(rule), Some(limit)) => Some(shed(rule, stack, &limit.handle(), seed)?),
        _ => None,
    };
    if let Some(shed) = &shed {
        stage.watch_shed(&shed.handle());
    }
    let policy = all((
        quota(Per::Tenant)?,
        quota(Per::Client)?,
        quota(Per::All)?,
        shed,
        limit,
    ));
    let layer = admit::AdmitLayer::new(policy).classify(admit::classify_fn(outcome));
    Ok(TierService::new(Answered::new(layer.layer(backend))))
}

/// A tier further in that refuses has pushed back.
fn outcome(result: Result<&Answer, &Infallible>) -> Outcome {
    match result {
        Ok(Answer::Good { .. }) => Outcome::Success,
        Ok(Answer::Refused(_)) => Outcome::Overload,
        Ok(Answer::Failed) => Outcome::Failure,
        Err(never) => match *never {},
    }
}

fn quota(stack: &Stack, per: Per, seed: u64) -> Result<Option<Quota>, BuildError> {
    let mut rules = stack.quotas.iter().filter(|rule| rule.per == per);
    let Some(first) = rules.next() else {
        return Ok(None);
    };
    let mut builder = RateLimit::builder(first.allow.as_str());
    for rule in rules {
        builder = builder.quota(rule.allow.as_str());
    }
    builder
        .key(Key(per))
        .cost(Read(true))
        .seed(seed)
        .build()
        .map(Some)
}

type Limit = ConcurrencyLimit<Read, Read, Key>;

fn limit(
    stack: &Stack,
    tier: &Tier,
    moves: Option<Moves>,
    seed: u64,
) -> Result<Option<Limit>, BuildError> {
    let mut builder = match (moves, stack.limit) {
        (Some((Preset::Fixed, limit)), _) => ConcurrencyLimit::builder(limit),
        (Some((preset, start)), _) => adaptive().with_algorithm(preset.build(start)),
        (None, Some(start)) if stack.adaptive => adaptive().start(start),
        (None, None) if stack.adaptive => adaptive(),
        (None, Some(limit)) => ConcurrencyLimit::builder(limit),
        (None, None) => return Ok(None),
    };
    // A queue that is not said is as long as one for the limit that is said, whatever is in its place.
    let usual = moves.map(|_| QueueRule::default());
    if let Some(rule) = stack.queue.as_ref().or(usual.as_ref()) {
        builder = match rule.builder(stack.limit.unwrap_or(tier.workers)) {
            Some(queue) => builder.queue(queue),
            None => builder.no_queue(),
        };
    }
    let turns = stack.queue.as_ref().map_or(Per::All, |rule| rule.fair);
    builder
        .priority(Read(stack.priority))
        .deadline(Read(stack.deadline))
        .told_apart_by(Key(turns))
        .seed(seed)
        .build()
        .map(Some)
}

type Shedder = Shed<Read, Key, Read>;

fn shed(
    rule: &ShedRule,
    stack: &Stack,
    limit: &ConcurrencyLimitHandle,
    seed: u64,
) -> Result<Shedder, String> {
    let builder = rule.builder().queue(limit).seed(seed).retries(Read(true));
    let builder = builder.priority(Read(stack.priority));
    let half_life = Duration::from_secs(30);
    let built = match rule.by {
        // Without a key nobody is told apart.
        ShedBy::Turns => builder.tenant(Key(Per::All)).in_turns().build(),
        ShedBy::Tenant => builder.tenant(Key(Per::Tenant)).build(),
        ShedBy::Usage => builder.tenant(Key(Per::Tenant)).by_usage(half_life).build(),
    };
    built.map_err(|error| error.to_string())
}

impl Matches<Attempt> for Read {
    fn matches(&self, attempt: &Attempt) -> bool {
        self.0 && attempt.retries() > 0
    }
}

impl PriorityOf<Attempt> for Read {
    fn priority(&self, attempt: &Attempt) -> Priority {
        if self.0 {
            attempt.class()
        } else {
            Priority::NORMAL
        }
    }
}

impl DeadlineOf<Attempt> for Read {
    fn deadline(&self, attempt: &Attempt, _now: &Now) -> Option<Instant> {
        attempt.deadline().filter(|_| self.0)
    }
}

impl CostOf<Attempt> for Read {
    fn cost(&self, attempt: &Attempt) -> u32 {
        attempt.cost()
    }
}

impl TenantOf<Attempt> for Key {
    fn tenant(&self, attempt: &Attempt, secret: &HashSecret) -> Result<Tenant, MissingKey> {
        let mut hasher = secret.hasher();
        self.key(attempt, &mut hasher)?;
        Ok(Tenant::new(hasher.finish_key()).with_cost(attempt.cost()))
    }
}

impl KeyOf<Attempt> for Key {
    fn key(&self, attempt: &Attempt, to: &mut KeyHasher) -> Result<(), MissingKey> {
        match self.0 {
            Per::Tenant => (attempt.client_index(), attempt.tenant()).hash(to),
            Per::Client => attempt.client_index().hash(to),
            Per::All => {}
        }
        Ok(())
    }
}
