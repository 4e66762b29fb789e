use super::RunError;
use super::rates::Rates;
use super::recording::Recording;
use crate::chance::{Stream, Times, Zipf, nanos};
use crate::scenario::{Arrivals, Client, Scenario, Trace};
use crate::time::World;

/// Who sends, and when next.
pub(super) struct Source {
    pub(super) group: u16,
    pub(super) kind: Kind,
    tenants: Zipf,
    who: Stream,
    when: Stream,
}

pub(super) enum Kind {
    /// Arrivals that wait for nobody.
    Open {
        rates: Rates,
        arrivals: Arrivals,
        /// How many of a burst are still to come at this very moment.
        burst: u32,
    },
    /// Users who wait for their answer and then think.
    Closed { users: u32, think: Times },
    /// What was recorded.
    Recorded(Box<Recording>),
}

impl Source {
    pub(super) fn new(scenario: &Scenario, group: u16, client: &Client, world: &World) -> Self {
        let kind = match &client.users {
            Some(users) => Kind::Closed {
                users: users.count,
                think: users.think.clone(),
            },
            None => Kind::Open {
                rates: Rates::of(scenario, client),
                arrivals: client.arrivals.unwrap_or(scenario.arrivals),
                burst: 0,
            },
        };
        Self {
            group,
            kind,
            tenants: Zipf::new(client.tenants, client.skew),
            who: world.stream(&format!("client/{}/tenants", client.name)),
            when: world.stream(&format!("client/{}/arrivals", client.name)),
        }
    }

    /// All requests of a recording; the group of each is that of its class.
    pub(super) fn recorded(trace: &Trace, world: &World) -> Result<Self, RunError> {
        Ok(Self {
            group: 0,
            kind: Kind::Recorded(Box::new(Recording::open(trace)?)),
            tenants: Zipf::new(1, 0.0),
            who: world.stream("recording/tenants"),
            when: world.stream("recording/arrivals"),
        })
    }

    /// When the next request comes after one at `from`; never, for a closed loop.
    pub(super) fn next(&mut self, from: u64) -> Result<Option<u64>, RunError> {
        Ok(match &mut self.kind {
            Kind::Closed { .. } => None,
            Kind::Recorded(recording) => recording.advance()?,
            Kind::Open {
                rates,
                arrivals,
                burst,
            } => match arrivals {
                Arrivals::Constant => rates.even(from, 1.0),
                Arrivals::Bursts(size) => {
                    if *burst > 0 {
                        *burst -= 1;
                        return Ok(Some(from));
                    }
                    *burst = size.saturating_sub(1);
                    rates.even(from, f64::from(*size))
                }
                Arrivals::Poisson => rates.poisson(from, &mut self.when),
            },
        })
    }

    /// How long a user thinks before the next request.
    pub(super) fn think(&mut self) -> u64 {
        match &self.kind {
            Kind::Closed { think, .. } => think.nanos(&mut self.when),
            Kind::Open { .. } | Kind::Recorded(_) => 0,
        }
    }

    /// When a user sends for the first time: anywhere within the mean time of thinking, so that not
    /// all begin at once.
    pub(super) fn first_thought(&mut self) -> u64 {
        match &self.kind {
            Kind::Closed { think, .. } => {
                let mean = nanos(think.mean()) as f64;
                crate::chance::round(mean * self.when.unit())
            }
            Kind::Open { .. } | Kind::Recorded(_) => 0,
        }
    }

    /// Of which tenant the next request is; each user of a closed loop stays the same one.
    pub(super) fn tenant(&mut self, user: Option<u32>, tenants: u32) -> u32 {
        match user {
            Some(user) => user % tenants.max(1),
            None => self.tenants.draw(&mut self.who),
        }
    }
}
