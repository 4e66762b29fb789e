use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use floodwall::Priority;
use tower::util::Oneshot;
use tower_service::Service;

use super::event::{Attempted, Event};
use super::fault::{self, RunError};
use super::flights::{Flight, Flights, Wanted};
use super::retries::Retries;
use super::sources::{Kind, Source};
use super::{Gauge, Progress, Watch};
use crate::attempt::Who;
use crate::backend::{Pool, Pools, Standing};
use crate::chance::nanos;
use crate::report::{Ended, Look, Member, TENTH, Tally};
use crate::scenario::{Client, Scenario};
use crate::time::{Clock, Due, Moved, Slots, Turn, World};
use crate::{Answer, Attempt, IntoAnswer};

/// How long after the last arrival an answer is waited for: whoever gets none by then is stuck, or
/// is counted as unfinished if there is still something to come.
const DRAIN: u64 = 3_600 * 1_000_000_000;

/// One run of a scenario: the loop that polls what was woken, does what is due, and moves the clock
/// to what is due next.
pub(crate) struct Run<'a, S: Service<Attempt>> {
    world: World,
    clock: Clock,
    turn: Turn,
    /// Tasks were given a turn and have not all come to rest.
    waits: bool,
    /// Something was polled since the tasks last had a turn.
    stirred: bool,
    service: S,
    slots: Slots<Oneshot<S, Attempt>>,
    flights: Flights,
    groups: Vec<Group>,
    sources: Vec<Source>,
    /// Retries to come, by number; free numbers are used again.
    coming: Vec<Option<Wanted>>,
    free: Vec<u32>,
    tally: Tally,
    watch: Watch,
    pools: Pools,
    next_id: u64,
    end: u64,
    progress: &'a mut Progress<'a>,
}

/// A client while it is simulated.
struct Group {
    who: Arc<Who>,
    tenants: u32,
    is_closed: bool,
    cost: u32,
    deadline: Option<u64>,
    patience: Option<u64>,
    retries: Retries,
}

/// What a run needs besides the service.
pub(crate) struct Setting<'a> {
    pub(crate) world: World,
    pub(crate) clock: Clock,
    pub(crate) turn: Turn,
    pub(crate) watch: Watch,
    pub(crate) pools: Pools,
    pub(crate) progress: &'a mut Progress<'a>,
}

