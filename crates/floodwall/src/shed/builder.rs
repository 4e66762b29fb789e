use std::time::Duration;

use floodwall_core::rate::HashSecret;
use floodwall_core::shed::{Epochs, Scale, ShedSettings, ShedSettingsBuilder, Shedder, Usage};
use floodwall_core::{PolicyName, Priority};

use super::core::Core;
use super::handle::check_percent;
use super::levels::Cohorts;
use super::source::Source;
use super::{NoRetries, PressureSource, Shed};
use crate::clock::Origin;
use crate::concurrency::ConcurrencyLimitHandle;
use crate::extract::{Unkeyed, Usual};
use crate::mode::ModeSwitch;
use crate::observe::{Observer, ShedSeries};
use crate::{BuildError, Mode};

/// Makes a [`Shed`].
#[derive(Debug)]
#[must_use]
pub struct ShedBuilder<P = Usual, T = Unkeyed, R = NoRetries> {
    settings: Settings,
    priority: P,
    tenant: T,
    retries: R,
}

#[derive(Debug)]
struct Settings {
    name: String,
    mode: Mode,
    enforce_percent: u8,
    shedding: ShedSettingsBuilder,
    queue: Option<ConcurrencyLimitHandle>,
    sources: Vec<Wanted>,
    keyed: bool,
    by_usage: Option<Duration>,
    epoch: Duration,
    seed: Option<u64>,
}

struct Wanted {
    name: String,
    bounds: (f64, f64),
    read: Box<dyn PressureSource>,
}

impl std::fmt::Debug for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?}", self.name, self.bounds)
    }
}

impl ShedBuilder {
    pub(super) fn new() -> Self {
        let settings = Settings {
            name: "shed".to_owned(),
            mode: Mode::Enforce,
            enforce_percent: 100,
            shedding: ShedSettings::builder(),
            queue: None,
            sources: Vec::new(),
            keyed: false,
            by_usage: None,
            epoch: Duration::from_secs(3_600),
            seed: None,
        };
        Self {
            settings,
            priority: Usual,
            tenant: Unkeyed,
            retries: NoRetries,
        }
    }
}

impl<P, T, R> ShedBuilder<P, T, R> {
    /// The policy's name in answers and metrics: `shed` when not said.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.settings.name = name.into();
        self
    }

    /// Whether it refuses, only counts, or does nothing: [`Mode::Enforce`] when not said.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.settings.mode = mode;
        self
    }

    /// Sheds only so many per cent of what is to be shed: 100 when not said.
    pub fn enforce_percent(mut self, percent: u8) -> Self {
        self.settings.enforce_percent = percent;
        self
    }

    /// Watches the queue of this limit: what stands in it for longer than
    /// [`start`](ShedBuilder::start) is shed before it queues. The limit must have a queue.
    pub fn queue(mut self, limit: &ConcurrencyLimitHandle) -> Self {
        self.settings.queue = Some(limit.clone());
        self
    }

    /// Reads a pressure, too: none below the first bound, all there is from the second on. The second
    /// may be the lower one, where less is worse. Of several the highest counts; one that is silent,
    /// panics, or tells what is not a number or negative decides nothing.
    ///
    /// ```
    /// use floodwall::Shed;
    ///
    /// let free_connections = || Some(12.0);
    /// let shed = Shed::builder().pressure("pool", (20.0, 2.0), free_connections).build()?;
    /// # drop(shed);
    /// # Ok::<(), floodwall::BuildError>(())
    /// ```
    pub fn pressure(
        self,
        name: impl Into<String>,
        bounds: (f64, f64),
        source: impl PressureSource,
    ) -> Self {
        self.pressure_boxed(name.into(), bounds, Box::new(source))
    }

    pub(crate) fn pressure_boxed(
        mut self,
        name: String,
        bounds: (f64, f64),
        read: Box<dyn PressureSource>,
    ) -> Self {
        self.settings.sources.push(Wanted { name, bounds, read });
        self
    }

    /// Of what is let in, this class gets at least that part, while it asks for it: 0 when not said,
    /// and all together at most 0.5.
    pub fn share(mut self, class: Priority, share: f64) -> Self {
        self.settings.shedding = self.settings.shedding.share(class, share);
        self
    }

    /// How long the queue shall be while something is shed: 30 ms when not said.
    pub fn target(mut self, target: Duration) -> Self {
        self.settings.shedding = self.settings.shedding.target(target);
        self
    }

    /// How long the queue has to be, without a break for 100 ms, before anything is shed: 25 ms
    /// when not said.
    pub fn start(mut self, start: Duration) -> Self {
        self.settings.shedding = self.settings.shedding.start(start);
        self
    }

    /// How much pressure may shed, as a part of the arrivals: 0.9 when not said.
    pub fn at_most(mut self, at_most: f64) -> Self {
        self.settings.shedding = self.settings.shedding.at_most(at_most);
        self
    }

    /// Reads a request's priority: all are [`Priority::NORMAL`] when not said.
    pub fn priority<Q>(self, priority: Q) -> ShedBuilder<Q, T, R> {
        ShedBuilder {
            settings: self.settings,
            priority,
            tenant: self.tenant,
            retries: self.retries,
        }
    }

    /// Whose request it is: within a class the same tenants are steadily in or out, for an
    /// [`epoch`](ShedBuilder::epoch). When not said, requests take turns.
    ///
    /// Read something that the sender cannot choose (its address, what authentication has found):
    /// who may call itself anything tries names until one is let in. A tenant is in or out as a whole,
    /// so with a handful of tenants more or less is shed than was meant.
    pub fn tenant<K>(mut self, tenant: K) -> ShedBuilder<P, K, R> {
        self.settings.keyed = true;
        ShedBuilder {
            settings: self.settings,
            priority: self.priority,
            tenant,
            retries: self.retries,
        }
    }

    /// Takes a [`tenant`](ShedBuilder::tenant) back: the requests of a class take turns.
    pub fn in_turns(mut self) -> Self {
        self.settings.keyed = false;
        self.settings.by_usage = None;
        self
    }

    /// For how long tenants keep their place inside a class: an hour when not said.
    pub fn epoch(mut self, epoch: Duration) -> Self {
        self.settings.epoch = epoch;
        self
    }

    /// Within a class, sheds first those tenants that used most lately; what was used counts half
    /// after `half_life`. Needs a [`tenant`](ShedBuilder::tenant).
    pub fn by_usage(mut self, half_life: Duration) -> Self {
        self.settings.by_usage = Some(half_life);
        self
    }

    /// Which requests are retries: within a class they are shed before all first attempts.
    pub fn retries<M>(self, retries: M) -> ShedBuilder<P, T, M> {
        ShedBuilder {
            settings: self.settings,
            priority: self.priority,
            tenant: self.tenant,
            retries,
        }
    }

    /// Fixes the secret of the hash that places tenants, for tests and simulations: anew from the
    /// system when not said.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = Some(seed);
        self
    }

    /// Builds the policy.
    ///
    /// # Errors
    ///
    /// If the name cannot be one, bounds or shares cannot be, a time is out of range, usage is to
    /// decide and nobody says whose, or the limit has no queue to watch.
    pub fn build(self) -> Result<Shed<P, T, R>, BuildError> {
        let Self {
            settings,
            priority,
            tenant,
            retries,
        } = self;
        Ok(Shed::assemble(priority, tenant, retries, settings.core()?))
    }

    /// Builds the policy as a layer for HTTP services.
    ///
    /// # Errors
    ///
    /// As [`build`](ShedBuilder::build).
    #[cfg(feature = "http")]
    pub fn layer(self) -> Result<crate::http::ShedLayer<P, T, R>, BuildError> {
        self.build().map(crate::http::AdmitLayer::around)
    }
}

