//! What the gate is built on, so that loom can take its place and try every order of events.

#[cfg(not(floodwall_loom))]
pub(super) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
};

#[cfg(floodwall_loom)]
pub(super) use self::explored::{AtomicBool, AtomicU32, AtomicU64, Mutex, MutexGuard, Ordering};

#[cfg(floodwall_loom)]
pub(super) mod explored {
    use std::cell::Cell;

    pub(in super::super) use loom::sync::atomic::{AtomicBool, Ordering};
    pub(in super::super) use loom::sync::{Mutex, MutexGuard};

    thread_local! {
        /// loom remembers of an atomic only who looked at it last. Where a thread looks before it
        /// changes, as in a loop around a compare-and-swap, its own look hides those of the others,
        /// and orders in which it comes before them are never tried. So each model runs twice: with
        /// looks that count as changes, and with plain loads, which may be stale.
        pub(crate) static PLAIN_LOADS: Cell<bool> = const { Cell::new(false) };
    }

    macro_rules! atomic {
        ($name:ident, $value:ty) => {
            #[derive(Debug)]
            pub(in super::super) struct $name(loom::sync::atomic::$name);

            impl $name {
                pub(in super::super) fn new(value: $value) -> Self {
                    Self(loom::sync::atomic::$name::new(value))
                }

                pub(in super::super) fn load(&self, order: Ordering) -> $value {
                    if PLAIN_LOADS.get() {
                        self.0.load(order)
                    } else {
                        self.0.fetch_or(0, Ordering::AcqRel)
                    }
                }
            }

            impl std::ops::Deref for $name {
                type Target = loom::sync::atomic::$name;
                fn deref(&self) -> &Self::Target {
                    &self.0
                }
            }
        };
    }

    atomic!(AtomicU32, u32);
    atomic!(AtomicU64, u64);
}
