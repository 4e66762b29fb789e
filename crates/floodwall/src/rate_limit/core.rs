use std::sync::atomic::{AtomicBool, Ordering};

use floodwall_core::rate::{KeyHash, KeyHasher, QuotaSet, SetDenied};
use floodwall_core::{Moment, PolicyName, Priority, Reason, Rejection, Report};

use super::pace::Pace;
use crate::clock::Origin;
use crate::extract::MissingKey;
use crate::mode::ModeSwitch;
use crate::observe::Observer;
use crate::spare::{Lendable, spares};
use crate::{Mode, Now};

/// What all clones of one rate limit share.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) name: PolicyName,
    pub(super) quotas: QuotaSet,
    /// Whether each key has its own; otherwise there is nothing to hash.
    pub(super) keyed: bool,
    pub(super) origin: Origin,
    pub(super) mode: ModeSwitch,
    pub(super) observer: Observer,
    pub(super) pace: Option<Pace>,
    draining: AtomicBool,
    told_missing: AtomicBool,
    lendable: Lendable,
}

spares!(Core, lendable);

/// What was read from a request.
#[derive(Debug)]
pub(super) struct Asked {
    // Boxed, because nobody misses a key in earnest, and whatever holds this moves it about.
    pub(super) key: Result<KeyHash, Box<MissingKey>>,
    pub(super) cost: u32,
}

impl Core {
    pub(super) fn new(
        name: PolicyName,
        quotas: QuotaSet,
        keyed: bool,
        mode: Mode,
        pace: Option<Pace>,
    ) -> Self {
        Self {
            name,
            quotas,
            keyed,
            origin: Origin::here(),
            mode: ModeSwitch::new(mode),
            observer: Observer::new("rate_limit", name),
            pace,
            draining: AtomicBool::new(false),
            told_missing: AtomicBool::new(false),
            lendable: Lendable::new(),
        }
    }

    pub(super) fn hasher(&self) -> KeyHasher {
        self.quotas.hasher()
    }

    pub(super) fn set_draining(&self, draining: bool) {
        self.draining.store(draining, Ordering::Relaxed);
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// It decides, and takes new ones.
    #[inline]
    pub(super) fn is_usual(&self) -> bool {
        self.mode.get() == Mode::Enforce && !self.is_draining()
    }

    #[inline]
    pub(super) fn peek(&self, asked: &Asked, now: &Now) -> Result<(), Rejection> {
        if let (true, Ok(key)) = (self.is_usual(), &asked.key) {
            let at = self.origin.at(now);
            return match self.quotas.peek(*key, at, asked.cost) {
                Ok(()) => Ok(()),
                // Whether there is room to wait for it is decided when it is charged.
                Err(denied) if self.may_wait(&denied) => Ok(()),
                Err(denied) => Err(self.refusal(*key, &denied, at)),
            };
        }
        self.peek_unusual(asked)
    }

    #[cold]
    fn peek_unusual(&self, asked: &Asked) -> Result<(), Rejection> {
        if self.is_draining() {
            return Err(Rejection::new(self.name, Reason::Draining));
        }
        if self.mode.get() != Mode::Enforce {
            return Ok(());
        }
        self.key(asked).map(drop)
    }

    /// The key, or the refusal that says how to provide one.
    pub(super) fn key(&self, asked: &Asked) -> Result<KeyHash, Rejection> {
        match &asked.key {
            Ok(key) => Ok(*key),
            Err(missing) => Err(self.no_key(missing)),
        }
    }

    #[cold]
    fn no_key(&self, missing: &MissingKey) -> Rejection {
        if !self.told_missing.swap(true, Ordering::Relaxed) {
            self.tell_missing(missing);
        }
        Rejection::new(self.name, Reason::MissingKey).with_detail(missing.fix())
    }

    #[cfg(feature = "tracing")]
    fn tell_missing(&self, missing: &MissingKey) {
        tracing::error!(target: "floodwall", policy = %self.name, "{missing}; this is said once");
    }

    #[cfg(not(feature = "tracing"))]
    #[expect(clippy::unused_self, reason = "the other one needs it")]
    fn tell_missing(&self, _missing: &MissingKey) {}

    pub(super) fn may_wait(&self, denied: &SetDenied) -> bool {
        match (&self.pace, denied.wait) {
            (Some(pace), Some(wait)) => wait <= pace.max_wait,
            _ => false,
        }
    }

    #[cold]
    pub(super) fn refusal(&self, key: KeyHash, denied: &SetDenied, at: Moment) -> Rejection {
        let mut report = Report::default();
        self.quotas.report_denied(key, at, denied, &mut report);
        let refusal = Rejection::new(denied.policy, denied.reason).with_report(report);
        match denied.wait {
            Some(wait) => refusal.with_retry_after(wait),
            None => refusal,
        }
    }

    pub(super) fn count(&self, refusal: &Rejection) {
        self.observer
            .refused(Priority::NORMAL, refusal.reason(), refusal.retry_after());
    }
}
