use std::time::Duration;

use floodwall_core::Moment;

/// How busy the workers of the runtime were between two looks.
#[derive(Debug, Default)]
pub(super) struct Workers {
    last: Option<(Moment, Duration)>,
}

impl Workers {
    /// The part of their time that they were busy since the last look, 0 to 1; `None` at the first
    /// look, and where the runtime does not count (processors without 64-bit atomics).
    pub(super) fn busy_ratio(&mut self, now: Moment) -> Option<f64> {
        let (workers, busy) = busy()?;
        let (at, before) = self.last.replace((now, busy))?;
        let available = now.since(at).as_secs_f64() * workers as f64;
        let ratio = busy.saturating_sub(before).as_secs_f64() / available;
        // A worker that is busy is told when it comes to rest: a long turn counts late.
        (available > 0.0).then(|| ratio.clamp(0.0, 1.0))
    }
}

#[cfg(target_has_atomic = "64")]
fn busy() -> Option<(usize, Duration)> {
    let metrics = tokio::runtime::Handle::try_current().ok()?.metrics();
    let workers = metrics.num_workers();
    let busy = (0..workers)
        .map(|worker| metrics.worker_total_busy_duration(worker))
        .fold(Duration::ZERO, Duration::saturating_add);
    Some((workers, busy))
}

#[cfg(not(target_has_atomic = "64"))]
const fn busy() -> Option<(usize, Duration)> {
    None
}
