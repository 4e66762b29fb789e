use std::num::NonZeroU32;

use super::{Change, LimitAlgorithm, Sample};

/// The limit that it was given, whatever happens.
///
/// ```
/// use floodwall_core::limit::{Fixed, LimitAlgorithm};
/// use std::num::NonZeroU32;
///
/// assert_eq!(Fixed::new(NonZeroU32::new(8).unwrap()).limit(), 8);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixed(NonZeroU32);

impl Fixed {
    /// Always `limit`.
    pub const fn new(limit: NonZeroU32) -> Self {
        Self(limit)
    }
}

impl LimitAlgorithm for Fixed {
    fn limit(&self) -> u32 {
        self.0.get()
    }

    fn sample(&mut self, _sample: &Sample) -> Option<Change> {
        None
    }

    fn name(&self) -> &'static str {
        "fixed"
    }
}
