use floodwall_core::{PolicyName, Reason, Rejection};

/// Marks a response that floodwall made: an extension of every refusal.
///
/// An outer floodwall layer takes such a response as [`Outcome::Refused`](crate::Outcome::Refused)
/// and learns nothing from it; a tracing or logging layer can tell a refusal from a 503 of the
/// service itself.
///
/// ```
/// use floodwall::http::Refused;
///
/// fn log<B>(response: &http::Response<B>) {
///     if let Some(refused) = response.extensions().get::<Refused>() {
///         println!("{} said no: {}", refused.policy(), refused.reason());
///     }
/// }
/// # log(&http::Response::new(()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused {
    policy: PolicyName,
    reason: Reason,
}

impl Refused {
    pub(super) const fn of(rejection: &Rejection) -> Self {
        Self {
            policy: rejection.policy(),
            reason: rejection.reason(),
        }
    }

    /// The policy that refused.
    pub const fn policy(&self) -> PolicyName {
        self.policy
    }

    /// Why it refused.
    pub const fn reason(&self) -> Reason {
        self.reason
    }
}
