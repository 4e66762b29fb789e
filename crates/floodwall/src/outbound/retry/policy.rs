use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use floodwall_core::Outcome;
use floodwall_core::outbound::Backoff;
use tower::retry::Policy;

use super::{Again, RetryPolicyBuilder, RetryWait, Retryable};
use crate::outbound::chance::Chance;
use crate::outbound::{BudgetedCall, RetryBudget};

/// A [`RetryBudget`] as a policy for `tower::retry::Retry`: which calls are tried again, and when.
///
/// At most three attempts, after an exponential backoff with full jitter, not before whoever was called
/// wants it, and only within the budget. `R` says what may be tried again and how the answer counts:
/// [`HttpRetry`](super::HttpRetry), or closures by [`retry_fn`](super::retry_fn).
///
/// ```
/// use bytes::Bytes;
/// use floodwall::outbound::{HttpRetry, RetryBudget, RetryPolicy};
/// use http::{Request, Response, StatusCode};
/// use http_body_util::Full;
/// use tower::{ServiceBuilder, ServiceExt, retry::RetryLayer, service_fn};
///
/// # tokio_test::block_on(async {
/// let retry = RetryPolicy::builder(RetryBudget::new(), HttpRetry::new()).attempts(2).build()?;
/// let client = ServiceBuilder::new()
///     .layer(RetryLayer::new(retry))
///     .service(service_fn(async |request: Request<Full<Bytes>>| {
///         let again = request.headers().contains_key("x-envoy-attempt-count");
///         let status = if again { StatusCode::OK } else { StatusCode::BAD_GATEWAY };
///         Ok::<_, std::io::Error>(Response::builder().status(status).body(()).unwrap())
///     }));
/// let answer = client.oneshot(Request::new(Full::default())).await.unwrap();
/// assert_eq!(answer.status(), 200);
/// # Ok::<(), floodwall::BuildError>(())
/// # }).unwrap();
/// ```
///
/// A call counts as under way from `Retry::call` to the head of its last answer. tower clones the policy
/// once for each call, right after it has copied the request; that clone is the call, and dropping it
/// gives back whatever it held.
///
/// # Panics
///
/// A retry waits on tokio's timer, and panics outside of a runtime that has one.
#[derive(Debug)]
pub struct RetryPolicy<R> {
    rules: Arc<Rules<R>>,
    role: Role,
}

#[derive(Debug)]
pub(super) struct Rules<R> {
    pub(super) budget: RetryBudget,
    pub(super) what: R,
    pub(super) attempts: u32,
    pub(super) backoff: Backoff,
    pub(super) max_wait: Duration,
    pub(super) chance: Chance,
}

#[derive(Debug)]
enum Role {
    /// In the service, and in its clones: holds a call only between the copy of its request and the
    /// clone that takes it over.
    Service(Mutex<Option<BudgetedCall>>),
    /// In the future of one call.
    Call(Call),
}

#[derive(Debug)]
struct Call {
    budgeted: BudgetedCall,
    retries: u32,
    /// Backoffs since the beginning, or since whoever was called said how long to wait.
    backoffs: u32,
}

impl<R> RetryPolicy<R> {
    /// With the defaults that the builder's methods tell.
    pub fn new(budget: RetryBudget, what: R) -> Self {
        Self::builder(budget, what)
            .build()
            .expect("these settings are sound")
    }

    /// Begins with the defaults, which each method tells.
    pub const fn builder(budget: RetryBudget, what: R) -> RetryPolicyBuilder<R> {
        RetryPolicyBuilder::new(budget, what)
    }

    pub(super) fn assemble(rules: Rules<R>) -> Self {
        Self {
            rules: Arc::new(rules),
            role: Role::empty(),
        }
    }

    /// The budget.
    pub fn budget(&self) -> &RetryBudget {
        &self.rules.budget
    }
}

impl Role {
    const fn empty() -> Self {
        Self::Service(Mutex::new(None))
    }

    /// The call, which begins now if nobody has begun it.
    fn call(&mut self, budget: &RetryBudget) -> &mut Call {
        if let Self::Service(begun) = self {
            let begun = begun.get_mut().unwrap_or_else(PoisonError::into_inner);
            let budgeted = begun.take().unwrap_or_else(|| budget.call());
            *self = Self::Call(Call::new(budgeted));
        }
        match self {
            Self::Call(call) => call,
            Self::Service(_) => unreachable!("it has just become a call"),
        }
    }
}

impl Call {
    const fn new(budgeted: BudgetedCall) -> Self {
        Self {
            budgeted,
            retries: 0,
            backoffs: 0,
        }
    }
}

/// A clone takes over the call that has just begun, if there is one.
impl<R> Clone for RetryPolicy<R> {
    fn clone(&self) -> Self {
        let begun = match &self.role {
            Role::Service(begun) => begun.lock().unwrap_or_else(PoisonError::into_inner).take(),
            Role::Call(_) => None,
        };
        Self {
            rules: Arc::clone(&self.rules),
            role: begun.map_or_else(Role::empty, |budgeted| Role::Call(Call::new(budgeted))),
        }
    }
}

impl<R, Req, Res, E> Policy<Req, Res, E> for RetryPolicy<R>
where
    R: Retryable<Req, Res, E>,
{
    type Future = RetryWait;

    fn clone_request(&mut self, request: &Req) -> Option<Req> {
        let rules = &*self.rules;
        let attempts = match &mut self.role {
            Role::Service(begun) => {
                let begun = begun.get_mut().unwrap_or_else(PoisonError::into_inner);
                *begun = Some(rules.budget.call());
                1
            }
            Role::Call(call) => call.retries + 1,
        };
        // A copy of the last attempt would never be sent; but without one nobody is told how it ended.
        let is_last = attempts >= rules.attempts;
        if is_last && !rules.budget.learns() {
            return None;
        }
        rules.what.copy(request)
    }

    fn retry(&mut self, request: &mut Req, result: &mut Result<Res, E>) -> Option<RetryWait> {
        let rules = &*self.rules;
        let verdict = rules.what.judge(request, result);
        let call = self.role.call(&rules.budget);
        call.budgeted.ended(verdict.outcome);
        if matches!(verdict.outcome, Outcome::Refused | Outcome::Cancelled)
            || call.retries + 1 >= rules.attempts
        {
            return None;
        }
        let backoff = || rules.backoff.wait(call.backoffs, rules.chance.unit());
        let (told, wait, backoffs) = match verdict.again {
            Again::Never => return None,
            Again::AfterBackoff => (Duration::ZERO, backoff(), call.backoffs + 1),
            Again::NotBefore(time) => (time, time.saturating_add(backoff()), call.backoffs + 1),
            Again::After(time) => (time, time, 0),
        };
        if told > rules.max_wait || !call.budgeted.schedule() {
            return None;
        }
        call.retries += 1;
        call.backoffs = backoffs;
        rules.what.mark(request, call.retries);
        Some(RetryWait::new(wait))
    }
}
