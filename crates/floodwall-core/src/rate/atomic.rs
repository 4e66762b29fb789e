//! The atomics and locks of rates: std's, or loom's in the models.

#[cfg(not(floodwall_loom))]
pub(super) use std::sync::Mutex;
#[cfg(not(floodwall_loom))]
pub(super) use std::sync::atomic::AtomicU64;

#[cfg(floodwall_loom)]
pub(super) use loom::sync::Mutex;
#[cfg(floodwall_loom)]
pub(super) use modelled::AtomicU64;
#[cfg(all(test, floodwall_loom))]
pub(super) use modelled::explore;

pub(super) use crate::atomic::Ordering;

#[cfg(floodwall_loom)]
mod modelled {
    use std::cell::Cell;
    use std::fmt;

    use crate::atomic::Ordering;

    std::thread_local! {
        static LOADS_WRITE: Cell<bool> = const { Cell::new(false) };
    }

    /// Explores all interleavings of a model, twice.
    ///
    /// loom 0.7 remembers one last access of each atomic, so that a thread that loads before it
    /// writes hides the loads of others from its search: "it writes between their write and their
    /// load" is then never tried. With each load as an addition of zero nothing is hidden. Without
    /// that, loads may tell old values, as they may on weakly ordered machines.
    #[cfg(test)]
    pub(in crate::rate) fn explore(model: impl Fn() + Copy + Send + Sync + 'static) {
        for loads_write in [true, false] {
            LOADS_WRITE.set(loads_write);
            let mut search = loom::model::Builder::new();
            // They are small: more than the two that the environment asks for is affordable.
            search.preemption_bound = Some(3);
            search.check(model);
        }
    }

    pub(in crate::rate) struct AtomicU64(loom::sync::atomic::AtomicU64);

    impl AtomicU64 {
        pub(in crate::rate) fn new(value: u64) -> Self {
            Self(loom::sync::atomic::AtomicU64::new(value))
        }

        pub(in crate::rate) fn load(&self, order: Ordering) -> u64 {
            if LOADS_WRITE.get() {
                self.0.fetch_add(0, Ordering::AcqRel)
            } else {
                self.0.load(order)
            }
        }

        pub(in crate::rate) fn store(&self, value: u64, order: Ordering) {
            self.0.store(value, order);
        }

        pub(in crate::rate) fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
            self.0.fetch_add(value, order)
        }

        pub(in crate::rate) fn compare_exchange(
            &self,
            current: u64,
            new: u64,
            success: Ordering,
            failure: Ordering,
        ) -> Result<u64, u64> {
            self.0.compare_exchange(current, new, success, failure)
        }

        pub(in crate::rate) fn compare_exchange_weak(
            &self,
            current: u64,
            new: u64,
            success: Ordering,
            failure: Ordering,
        ) -> Result<u64, u64> {
            self.0.compare_exchange_weak(current, new, success, failure)
        }
    }

    impl fmt::Debug for AtomicU64 {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.fmt(f)
        }
    }
}
