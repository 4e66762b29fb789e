//! The references that requests hold to what a policy shares, handed from one to the next.
//!
//! To count a reference and to uncount it takes two locked instructions on a line that all threads
//! write: as much as a whole decision. So a reference that a request gives back is kept by the
//! thread, and the next request of that thread takes it: nothing is counted. A thread has a few
//! places for each kind of policy; what nobody owns any more stays in one at most until another
//! policy needs it.

use std::cell::Cell;
use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

/// What can be lent; by [`spares!`].
pub(crate) trait Spare: Sized + 'static {
    fn lendable(&self) -> &Lendable;
    /// `None` while the thread ends.
    fn with_spares<R>(with: impl FnOnce(&Spares<Self>) -> R) -> Option<R>;
}

/// Whether somebody owns it, and in which place of a thread a spare of it may be.
#[derive(Debug)]
pub(crate) struct Lendable {
    owned: AtomicBool,
    place: usize,
}

impl Lendable {
    pub(crate) fn new() -> Self {
        /// Policies that are made one after the other stand in one wall, and have places of their own.
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        Self {
            owned: AtomicBool::new(false),
            place: NEXT.fetch_add(1, Ordering::Relaxed) % PLACES,
        }
    }
}

const PLACES: usize = 8;

/// Says that `$shared` can be lent, and `$field` is its [`Lendable`].
macro_rules! spares {
    ($shared:ty, $field:ident) => {
        impl $crate::spare::Spare for $shared {
            fn lendable(&self) -> &$crate::spare::Lendable {
                &self.$field
            }
            fn with_spares<R>(with: impl FnOnce(&$crate::spare::Spares<Self>) -> R) -> Option<R> {
                thread_local! {
                    static SPARES: $crate::spare::Spares<$shared> =
                        const { $crate::spare::Spares::new() };
                }
                SPARES.try_with(with).ok()
            }
        }
    };
}
pub(crate) use spares;

/// By whom it stays: policies and handles. When the last of them goes, nobody keeps spares of it.
pub(crate) struct Owned<T: Spare>(Arc<Owner<T>>);

struct Owner<T: Spare>(Arc<T>);

/// To look whether there is an owner left.
pub(crate) struct WeaklyOwned<T: Spare>(Weak<Owner<T>>);

/// What a request holds, until it is taken or dropped: its drop takes care of all that is in it.
pub(crate) struct Lent<T: Spare>(Option<ManuallyDrop<Arc<T>>>);

/// Of one thread.
pub(crate) struct Spares<T>([Cell<Option<Arc<T>>>; PLACES]);

impl<T: Spare> Owned<T> {
    pub(crate) fn new(shared: T) -> Self {
        shared.lendable().owned.store(true, Ordering::Relaxed);
        Self(Arc::new(Owner(Arc::new(shared))))
    }

    #[inline]
    pub(crate) fn lend(&self) -> Lent<T> {
        let own = &self.0.0;
        let spare = T::with_spares(|spares| spares.take(own)).flatten();
        Lent::counted(spare.unwrap_or_else(|| Arc::clone(own)))
    }

    pub(crate) fn downgrade(&self) -> WeaklyOwned<T> {
        WeaklyOwned(Arc::downgrade(&self.0))
    }
}

impl<T: Spare> WeaklyOwned<T> {
    pub(crate) fn upgrade(&self) -> Option<Owned<T>> {
        self.0.upgrade().map(Owned)
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        self.0.ptr_eq(&other.0)
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.0.strong_count() == 0
    }
}

impl<T: Spare> Lent<T> {
    /// Of something that is shared in another way: no spares are kept of it.
    pub(crate) const fn counted(shared: Arc<T>) -> Self {
        Self(Some(ManuallyDrop::new(shared)))
    }

    pub(crate) const fn none() -> Self {
        Self(None)
    }

    pub(crate) const fn take(&mut self) -> Self {
        Self(self.0.take())
    }

    pub(crate) fn get(&self) -> Option<&Arc<T>> {
        self.0.as_deref()
    }
}

impl<T: Spare> Drop for Lent<T> {
    // Mostly it is empty by then.
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            give_back(ManuallyDrop::into_inner(shared));
        }
    }
}

