//! A case: one question, and those who answer it.

use std::hint::black_box;

/// Contenders that do the same work in different ways.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// The contender whose cost is 1.
    pub(crate) reference: &'static str,
    pub(crate) contenders: Vec<Contender>,
}

/// One way to do the work.
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    /// Does the work this many times.
    pub(crate) repeat: Box<dyn FnMut(u64)>,
}

impl Contender {
    /// `once` does the work once; its result is kept from being optimised away. The loop is
    /// compiled together with it, so that only one dynamic call is made per block.
    pub(crate) fn new<T>(name: &'static str, mut once: impl FnMut() -> T + 'static) -> Self {
        Self {
            name,
            repeat: Box::new(move |times| {
                for _ in 0..times {
                    black_box(once());
                }
            }),
        }
    }
}
