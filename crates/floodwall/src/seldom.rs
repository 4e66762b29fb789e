//! What is mostly not there.
//!
//! To drop an `Option` takes a call of some length into whoever drops it, even where there is nothing
//! in it. What is on the way of each request holds what is rare in this instead: a comparison is all
//! that is left where it is not there.

use std::fmt;
use std::mem::ManuallyDrop;

/// Mostly none; otherwise a box of something, or something as small.
pub(crate) struct Seldom<T>(Option<ManuallyDrop<T>>);

impl<T> Seldom<T> {
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    pub(crate) const fn new(value: T) -> Self {
        Self(Some(ManuallyDrop::new(value)))
    }

    pub(crate) const fn is_some(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn as_mut(&mut self) -> Option<&mut T> {
        self.0.as_deref_mut()
    }

    pub(crate) fn put(&mut self, value: T) -> &mut T {
        self.clear();
        self.0.insert(ManuallyDrop::new(value))
    }

    #[inline]
    pub(crate) fn take(&mut self) -> Option<T> {
        self.0.take().map(ManuallyDrop::into_inner)
    }

    #[inline]
    pub(crate) fn clear(&mut self) {
        if let Some(value) = self.take() {
            let_go(value);
        }
    }
}

impl<T: Default> Seldom<T> {
    pub(crate) fn get_or_default(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }
}

impl<T> Drop for Seldom<T> {
    #[inline]
    fn drop(&mut self) {
        self.clear();
    }
}

impl<T: fmt::Debug> fmt::Debug for Seldom<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_deref().fmt(f)
    }
}

#[cold]
#[inline(never)]
fn let_go<T>(value: T) {
    drop(value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn what_it_holds_is_dropped_once() {
        let counted = Arc::new(());
        let held = || Seldom::new(Box::new(Arc::clone(&counted)));
        drop(held());
        assert_eq!(Arc::strong_count(&counted), 1, "dropped with it");

        let mut seldom = held();
        seldom.put(Box::new(Arc::clone(&counted)));
        assert_eq!(Arc::strong_count(&counted), 2, "the one before was dropped");
        let taken = seldom.take();
        assert!(!seldom.is_some());
        drop(seldom);
        assert_eq!(Arc::strong_count(&counted), 2, "what was taken lives on");
        drop(taken);
        assert_eq!(Arc::strong_count(&counted), 1);
    }

    #[test]
    fn it_is_no_larger_than_what_it_holds() {
        assert_eq!(size_of::<Seldom<Box<u64>>>(), size_of::<Box<u64>>());
    }
}