#[inline(never)]
fn give_back<T: Spare>(shared: Arc<T>) {
    if !shared.lendable().owned.load(Ordering::Relaxed) {
        return let_go(shared);
    }
    // Whoever is turned away is dropped when the place is whole again: what is shared may hold a user's
    // values.
    if let Some(Some(turned_away)) = T::with_spares(move |spares| spares.put(shared)) {
        let_go(turned_away);
    }
}

#[cold]
#[inline(never)]
fn let_go<T>(shared: Arc<T>) {
    drop(shared);
}

impl<T: Spare> Spares<T> {
    pub(crate) const fn new() -> Self {
        Self([const { Cell::new(None) }; PLACES])
    }

    #[inline]
    fn of(&self, shared: &T) -> &Cell<Option<Arc<T>>> {
        &self.0[shared.lendable().place % PLACES]
    }

    #[inline]
    fn put(&self, shared: Arc<T>) -> Option<Arc<T>> {
        self.of(&shared).replace(Some(shared))
    }

    #[inline]
    fn take(&self, of: &Arc<T>) -> Option<Arc<T>> {
        let place = self.of(of);
        let spare = place.take()?;
        if Arc::ptr_eq(&spare, of) {
            return Some(spare);
        }
        place.set(Some(spare));
        None
    }
}

impl<T: Spare> Drop for Owner<T> {
    fn drop(&mut self) {
        self.0.lendable().owned.store(false, Ordering::Relaxed);
        let _spare = T::with_spares(|spares| spares.take(&self.0));
    }
}

impl<T: Spare> Clone for Owned<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Spare> Clone for WeaklyOwned<T> {
    fn clone(&self) -> Self {
        Self(Weak::clone(&self.0))
    }
}

impl<T: Spare> Deref for Owned<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0.0
    }
}

impl<T: Spare + fmt::Debug> fmt::Debug for Owned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: Spare> fmt::Debug for WeaklyOwned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(weak)")
    }
}

impl<T: Spare + fmt::Debug> fmt::Debug for Lent<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(all(test, not(floodwall_loom)))]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Policy {
        lendable: Lendable,
    }

    spares!(Policy, lendable);

    fn policy() -> (Owned<Policy>, Weak<Policy>) {
        let owned = Owned::new(Policy {
            lendable: Lendable::new(),
        });
        let weak = Arc::downgrade(&owned.0.0);
        (owned, weak)
    }

    #[test]
    fn one_after_the_other_takes_the_same_reference() {
        let (owned, weak) = policy();
        drop(owned.lend());
        let kept = weak.strong_count();
        for _ in 0..10 {
            let lent = owned.lend();
            assert_eq!(weak.strong_count(), kept, "nothing was counted");
            drop(lent);
        }
        let (one, other) = (owned.lend(), owned.lend());
        assert_eq!(weak.strong_count(), kept + 1, "two at once are counted");
        drop((one, other));
        assert_eq!(weak.strong_count(), kept);
    }

    #[test]
    fn policies_of_one_wall_do_not_take_each_others_place() {
        let walls = [policy(), policy()];
        walls.iter().for_each(|(owned, _)| drop(owned.lend()));
        for (owned, weak) in &walls {
            let kept = weak.strong_count();
            let _lent = owned.lend();
            assert_eq!(weak.strong_count(), kept);
        }
    }

    #[test]
    fn what_nobody_owns_is_not_kept() {
        let (owned, weak) = policy();
        drop(owned.lend());
        let inside = owned.lend();
        drop(owned.clone());
        assert!(owned.downgrade().upgrade().is_some());
        let weakly = owned.downgrade();
        drop(owned);
        assert!(weakly.is_gone(), "though somebody is inside");
        assert_eq!(weak.strong_count(), 1, "and only that one");
        drop(inside);
        assert_eq!(weak.strong_count(), 0);
    }

    #[test]
    fn who_comes_back_on_another_thread_leaves_a_spare_there() {
        let (owned, weak) = policy();
        let lent = owned.lend();
        std::thread::spawn(move || {
            drop(lent);
            assert_eq!(weak.strong_count(), 2);
            drop(owned);
            assert_eq!(weak.strong_count(), 0, "its owner was here");
        })
        .join()
        .unwrap();
    }
}
