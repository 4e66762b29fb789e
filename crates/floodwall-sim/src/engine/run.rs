use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower::util::Oneshot;
use tower_service::Service;

use super::event::Event;
use super::fault::RunError;
use super::flights::{Flights, Wanted};
use super::group::Group;
use super::sources::{Kind, Source};
use super::{Progress, Watch};
use crate::backend::Pools;
use crate::chance::nanos;
use crate::report::{TENTH, Tally};
use crate::scenario::Scenario;
use crate::time::{Clock, Due, Moved, Slots, Turn, World};
use crate::{Attempt, IntoAnswer};

/// How long after the last arrival an answer is waited for: whoever gets none by then is stuck. What
/// may still be on the agenda cannot tell, it may be for nobody.
const DRAIN: u64 = 3_600 * 1_000_000_000;

/// One run of a scenario: the loop that polls what was woken, does what is due, and moves the clock
/// to what is due next.
pub(crate) struct Run<'a, S: Service<Attempt>> {
    pub(super) world: World,
    pub(super) clock: Clock,
    pub(super) turn: Turn,
    /// Tasks were given a turn and have not all come to rest.
    pub(super) waits: bool,
    /// Something was polled since the tasks last had a turn.
    pub(super) stirred: bool,
    pub(super) service: S,
    pub(super) slots: Slots<Oneshot<S, Attempt>>,
    pub(super) flights: Flights,
    pub(super) groups: Vec<Group>,
    pub(super) sources: Vec<Source>,
    /// Retries to come, by number; free numbers are used again.
    pub(super) coming: Vec<Option<Wanted>>,
    pub(super) free: Vec<u32>,
    pub(super) tally: Tally,
    pub(super) watch: Watch,
    pub(super) pools: Pools,
    pub(super) next_id: u64,
    pub(super) end: u64,
    pub(super) progress: &'a mut Progress<'a>,
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
            self.put(start + nanos(phase.settle), Event::Settled);
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

    pub(super) fn put(&self, at: u64, event: Event) {
        self.world.event(at, event.pack());
    }

    pub(crate) fn into_tally(self) -> Tally {
        self.tally
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
            at: self.world.elapsed(),
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
                Some(Due::Call(whom, token)) => {
                    whom.due(token, self.world.now());
                    // It may have been a task of the service that waited for it.
                    self.stirred = true;
                }
                Some(Due::Wake(waker)) => {
                    waker.wake();
                    self.stirred = true;
                }
                None => {
                    let pools = &self.pools;
                    self.tally
                        .moment_over(|| pools.iter().all(|pool| pool.has_room()));
                    if self.is_over() {
                        return Poll::Ready(self.fault().map_or(Ok(()), Err));
                    }
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
                            return Poll::Ready(Err(self.stuck()));
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
