use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::time::Instant;
use tower_service::Service;

use super::recording::prepared;
use super::run::{Run, Setting};
use super::{Gauge, RunError, Watch};
use crate::backend::{self, Backend, Pools, TierService};
use crate::chance::Stream;
use crate::report::{Report, Runs};
use crate::scenario::Scenario;
use crate::time::{self, Clock, World};
use crate::{Attempt, IntoAnswer};

/// A scenario that is about to be played.
///
/// ```
/// use floodwall::{ConcurrencyLimit, admit};
/// use floodwall_sim::{Client, Phase, Scenario, Simulation, Tier, Times};
/// use std::time::Duration;
/// use tower::ServiceBuilder;
///
/// let ms = Duration::from_millis;
/// let flood = Scenario::new("flood")
///     .tier(Tier::new("app", 10, Times::exponential(ms(10))))
///     .phase(Phase::new("flood", ms(5_000)).load(3.0))
///     .client(Client::new("all").share(1.0).deadline(ms(100)));
///
/// let report = Simulation::new(&flood).seed(7).run(|stage| {
///     ServiceBuilder::new()
///         .layer(admit::AdmitLayer::new(ConcurrencyLimit::new(10)))
///         .service(stage.backend())
/// })?;
/// report.during("flood").goodput().at_least(0.97);
/// # Ok::<(), floodwall_sim::RunError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Simulation<'a> {
    scenario: &'a Scenario,
    stack: String,
    seed: u64,
}

/// Is told how far a run is, 0 to 1, and says whether it goes on.
pub type Progress<'a> = dyn FnMut(f64) -> ControlFlow<()> + 'a;

/// What whoever builds the service under test can use.
pub struct Stage<'a> {
    scenario: &'a Scenario,
    world: World,
    watch: Watch,
    pools: std::cell::RefCell<Pools>,
}

impl<'a> Simulation<'a> {
    /// Plays `scenario`, with seed 1 unless said otherwise.
    pub fn new(scenario: &'a Scenario) -> Self {
        Self {
            scenario,
            stack: "service".to_owned(),
            seed: 1,
        }
    }

    /// Which random numbers to draw.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// What the stack is called in reports: `service` when not said.
    pub fn stack(mut self, name: impl Into<String>) -> Self {
        self.stack = name.into();
        self
    }

