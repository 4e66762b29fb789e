use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use floodwall_core::stats::{Drift, LatencySummary, Peak, QueueTrend, Trend};
use floodwall_core::{Moment, Priority};

use super::band::Bands;
use super::gauge::Gauge;
use super::limits::{Limits, LimitsReport};
use super::memory::{MemoryPaths, MemoryReading};
use super::own::OwnMonitor;
use super::signal::{Reading, Signal};
use super::traffic::{Rates, Traffic};
use crate::clock::Origin;
use crate::spare::{Lendable, spares};

/// What all clones of one `Signals` share.
#[derive(Debug)]
pub(super) struct Hub {
    pub(super) origin: Origin,
    pub(super) settings: Settings,
    pub(super) traffic: Traffic,
    pub(super) sampled: Sampled,
    pub(super) own: Vec<OwnMonitor>,
    pub(super) is_monitored: AtomicBool,
    next_look: AtomicU64,
    // Taken by those who read and by one who looks, never while code of the user's runs.
    board: Mutex<Board>,
    lendable: Lendable,
}

spares!(Hub, lendable);

#[derive(Debug)]
pub(super) struct Settings {
    pub(super) window: Duration,
    pub(super) latency_window: Duration,
    pub(super) probe: Duration,
    pub(super) sample: Duration,
    pub(super) max_age: Duration,
    pub(super) bands: Bands,
    pub(super) memory: Option<MemoryPaths>,
    pub(super) proc: std::path::PathBuf,
    pub(super) ports: Vec<u16>,
    pub(super) reads_runtime: bool,
}

/// What the monitor writes.
#[derive(Debug)]
pub(super) struct Sampled {
    pub(super) lag: Gauge,
    pub(super) lag_peak: Peak,
    pub(super) busy: Gauge,
    pub(super) memory: Gauge,
    pub(super) memory_stall: Gauge,
    pub(super) accept_queue: Gauge,
    pub(super) memory_reading: Mutex<Option<MemoryReading>>,
}

#[derive(Debug)]
struct Board {
    limits: Limits,
    drifts: [Drift; Signal::COUNT],
    own_drifts: Vec<Drift>,
}

/// What several signals are made of, read once.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) now: Moment,
    pub(super) limits: LimitsReport,
    pub(super) rates: Rates,
    pub(super) rates_by_class: [Rates; Priority::COUNT],
    pub(super) waits: LatencySummary,
    trends: [Trend; Signal::COUNT],
}