impl Settings {
    fn core(self) -> Result<Core, BuildError> {
        let name = PolicyName::new(&self.name)?;
        check_percent(self.enforce_percent)?;
        let settings = self
            .shedding
            .clone()
            .build()
            .map_err(|error| BuildError::caused(error.field(), error))?;
        if self
            .queue
            .as_ref()
            .is_some_and(|limit| limit.backlog().places == 0)
        {
            let problem = "this limit has no queue, so there is nothing to watch: give it one, or \
                           shed by a pressure";
            return Err(BuildError::new("queue", problem));
        }
        let cohorts = self.cohorts()?;
        let mut sources = Vec::with_capacity(self.sources.len());
        for Wanted { name, bounds, read } in self.sources {
            let scale = Scale::new(bounds.0, bounds.1).map_err(|error| {
                BuildError::new("pressure", format!("source {name:?}: {error}"))
            })?;
            if sources.iter().any(|other: &Source| other.name == name) {
                let problem = format!("there are two sources {name:?}: name each one differently");
                return Err(BuildError::new("pressure", problem));
            }
            sources.push(Source::new(name, scale, read));
        }
        let origin = Origin::here();
        Ok(Core {
            name,
            shedder: Shedder::new(settings, origin.now()),
            cohorts,
            sources,
            queue: self.queue,
            origin,
            mode: ModeSwitch::new(self.mode),
            enforce_percent: u64::from(self.enforce_percent).into(),
            chosen: 0.into(),
            retry_after: 1.into(),
            limit: std::sync::atomic::AtomicU32::new(0),
            ticking: 0.into(),
            observer: Observer::new("shed", name),
            series: ShedSeries::new(name),
            lendable: crate::spare::Lendable::new(),
        })
    }

    fn cohorts(&self) -> Result<Cohorts, BuildError> {
        let secret = || {
            self.seed
                .map_or_else(HashSecret::random, HashSecret::seeded)
        };
        match (self.by_usage, self.keyed) {
            (Some(_), false) => {
                let problem = "nobody says whose usage counts: set `tenant`, too";
                Err(BuildError::new("by_usage", problem))
            }
            (Some(half_life), true) if half_life.is_zero() => {
                let problem = "a half-life of 0 would forget all at once: 30 s is usual";
                Err(BuildError::new("by_usage", problem))
            }
            (Some(half_life), true) => Ok(Cohorts::ByUsage {
                secret: secret(),
                usage: Usage::new(half_life),
            }),
            (None, true) => Ok(Cohorts::ByTenant {
                secret: secret(),
                epochs: Epochs::of(self.epoch),
            }),
            (None, false) => Ok(Cohorts::InTurn),
        }
    }
}