    /// Builds the service and plays the scenario against it, to the end.
    ///
    /// If the environment variable `FLOODWALL_SIM_SEED` is set, its seed is used instead: a failing
    /// assertion tells so.
    ///
    /// `build` runs within the simulation's runtime, so that layers take their first reading of the
    /// clock from it.
    ///
    /// # Errors
    ///
    /// If the service waits for something that virtual time cannot move, or panics.
    pub fn run<S>(self, build: impl FnOnce(&Stage<'a>) -> S) -> Result<Report, RunError>
    where
        S: Service<Attempt> + Clone,
        S::Response: IntoAnswer,
        S::Error: IntoAnswer,
    {
        let seed = asked_seed()?.unwrap_or(self.seed);
        let mut go_on = |_| ControlFlow::Continue(());
        self.seed(seed).run_with(&mut go_on, build)
    }

    /// Plays it once for each of `seeds`, each time against a service that `build` makes anew.
    ///
    /// # Errors
    ///
    /// As [`run`](Simulation::run), for the first seed for which there is no report.
    pub fn run_each<S>(
        self,
        seeds: impl IntoIterator<Item = u64>,
        build: impl Fn(&Stage<'a>) -> S,
    ) -> Result<Runs, RunError>
    where
        S: Service<Attempt> + Clone,
        S::Response: IntoAnswer,
        S::Error: IntoAnswer,
    {
        let seeds = match asked_seed()? {
            Some(seed) => vec![seed],
            None => seeds.into_iter().collect(),
        };
        let one = |seed| self.clone().seed(seed).run(&build);
        seeds
            .into_iter()
            .map(one)
            .collect::<Result<_, _>>()
            .map(Runs::new)
    }

    /// As [`run`](Simulation::run) with just this seed, whatever the environment says; tells how far it
    /// is, 0 to 1, each tenth of a second of virtual time, and ends there if it is told to.
    ///
    /// # Errors
    ///
    /// As [`run`](Simulation::run).
    pub fn run_with<S>(
        self,
        progress: &mut Progress<'_>,
        build: impl FnOnce(&Stage<'a>) -> S,
    ) -> Result<Report, RunError>
    where
        S: Service<Attempt> + Clone,
        S::Response: IntoAnswer,
        S::Error: IntoAnswer,
    {
        if tokio::runtime::Handle::try_current().is_ok() {
            return Err(RunError::InsideRuntime);
        }
        let Self {
            scenario,
            stack,
            seed,
        } = self;
        let prepared = prepared(scenario)?;
        // What floodwall's answers draw on this thread, jitter for one, repeats as well.
        fastrand::seed(Stream::new(seed, "fastrand").bits());
        time::run(async |turn| {
            #[expect(clippy::disallowed_methods, reason = "the zero of the run")]
            let base = Instant::now();
            let world = World::new(seed, base);
            let stage = Stage {
                scenario,
                world: world.clone(),
                watch: Watch::default(),
                pools: std::cell::RefCell::default(),
            };
            let service = build(&stage);
            let setting = Setting {
                clock: Clock::new(world.clone(), base),
                world,
                turn,
                watch: stage.watch,
                pools: stage.pools.into_inner(),
                progress,
            };
            let mut run = Run::new(&prepared, service, setting)?;
            if let Err(error) = (&mut run).await {
                // What is still under way is dropped, and may panic once more; it has been told what is wrong.
                let _ = catch_unwind(AssertUnwindSafe(move || drop(run)));
                return Err(error);
            }
            Ok(run.into_tally().report(&prepared, stack, seed))
        })
    }
}

/// The seed to use instead of what the code says, to repeat a run that failed.
pub(crate) const SEED: &str = "FLOODWALL_SIM_SEED";

pub(crate) fn asked_seed() -> Result<Option<u64>, RunError> {
    let text = std::env::var(SEED).unwrap_or_default();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        RunError::Scenario(format!(
            "{SEED} is `{text}`, which is no seed: give a whole number"
        ))
    })
}

impl Stage<'_> {
    /// The simulated tiers of the scenario, with nothing in front of them.
    ///
    /// # Panics
    ///
    /// If the scenario has no tiers, or they call one another in a circle.
    pub fn backend(&self) -> TierService {
        self.backend_behind(|_, backend| TierService::new(backend))
    }

    /// The simulated tiers, each behind what `protect` puts in front of it, by its name.
    ///
    /// # Panics
    ///
    /// As [`backend`](Stage::backend).
    pub fn backend_behind(&self, protect: impl FnMut(&str, Backend) -> TierService) -> TierService {
        let (first, pools) = backend::build(self.scenario, &self.world, protect);
        self.pools.borrow_mut().extend(pools);
        first
    }

    /// The world: its time and its chance.
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// The scenario that is played.
    pub const fn scenario(&self) -> &Scenario {
        self.scenario
    }

    /// Looks at something while the simulation runs, for the series of the report.
    pub fn watch(&self, gauge: Gauge, look: impl Fn() -> Option<f64> + Send + 'static) {
        self.watch.add(gauge, look);
    }

    /// Looks at a concurrency limit while the simulation runs.
    pub fn watch_limit(&self, handle: &floodwall::concurrency::ConcurrencyLimitHandle) {
        let look = |read: fn(&floodwall::concurrency::ConcurrencySnapshot) -> u32| {
            let handle = handle.clone();
            move || Some(f64::from(read(&handle.snapshot())))
        };
        self.watch(Gauge::Limit, look(|now| now.limit));
        self.watch(Gauge::InFlight, look(|now| now.in_flight));
        self.watch(Gauge::Queue, look(|now| now.waiting));
    }
}

impl Stage<'_> {
    /// Looks at a shedder while the simulation runs.
    pub fn watch_shed(&self, handle: &floodwall::shed::ShedHandle) {
        let of_cut_off = handle.clone();
        let cut_off = move || Some(f64::from(of_cut_off.snapshot().state.cut_off.rank()));
        self.watch(Gauge::CutOff, cut_off);
        let of_share = handle.clone();
        self.watch(Gauge::Pressure, move || {
            Some(of_share.snapshot().state.share)
        });
    }
}

impl std::fmt::Debug for Stage<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stage")
            .field("world", &self.world)
            .finish_non_exhaustive()
    }
}