impl Hub {
    pub(super) fn new(settings: Settings, own: Vec<OwnMonitor>) -> Self {
        let own_drifts = own.iter().map(|own| drift(Signal::Monitor(own.name)));
        let board = Board {
            limits: Limits::new(),
            drifts: Signal::ALL.map(drift),
            own_drifts: own_drifts.collect(),
        };
        Self {
            origin: Origin::here(),
            traffic: Traffic::new(settings.window, settings.latency_window),
            sampled: Sampled {
                lag: Gauge::default(),
                lag_peak: Peak::new(settings.latency_window),
                busy: Gauge::default(),
                memory: Gauge::default(),
                memory_stall: Gauge::default(),
                accept_queue: Gauge::default(),
                memory_reading: Mutex::new(None),
            },
            settings,
            own,
            is_monitored: AtomicBool::new(false),
            next_look: AtomicU64::new(0),
            board: Mutex::new(board),
            lendable: Lendable::new(),
        }
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says whether there was room for one more.
    pub(super) fn watch(&self, limit: crate::concurrency::WeakLimit) -> bool {
        self.board().limits.watch(limit)
    }

    /// Feeds the trends, if it is time. Whoever comes by does it: requests, readers, the monitor.
    pub(super) fn look(&self, now: Moment) {
        let next = self.next_look.load(Ordering::Relaxed);
        if now.as_nanos() < next {
            return;
        }
        let then = (now + QueueTrend::INTERVAL).as_nanos();
        let is_mine = self
            .next_look
            .compare_exchange(next, then, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok();
        // A request does not wait for one who reads.
        if let (true, Ok(mut board)) = (is_mine, self.board.try_lock()) {
            let limits = board.limits.read(now, true);
            let facts = self.facts_of(now, limits, &board, self.traffic.all_waits(now));
            for (signal, drift) in Signal::ALL.into_iter().zip(&mut board.drifts) {
                if let Some((value, _)) = self.computed(signal, &facts) {
                    drift.add(now, value);
                }
            }
        }
    }

    /// The monitor has a value.
    pub(super) fn sampled(&self, signal: Signal, gauge: &Gauge, now: Moment, value: f64) {
        if let (true, Some(index)) = (gauge.set(now, value), signal.index()) {
            self.board().drifts[index].add(now, value);
        }
    }

    /// The monitor has a value of the user's own.
    pub(super) fn own_sampled(&self, index: usize, now: Moment, value: f64) {
        self.board().own_drifts[index].add(now, value);
    }

    pub(super) fn facts(&self, now: Moment) -> Facts {
        self.facts_with(now, |traffic| traffic.all_waits(now))
    }

    /// The same, and how long each class waited.
    pub(super) fn facts_by_class(&self, now: Moment) -> (Facts, [LatencySummary; Priority::COUNT]) {
        let mut by_class = [LatencySummary::default(); Priority::COUNT];
        let facts = self.facts_with(now, |traffic| {
            let together;
            (by_class, together) = traffic.waits(now);
            together
        });
        (facts, by_class)
    }

    fn facts_with(&self, now: Moment, waits: impl FnOnce(&Traffic) -> LatencySummary) -> Facts {
        self.look(now);
        let mut board = self.board();
        let limits = board.limits.read(now, false);
        self.facts_of(now, limits, &board, waits(&self.traffic))
    }

    fn facts_of(
        &self,
        now: Moment,
        limits: LimitsReport,
        board: &Board,
        waits: LatencySummary,
    ) -> Facts {
        let mut rates_by_class = [Rates::default(); Priority::COUNT];
        let mut rates = Rates::default();
        for class in Priority::all() {
            let of_class = self.traffic.rates(class, now);
            rates_by_class[class.index()] = of_class;
            rates.add(&of_class);
        }
        Facts {
            now,
            limits,
            rates,
            rates_by_class,
            waits,
            trends: std::array::from_fn(|index| board.drifts[index].trend()),
        }
    }

    pub(super) fn reading(&self, signal: Signal, facts: &Facts) -> Option<Reading> {
        let since = |at: Moment| facts.now.since(at);
        let (value, age) = match self.gauge(signal) {
            Some(gauge) => gauge.get().map(|(value, at)| (value, since(at)))?,
            None => self.computed(signal, facts)?,
        };
        let trend = match (signal, signal.index()) {
            (Signal::QueueDepth, _) => facts.limits.trend,
            (_, Some(index)) => facts.trends[index],
            (_, None) => self.own_trend(signal),
        };
        Some(Reading { value, trend, age })
    }

    fn own_trend(&self, signal: Signal) -> Trend {
        let index = self
            .own
            .iter()
            .position(|own| Signal::Monitor(own.name) == signal);
        index.map_or(Trend::Steady, |index| {
            self.board().own_drifts[index].trend()
        })
    }

    /// Where the monitor keeps a signal.
    fn gauge(&self, signal: Signal) -> Option<&Gauge> {
        match signal {
            Signal::RuntimeLag => Some(&self.sampled.lag),
            Signal::BusyRatio => Some(&self.sampled.busy),
            Signal::Memory => Some(&self.sampled.memory),
            Signal::MemoryStall => Some(&self.sampled.memory_stall),
            Signal::AcceptQueue => Some(&self.sampled.accept_queue),
            Signal::Monitor(name) => {
                let own = self.own.iter().find(|own| own.name == name)?;
                (!own.has_panicked()).then_some(&own.last)
            }
            Signal::QueueDepth
            | Signal::Backlog
            | Signal::QueueLatency
            | Signal::Utilisation
            | Signal::ArrivalRate
            | Signal::DepartureRate
            | Signal::Excess => None,
        }
    }

    /// What is read from the limits or counted when somebody asks, and how old that is.
    fn computed(&self, signal: Signal, facts: &Facts) -> Option<(f64, Duration)> {
        let limits = Some(&facts.limits).filter(|limits| limits.watched > 0);
        let rates = self.traffic.is_observed().then_some(&facts.rates);
        let value = match signal {
            Signal::QueueDepth => limits?.waiting as f64,
            Signal::Backlog => limits?.backlog,
            Signal::Utilisation => limits?.utilisation,
            Signal::QueueLatency => return self.queue_latency(facts),
            Signal::ArrivalRate => rates?.arrivals,
            Signal::DepartureRate => rates?.completed,
            Signal::Excess => rates?.excess(),
            Signal::Memory
            | Signal::MemoryStall
            | Signal::RuntimeLag
            | Signal::BusyRatio
            | Signal::AcceptQueue
            | Signal::Monitor(_) => return None,
        };
        Some((value, Duration::ZERO))
    }

    fn queue_latency(&self, facts: &Facts) -> Option<(f64, Duration)> {
        // Those who still wait are told before they are served: a queue that stands still serves
        // nobody.
        let oldest = facts.limits.oldest_wait;
        if oldest > facts.waits.p90 {
            return Some((oldest.as_secs_f64(), Duration::ZERO));
        }
        let (_, at) = self.traffic.last_wait.get()?;
        (facts.waits.count > 0).then(|| (facts.waits.p90.as_secs_f64(), facts.now.since(at)))
    }
}

const fn drift(signal: Signal) -> Drift {
    Drift::new(signal.matters())
}