impl<'a, S> Run<'a, S>
where
    S: Service<Attempt> + Clone,
    S::Response: IntoAnswer,
    S::Error: IntoAnswer,
{
    pub(crate) fn new(
        scenario: &Scenario,
        service: S,
        setting: Setting<'a>,
    ) -> Result<Self, RunError> {
        let Setting {
            world,
            clock,
            turn,
            watch,
            pools,
            progress,
        } = setting;
        let clients = &scenario.clients;
        let groups: Vec<_> = (0..)
            .zip(clients)
            .map(|(index, client)| Group::new(index, client, &world))
            .collect();
        let is_named = scenario.trace.is_none();
        let members = groups.iter().map(|group| group.member(is_named)).collect();
        let sources = match &scenario.trace {
            Some(trace) => vec![Source::recorded(trace, &world)?],
            None => (0..)
                .zip(clients)
                .map(|(group, client)| Source::new(scenario, group, client, &world))
                .collect(),
        };
        let mut run = Self {
            tally: Tally::new(scenario, members, !pools.is_empty()),
            end: nanos(scenario.length()),
            waits: false,
            stirred: true,
            slots: Slots::new(),
            flights: Flights::default(),
            coming: Vec::new(),
            free: Vec::new(),
            next_id: 0,
            world,
            clock,
            turn,
            service,
            groups,
            sources,
            watch,
            pools,
            progress,
        };
        run.begin(scenario)?;
        Ok(run)
    }

    /// Puts the first of everything on the agenda.
    fn begin(&mut self, scenario: &Scenario) -> Result<(), RunError> {
        let mut start = 0;
        for (index, phase) in (0..).zip(&scenario.phases) {
            self.put(start, Event::Phase(index));
            start += nanos(phase.lasts);
        }
        self.put(TENTH.min(self.end), Event::Mark);
        for index in 0..self.sources.len() {
            let source = index as u16;
            if let Kind::Closed { users, .. } = self.sources[index].kind {
                for user in 0..users {
                    let at = self.sources[index].first_thought();
                    self.put(at, Event::Thought { source, user });
                }
            } else if let Some(at) = self.sources[index].next(0)? {
                self.put(at, Event::Arrival(source));
            }
        }
        Ok(())
    }

    fn put(&self, at: u64, event: Event) {
        self.world.event(at, event.pack());
    }

    pub(crate) fn into_tally(self) -> Tally {
        self.tally
    }

    fn happens(&mut self, event: Event) -> Result<(), RunError> {
        let now = self.world.now();
        match event {
            Event::Arrival(source) => {
                let index = usize::from(source);
                if now < self.end {
                    self.arrives(now, source, None)?;
                    if let Some(at) = self.sources[index].next(now)? {
                        self.put(at, Event::Arrival(source));
                    }
                }
            }
            Event::Thought { source, user } => {
                if now < self.end {
                    self.arrives(now, source, Some((source, user)))?;
                }
            }
            Event::Retry(number) => {
                if let Some(wanted) = self.coming[number as usize].take() {
                    self.free.push(number);
                    self.send(now, wanted)?;
                }
            }
            Event::Timeout(attempt) => self.times_out(now, attempt),
            Event::Leave(attempt) => self.leaves(now, attempt),
            Event::Mark => self.mark(now)?,
            Event::Phase(index) => {
                let tiers = self.tiers();
                self.tally.enter_phase(usize::from(index), &tiers);
            }
        }
        Ok(())
    }

    fn arrives(&mut self, now: u64, source: u16, user: Option<(u16, u32)>) -> Result<(), RunError> {
        let source = &mut self.sources[usize::from(source)];
        let (group, tenant, cost) = if let Kind::Recorded(recording) = &mut source.kind {
            let (class, tenant, cost) = recording.take().expect("one was read for now");
            (u16::from(class), tenant, cost)
        } else {
            let client = &self.groups[usize::from(source.group)];
            let tenant = source.tenant(user.map(|user| user.1), client.tenants);
            (source.group, tenant, client.cost)
        };
        self.groups[usize::from(group)].retries.opened();
        let wanted = Wanted {
            id: self.next_id,
            group,
            tenant,
            cost,
            counted: self.tally.offered(now, group, tenant),
            number: 0,
            user,
        };
        self.next_id += 1;
        self.send(now, wanted)
    }

    fn send(&mut self, now: u64, wanted: Wanted) -> Result<(), RunError> {
        let group = &self.groups[usize::from(wanted.group)];
        let attempt = Attempt {
            who: Arc::clone(&group.who),
            tenant: wanted.tenant,
            id: wanted.id,
            number: wanted.number,
            cost: wanted.cost,
            deadline: group.deadline.map(|time| self.world.instant(now + time)),
        };
        self.tally.attempt(wanted.counted, wanted.group);
        let call = Oneshot::new(self.service.clone(), attempt);
        let slot = self.slots.put(call);
        let (deadline, patience) = (group.deadline, group.patience);
        let retries = group.retries.is_on();
        let flight = Flight {
            wanted,
            sent: now,
            given_up: false,
        };
        let attempt = self.flights.put(slot, flight);
        self.poll_slot(slot)?;
        if self.flights.get(attempt).is_some() {
            let end = match (deadline, patience) {
                (_, Some(time)) => Some((time, Event::Leave(attempt))),
                (Some(time), None) if retries => Some((time, Event::Timeout(attempt))),
                _ => None,
            };
            if let Some((time, event)) = end {
                // Whoever is answered at the very end of its time is answered in time.
                self.world.last_event(now + time, event.pack());
            }
        }
        Ok(())
    }

    fn poll_slot(&mut self, slot: u32) -> Result<(), RunError> {
        self.stirred = true;
        let slots = &mut self.slots;
        // A panic ends the run, so nobody sees what it may have left half done.
        let polled = catch_unwind(AssertUnwindSafe(|| slots.poll(slot)));
        let answer = match polled {
            Ok(Poll::Pending) => return Ok(()),
            Ok(Poll::Ready(Ok(response))) => response.into_answer(),
            Ok(Poll::Ready(Err(error))) => error.into_answer(),
            Err(payload) => {
                return Err(RunError::Panicked {
                    message: fault::message(&*payload),
                    at: self.world.elapsed(),
                });
            }
        };
        if let Some(flight) = self.flights.take(slot) {
            self.answered(self.world.now(), &flight, &answer);
        }
        Ok(())
    }

    fn answered(&mut self, now: u64, flight: &Flight, answer: &Answer) {
        let Flight {
            wanted,
            sent,
            given_up,
        } = *flight;
        let took = now - sent;
        let deadline = self.groups[usize::from(wanted.group)].deadline;
        let end = match answer {
            Answer::Good { head } => {
                let head = head.map_or(now, |head| nanos(head - self.world.instant(0)));
                let latency = head.saturating_sub(sent);
                if given_up || deadline.is_some_and(|deadline| latency > deadline) {
                    self.tally.wasted(wanted.counted, wanted.group);
                    Ended::Late
                } else {
                    Ended::Succeeded(latency)
                }
            }
            Answer::Failed => Ended::Failed,
            Answer::Refused(refusal) => {
                self.tally
                    .refusal(wanted.counted, wanted.group, refusal.reason(), took);
                Ended::Refused
            }
        };
        if !given_up {
            self.ends(now, wanted, end, Some(answer));
        }
    }

    /// An attempt is over for its client: it tries again, or the request has its end.
    fn ends(&mut self, now: u64, mut wanted: Wanted, end: Ended, answer: Option<&Answer>) {
        let retries = &mut self.groups[usize::from(wanted.group)].retries;
        if !matches!(end, Ended::Succeeded(_)) {
            if let Some(wait) = retries.wait(&wanted, answer) {
                wanted.number += 1;
                let number = self.free.pop().unwrap_or_else(|| {
                    self.coming.push(None);
                    (self.coming.len() - 1) as u32
                });
                self.coming[number as usize] = Some(wanted);
                self.put(now.saturating_add(wait), Event::Retry(number));
                let at_once = self.groups.iter().map(|group| group.retries.retrying());
                self.tally.retries(now, at_once.sum());
                return;
            }
        }
        retries.closed(&wanted);
        self.tally
            .ended(now, wanted.counted, wanted.group, wanted.tenant, end);
        if let Some((source, user)) = wanted.user {
            let at = now + self.sources[usize::from(source)].think();
            self.put(at, Event::Thought { source, user });
        }
    }

    /// The client tries again if it may, though the service goes on with this attempt.
    fn times_out(&mut self, now: u64, attempt: Attempted) {
        if let Some(flight) = self.flights.get(attempt) {
            flight.given_up = true;
            let wanted = flight.wanted;
            self.ends(now, wanted, Ended::Late, None);
        }
    }

    fn leaves(&mut self, now: u64, attempt: Attempted) {
        if self.flights.get(attempt).is_some() {
            if let Some(flight) = self.flights.take(attempt.slot) {
                self.slots.drop_future(attempt.slot);
                self.ends(now, flight.wanted, Ended::Abandoned, None);
            }
        }
    }

    fn mark(&mut self, now: u64) -> Result<(), RunError> {
        let mut look = Look::default();
        if self.tally.wants_look() {
            look.gauges = self.watch.look();
            if !self.pools.is_empty() {
                let all = || self.pools.iter().map(|pool| pool.standing());
                look.busy = Some(all().map(|pool| f64::from(pool.busy)).sum());
                look.line = Some(all().map(|pool| f64::from(pool.waiting)).sum());
            }
        }
        let limit = self.watch.look_at(Gauge::Limit);
        self.tally.mark(now, look, limit);
        if (self.progress)(now as f64 / self.end as f64).is_break() {
            return Err(RunError::Stopped);
        }
        if now < self.end {
            self.put((now + TENTH).min(self.end), Event::Mark);
        } else {
            let tiers = self.tiers();
            self.tally.leave_phase(&tiers);
        }
        Ok(())
    }

    fn tiers(&self) -> Vec<(String, Standing)> {
        let one = |pool: &Arc<Pool>| (pool.name().to_owned(), pool.standing());
        self.pools.iter().map(one).collect()
    }

    fn is_over(&self) -> bool {
        let waits = self.flights.len() + (self.coming.len() - self.free.len());
        self.world.now() >= self.end && waits == 0
    }

    fn fault(&self) -> Option<RunError> {
        if self.turn.was_blocked() {
            return Some(RunError::Blocking);
        }
        self.slots.ready().was_foreign().then_some(RunError::Thread)
    }

    fn stuck(&self) -> RunError {
        let first = self.flights.iter().min_by_key(|flight| flight.wanted.id);
        let client = first.map_or(String::new(), |flight| {
            self.groups[usize::from(flight.wanted.group)]
                .who
                .name
                .clone()
        });
        RunError::Stuck {
            waiting: self.flights.len(),
            client,
            at: Duration::from_nanos(self.end),
        }
    }

    fn poll_run(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), RunError>> {
        self.turn.remember(cx.waker());
        self.slots.ready().busy();
        self.clock.wake();
        loop {
            if let Some(fault) = self.fault() {
                return Poll::Ready(Err(fault));
            }
            while let Some(slot) = self.slots.next_woken() {
                self.poll_slot(slot)?;
            }
            if self.stirred || self.waits {
                if self.turn.poll_taken(&mut self.waits, cx).is_pending() {
                    return self.idle(cx);
                }
                self.stirred = false;
                if !self.slots.ready().is_empty() {
                    continue;
                }
            }
            match self.world.take() {
                Some(Due::Event(word)) => self.happens(Event::unpack(word))?,
                Some(Due::Call(whom, token)) => whom.due(token, self.world.now()),
                Some(Due::Wake(waker)) => waker.wake(),
                None if self.is_over() => return Poll::Ready(Ok(())),
                None => {
                    let pools = &self.pools;
                    self.tally
                        .moment_over(|| pools.iter().all(|pool| pool.has_room()));
                    let last = self.end.saturating_add(DRAIN);
                    let next = self.world.next().unwrap_or(last).min(last);
                    let ready = Arc::clone(self.slots.ready());
                    match self.clock.poll_move(next, cx, || !ready.is_empty()) {
                        Poll::Pending => {
                            // A task of the service may have been woken by a timer meanwhile.
                            self.stirred = true;
                            return self.idle(cx);
                        }
                        Poll::Ready(Moved::Arrived) if next == last => {
                            return Poll::Ready(if self.world.next().is_none() {
                                Err(self.stuck())
                            } else {
                                Ok(())
                            });
                        }
                        Poll::Ready(_) => {}
                    }
                }
            }
        }
    }

    /// Lets the runtime go on, and is woken when there is something to do.
    fn idle(&self, cx: &Context<'_>) -> Poll<Result<(), RunError>> {
        let ready = self.slots.ready();
        ready.go_idle(cx.waker());
        if !ready.is_empty() {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

/// Not moved while it is polled, but nothing in it points into it: the futures are boxed in their
/// slots.
impl<S: Service<Attempt>> Unpin for Run<'_, S> {}

impl<S> Future for Run<'_, S>
where
    S: Service<Attempt> + Clone,
    S::Response: IntoAnswer,
    S::Error: IntoAnswer,
{
    type Output = Result<(), RunError>;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let run = self.get_mut();
        std::task::ready!(run.poll_run(cx))?;
        // Both clocks have gone the same way.
        Poll::Ready(if run.clock.agrees() {
            Ok(())
        } else {
            Err(RunError::ClockMoved)
        })
    }
}

impl Group {
    fn new(index: u16, client: &Client, world: &World) -> Self {
        let class = Priority::new(client.class).unwrap_or_default();
        Self {
            who: Arc::new(Who {
                name: client.name.clone(),
                index,
                class,
                work: client.work,
            }),
            tenants: client.tenants,
            is_closed: client.users.is_some(),
            cost: client.cost,
            deadline: client.deadline.map(nanos),
            patience: client.patience.map(nanos),
            retries: Retries::new(client.retry, &client.name, world),
        }
    }

    fn member(&self, is_named: bool) -> Member {
        Member {
            name: self.who.name.clone(),
            class: self.who.class,
            tenants: self.tenants,
            is_named,
            is_closed: self.is_closed,
        }
    }
}
