//! For calls to others: how much may be tried again, and how much is sent to what is broken.
//!
//! [`Budget`] and [`TokenBucket`] bound retries, [`Backoff`] spreads them. [`Throttle`] holds calls
//! back from what refuses them, [`Proportional`] and [`Classic`] from what fails.
//!
//! Nobody here learns from what never ran: see [`is_error`].
//!
//! ```
//! use floodwall_core::outbound::Budget;
//!
//! let budget = Budget::new(0.2, 3).unwrap();
//! for _ in 0..25 {
//!     budget.open();
//! }
//! assert_eq!((0..25).filter(|_| budget.schedule()).count(), 5);
//! ```

mod backoff;
mod budget;
mod classic;
mod pid;
mod proportional;
mod throttle;
mod tokens;
mod unsound;
mod window;

pub use backoff::Backoff;
pub use budget::Budget;
pub use classic::{BreakerState, Classic, ClassicConfig, Over, Ticket};
pub use pid::{ErrorBaseline, Pid, PidConfig};
pub use proportional::{Proportional, ProportionalConfig};
pub use throttle::{Throttle, reject_probability};
pub use tokens::TokenBucket;
pub use unsound::Unsound;

use crate::Outcome;

/// What a call that ended teaches about the one who was called: whether it was an error, or nothing.
///
/// [`Outcome::Failure`] and [`Outcome::Overload`] are errors: a service that pushes back needs fewer
/// calls just as one that breaks. [`Outcome::Refused`] never got there, and of
/// [`Outcome::Cancelled`] nobody knows how it would have ended.
///
/// ```
/// use floodwall_core::{Outcome, outbound::is_error};
///
/// assert_eq!(is_error(Outcome::Overload), Some(true));
/// assert_eq!(is_error(Outcome::Success), Some(false));
/// assert_eq!(is_error(Outcome::Refused), None);
/// ```
pub const fn is_error(outcome: Outcome) -> Option<bool> {
    match outcome {
        Outcome::Success => Some(false),
        Outcome::Failure | Outcome::Overload => Some(true),
        Outcome::Refused | Outcome::Cancelled => None,
    }
}
