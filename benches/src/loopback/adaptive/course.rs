//! Where the limit was while the levels were climbed.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use floodwall::concurrency::ConcurrencyLimitHandle;
use serde::{Deserialize, Serialize};

use crate::clock::now;
use crate::median::median;

/// Often enough that the history forgets no change between two looks.
const LOOKS: Duration = Duration::from_millis(10);

/// What was seen of a limit.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Course {
    pub(super) levels: Vec<LevelCourse>,
    /// Each change with its cause, and the second after the first level began.
    pub(super) changes: Vec<(f64, String)>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct LevelCourse {
    pub(super) min: u32,
    pub(super) median: f64,
    pub(super) max: u32,
    pub(super) waiting: f64,
    pub(super) in_flight: f64,
    pub(super) changes: usize,
    pub(super) last: Option<String>,
}

/// Looks at a limit from within its server.
pub(super) struct Watch {
    handle: ConcurrencyLimitHandle,
    seen: Mutex<Vec<LevelSeen>>,
}

struct LevelSeen {
    began: Instant,
    looks: Vec<Look>,
    changes: Vec<(Instant, String)>,
}

struct Look {
    limit: u32,
    waiting: u32,
    in_flight: u32,
}

impl Watch {
    pub(super) fn new(handle: ConcurrencyLimitHandle) -> Self {
        Self {
            handle,
            seen: Mutex::default(),
        }
    }

    pub(super) fn level_begins(&self) {
        self.seen().push(LevelSeen {
            began: now(),
            looks: Vec::new(),
            changes: Vec::new(),
        });
    }

    /// Never ends.
    pub(super) async fn watch(&self) {
        let mut latest = now();
        loop {
            tokio::time::sleep(LOOKS).await;
            latest = self.look(latest);
        }
    }

    /// `latest` is when the last change was made that is known.
    fn look(&self, mut latest: Instant) -> Instant {
        let snapshot = self.handle.snapshot();
        let history = self.handle.history();
        let now = now();
        let mut seen = self.seen();
        let Some(level) = seen.last_mut() else {
            return latest;
        };
        level.looks.push(Look {
            limit: snapshot.limit,
            waiting: snapshot.waiting,
            in_flight: snapshot.in_flight,
        });
        let before = latest;
        for past in history {
            let at = now.checked_sub(past.ago).unwrap_or(now);
            // The clock was read twice, so the same change is not at quite the same instant.
            if at > before + Duration::from_micros(100) {
                latest = at;
                level.changes.push((at, past.to_string()));
            }
        }
        latest
    }

    fn seen(&self) -> MutexGuard<'_, Vec<LevelSeen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn course(&self) -> Course {
        let seen = self.seen();
        let Some(start) = seen.first().map(|level| level.began) else {
            return Course::default();
        };
        let after = |at: Instant| at.saturating_duration_since(start).as_secs_f64();
        let changes = seen.iter().flat_map(|level| &level.changes);
        Course {
            levels: seen.iter().map(LevelSeen::course).collect(),
            changes: changes.map(|(at, it)| (after(*at), it.clone())).collect(),
        }
    }
}

impl LevelSeen {
    fn course(&self) -> LevelCourse {
        let limits = || self.looks.iter().map(|look| look.limit);
        LevelCourse {
            min: limits().min().unwrap_or(0),
            median: median(limits().map(f64::from)),
            max: limits().max().unwrap_or(0),
            waiting: median(self.looks.iter().map(|look| f64::from(look.waiting))),
            in_flight: median(self.looks.iter().map(|look| f64::from(look.in_flight))),
            changes: self.changes.len(),
            last: self.changes.last().map(|(_, change)| change.clone()),
        }
    }
}
