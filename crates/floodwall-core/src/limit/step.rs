use super::LimitError;
use super::bounds::real_within;

/// An amount that depends on the limit as it is.
///
/// ```
/// use floodwall_core::limit::Step;
///
/// assert_eq!(Step::Fixed(4).of(120.0), 4.0);
/// assert_eq!(Step::Log10(3).of(120.0), 6.0);
/// assert_eq!(Step::Share(0.5).of(120.0), 60.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// The same at every limit.
    Fixed(u32),
    /// So many times [`log10_root`] of the limit.
    Log10(u32),
    /// A share of the limit, from 0 to 1.
    Share(f64),
}

impl Step {
    /// How much it is at `limit`.
    pub fn of(self, limit: f64) -> f64 {
        match self {
            Self::Fixed(amount) => f64::from(amount),
            Self::Log10(times) => f64::from(times) * f64::from(log10_root(limit as u32)),
            Self::Share(share) => share * limit,
        }
    }

    pub(super) fn check(self, field: &'static str) -> Result<(), LimitError> {
        match self {
            Self::Fixed(_) | Self::Log10(_) => Ok(()),
            Self::Share(share) => real_within(field, share, 0.0, 1.0),
        }
    }
}

/// The whole part of the decimal logarithm, at least 1.
///
/// Source: `Log10RootIntFunction` of Netflix concurrency-limits.
///
/// ```
/// use floodwall_core::limit::log10_root;
///
/// assert_eq!([0, 100, 10_000].map(log10_root), [1, 2, 4]);
/// ```
pub const fn log10_root(limit: u32) -> u32 {
    match limit.checked_ilog10() {
        Some(whole) if whole > 1 => whole,
        _ => 1,
    }
}
