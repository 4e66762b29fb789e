//! What happens to requests in a run: they come, are sent, are answered or not, and end.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;

use tower::util::Oneshot;
use tower_service::Service;

use super::Gauge;
use super::event::{Attempted, Event};
use super::fault::{self, RunError};
use super::flights::{Flight, Wanted};
use super::run::Run;
use super::sources::Kind;
use crate::backend::{Pool, Standing};
use crate::chance::nanos;
use crate::report::{Ended, Look, TENTH};
use crate::{Answer, Attempt, IntoAnswer};

impl<S> Run<'_, S>
where
    S: Service<Attempt> + Clone,
    S::Response: IntoAnswer,
    S::Error: IntoAnswer,
{
    pub(super) fn happens(&mut self, event: Event) -> Result<(), RunError> {
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
            Event::Leave(attempt) => self.leaves(now, attempt)?,
            Event::Mark => self.mark(now)?,
            Event::Phase(index) => {
                let tiers = self.tiers();
                self.tally.enter_phase(usize::from(index), &tiers);
            }
            Event::Settled => {
                let tiers = self.tiers();
                self.tally.settle(&tiers);
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
            // Whoever is answered at the very end of its time is answered in time.
            if let Some(time) = patience {
                self.world
                    .last_event(now + time, Event::Leave(attempt).pack());
            }
            if let (Some(time), true) = (deadline, retries) {
                self.world
                    .last_event(now + time, Event::Timeout(attempt).pack());
            }
        }
        Ok(())
    }

    pub(super) fn poll_slot(&mut self, slot: u32) -> Result<(), RunError> {
        self.stirred = true;
        let slots = &mut self.slots;
        // A panic ends the run, so nobody sees what it may have left half done.
        let polled = catch_unwind(AssertUnwindSafe(|| slots.poll(slot)));
        let answer = match polled {
            Ok(Poll::Pending) => return Ok(()),
            Ok(Poll::Ready(Ok(response))) => response.into_answer(),
            Ok(Poll::Ready(Err(error))) => error.into_answer(),
            Err(payload) => return Err(self.panicked(&*payload)),
        };
        if let Some(flight) = self.flights.take(slot) {
            self.answered(self.world.now(), &flight, &answer);
        }
        Ok(())
    }

    fn panicked(&self, payload: &(dyn Any + Send)) -> RunError {
        RunError::Panicked {
            message: fault::message(payload),
            at: self.world.elapsed(),
        }
    }

    fn answered(&mut self, now: u64, flight: &Flight, answer: &Answer) {
        let Flight {
            wanted,
            sent,
            given_up,
        } = *flight;
        let took = now - sent;
        let heads = &self.groups[usize::from(wanted.group)].who.heads;
        heads.end(wanted.id, wanted.number);
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
        retries.attempted(&wanted);
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
        retries.closed();
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
            let wanted = flight.wanted;
            let heads = &self.groups[usize::from(wanted.group)].who.heads;
            if heads.end(wanted.id, wanted.number) {
                return;
            }
            flight.given_up = true;
            self.ends(now, wanted, Ended::Late, None);
        }
    }

    fn leaves(&mut self, now: u64, attempt: Attempted) -> Result<(), RunError> {
        if self.flights.get(attempt).is_none() {
            return Ok(());
        }
        let Some(flight) = self.flights.take(attempt.slot) else {
            return Ok(());
        };
        let Wanted {
            group, id, number, ..
        } = flight.wanted;
        self.groups[usize::from(group)].who.heads.end(id, number);
        let slots = &mut self.slots;
        catch_unwind(AssertUnwindSafe(|| slots.drop_future(attempt.slot)))
            .map_err(|payload| self.panicked(&*payload))?;
        if !flight.given_up {
            self.ends(now, flight.wanted, Ended::Abandoned, None);
        }
        Ok(())
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
}
