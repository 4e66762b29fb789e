use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use floodwall_core::rate::{HashSecret, KeyHash, KeyHasher};
use floodwall_core::{PolicyName, Reason, Rejection};

use super::table::{Found, Put, Table};
use crate::concurrency::ConcurrencyLimitBuilder;
use crate::concurrency::core::Core;
use crate::extract::MissingKey;
use crate::mode::ModeSwitch;
use crate::observe::Observer;
use crate::{BuildError, Mode};

/// Makes the limit of a key that has none yet.
pub(super) type Each = dyn Fn() -> ConcurrencyLimitBuilder + Send + Sync;

/// What all clones of one keyed limit share.
pub(super) struct Shared {
    pub(super) name: PolicyName,
    pub(super) capacity: usize,
    pub(super) table: Table,
    /// For those who find no slot.
    pub(super) overflow: Arc<Core>,
    pub(super) mode: ModeSwitch,
    pub(super) observer: Arc<Observer>,
    pub(super) overflowed: AtomicU64,
    pub(super) taken_over: AtomicU64,
    each: Box<Each>,
    secret: HashSecret,
    told_missing: AtomicBool,
}

impl Shared {
    /// A key has few requests under way at once, compared with a whole service.
    const RING: usize = 32;

    pub(super) fn new(
        each: Box<Each>,
        capacity: usize,
        secret: HashSecret,
    ) -> Result<Self, BuildError> {
        let first = each();
        let name = PolicyName::new(&first.name)?;
        let mode = first.mode;
        let observer = Arc::new(Observer::of_many("concurrency", name));
        let (overflow, _, _) = first.make(name, Self::RING, Arc::clone(&observer))?;
        Ok(Self {
            name,
            capacity,
            table: Table::new(capacity),
            overflow: Arc::new(overflow),
            mode: ModeSwitch::new(mode),
            observer,
            overflowed: AtomicU64::new(0),
            taken_over: AtomicU64::new(0),
            each,
            secret,
            told_missing: AtomicBool::new(false),
        })
    }

    pub(super) fn hasher(&self) -> KeyHasher {
        self.secret.hasher()
    }

    /// The limit of a key as it is now; none if a new one would be made for it.
    pub(super) fn look(&self, key: KeyHash) -> Option<Arc<Core>> {
        match self.table.look(key) {
            Found::Its(core) => Some(core),
            Found::Room => None,
            Found::Full => Some(Arc::clone(&self.overflow)),
        }
    }

    /// The limit of a key, made if it has none.
    pub(super) fn limit_of(&self, key: KeyHash) -> Arc<Core> {
        match self.table.find(key) {
            Found::Its(core) => core,
            Found::Full => self.overflow(),
            // A user's code makes it and drops it: never under the lock.
            Found::Room => match self.make() {
                Some(core) => self.put(key, core),
                None => self.overflow(),
            },
        }
    }

    fn put(&self, key: KeyHash, core: Arc<Core>) -> Arc<Core> {
        match self.table.put(key, &core) {
            Put::In(lost) => {
                if lost.is_some() {
                    self.taken_over.fetch_add(1, Ordering::Relaxed);
                }
                core
            }
            Put::Twin(theirs) => theirs,
            Put::Full => self.overflow(),
        }
    }

    fn make(&self) -> Option<Arc<Core>> {
        let made = (self.each)().mode(self.mode.get());
        let made = made.make(self.name, Self::RING, Arc::clone(&self.observer));
        // What could be built once can be built again, unless the closure changed its mind.
        made.ok().map(|(core, _, _)| Arc::new(core))
    }

    fn overflow(&self) -> Arc<Core> {
        self.overflowed.fetch_add(1, Ordering::Relaxed);
        Arc::clone(&self.overflow)
    }

    pub(super) fn set_mode(&self, mode: Mode) {
        self.mode.set(mode);
        let mut all = Vec::new();
        self.table.visit(|core| all.push(Arc::clone(core)));
        // It wakes those who wait: not under the locks.
        for core in all {
            core.set_mode(mode);
        }
        self.overflow.set_mode(mode);
    }

    /// The refusal of a request whose key is missing, which says how to provide one.
    pub(super) fn missing(&self, missing: &MissingKey) -> Rejection {
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
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyedConcurrencyLimit")
            .field("name", &self.name)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}
