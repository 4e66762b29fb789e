use std::fmt;
use std::pin::Pin;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use floodwall_core::stats::Ewma;
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep_until};

use super::accept;
use super::handle::Signals;
use super::hub::Hub;
use super::publish::publish;
use super::runtime::Workers;
use super::signal::Signal;
use crate::spare::WeaklyOwned;
use crate::{BuildError, Now};

impl Signals {
    /// The monitor: samples what must be sampled, for as long as it is polled and the signals have
    /// a handle left. Spawn it on the runtime that serves the requests, since it is that one's lag
    /// that it measures.
    ///
    /// It costs one timer. While one runs, a second one ends at once.
    ///
    /// # Panics
    ///
    /// When polled outside of a tokio runtime with its time driver.
    ///
    /// # Cancel safety
    ///
    /// Dropping it stops the sampling; the signals it wrote grow old. Another one may be started.
    ///
    /// ```
    /// use floodwall::signals::{Signal, Signals};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let signals = Signals::new();
    /// tokio::spawn(signals.monitor());
    /// tokio::time::sleep(Duration::from_secs(1)).await;
    /// assert!(signals.get(Signal::RuntimeLag).is_some());
    /// # }
    /// ```
    pub fn monitor(&self) -> Monitoring {
        Monitoring(Box::pin(run(self.hub().downgrade())))
    }

    /// Spawns the [`monitor`](Signals::monitor) on the runtime that this is called in, unless one
    /// runs already. It ends with the last handle, layer and policy that holds these signals.
    ///
    /// # Errors
    ///
    /// If there is no runtime here.
    pub fn spawn(&self) -> Result<(), BuildError> {
        let runtime = Handle::try_current().map_err(|error| BuildError::caused("spawn", error))?;
        // Its end is nobody's business; it takes nothing along.
        drop(runtime.spawn(self.monitor()));
        Ok(())
    }
}

/// The monitor of some [`Signals`]; see [`Signals::monitor`].
#[must_use = "the monitor does nothing unless it is spawned or polled"]
pub struct Monitoring(Pin<Box<dyn Future<Output = ()> + Send>>);

impl Future for Monitoring {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for Monitoring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Monitoring")
    }
}

/// Says that the monitor runs, until it does not.
struct Running(WeaklyOwned<Hub>);

impl Running {
    fn begin(hub: &WeaklyOwned<Hub>) -> Option<Self> {
        let was_running = hub.upgrade()?.is_monitored.swap(true, Ordering::AcqRel);
        (!was_running).then(|| Self(hub.clone()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(hub) = self.0.upgrade() {
            hub.is_monitored.store(false, Ordering::Release);
        }
    }
}

async fn run(hub: WeaklyOwned<Hub>) {
    let Some(_running) = Running::begin(&hub) else {
        return;
    };
    let mut lag = Ewma::new(Duration::from_secs(1));
    let mut workers = Workers::default();
    let mut next_sample: Option<Instant> = None;
    loop {
        let Some(probe) = hub.upgrade().map(|hub| hub.settings.probe) else {
            return;
        };
        let due = Now::unread().instant() + probe;
        sleep_until(due).await;
        // Nothing that is held over the wait keeps the signals alive.
        let Some(hub) = hub.upgrade() else {
            return;
        };
        let woken = Now::unread();
        hub.probed(&mut lag, woken.instant().saturating_duration_since(due));
        if next_sample.is_none_or(|next| next <= woken.instant()) {
            next_sample = woken.instant().checked_add(hub.settings.sample);
            hub.sample(&mut workers);
            publish(&hub);
        }
    }
}

/// Tokio's timer goes in steps of this, and rounds up.
const TICK: Duration = Duration::from_millis(1);

impl Hub {
    fn probed(&self, mean: &mut Ewma, late: Duration) {
        let now = self.origin.now();
        let late = late.saturating_sub(TICK);
        self.sampled.lag_peak.record(now, late);
        mean.add(now, late.as_secs_f64());
        if let Some(mean) = mean.get() {
            self.sampled(Signal::RuntimeLag, &self.sampled.lag, now, mean);
        }
        self.look(now);
    }

    fn sample(&self, workers: &mut Workers) {
        let (settings, sampled, now) = (&self.settings, &self.sampled, self.origin.now());
        let keep = |signal, gauge, value: Option<f64>| {
            if let Some(value) = value {
                self.sampled(signal, gauge, now, value);
            }
        };
        if settings.reads_runtime {
            keep(Signal::BusyRatio, &sampled.busy, workers.busy_ratio(now));
        }
        if let Some(paths) = &settings.memory {
            let memory = paths.read();
            keep(
                Signal::Memory,
                &sampled.memory,
                memory.map(|memory| memory.ratio()),
            );
            let mut last = sampled
                .memory_reading
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *last = memory;
            drop(last);
            keep(Signal::MemoryStall, &sampled.memory_stall, paths.stall());
        }
        if !settings.ports.is_empty() {
            let depth = accept::depth(&settings.proc, &settings.ports);
            let depth = depth.map(|depth| depth as f64);
            keep(Signal::AcceptQueue, &sampled.accept_queue, depth);
        }
        for (index, own) in self.own.iter().enumerate() {
            if let Some(value) = own.ask(now) {
                self.own_sampled(index, now, value);
            }
        }
    }
}
