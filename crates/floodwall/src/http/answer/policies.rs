use std::cell::RefCell;

use ::http::HeaderValue;
use floodwall_core::{PolicyName, QuotaReport, Report};

use super::prepared::Prepared;
use super::text::Text;

/// More than most services have layers with quotas.
const KEPT: usize = 8;

thread_local! {
    // Quotas do not change while requests run, so neither does what is said of them. A copy for each
    // thread, because threads that share one would all write to its reference count.
    static KNOWN: RefCell<Vec<Known>> = const { RefCell::new(Vec::new()) };
}

/// What is said of some quotas, however they stand.
pub(super) struct Known {
    quotas: Vec<Policy>,
    /// `RateLimit-Policy`.
    pub(super) policy: HeaderValue,
    /// The headers of a refusal.
    pub(super) refusal: Prepared,
}

/// What a `RateLimit-Policy` says of a quota.
#[derive(Clone, Copy, PartialEq)]
struct Policy {
    name: PolicyName,
    quota: u64,
    window: Option<u64>,
}

impl Policy {
    const fn of(quota: &QuotaReport) -> Self {
        Self {
            name: quota.policy,
            quota: quota.quota,
            window: quota.window,
        }
    }
}

impl Known {
    /// Lends what is known of the quotas of `report`, whose `RateLimit-Policy` is written by `write`
    /// if it is not at hand.
    pub(super) fn of<R>(
        report: &Report,
        write: impl FnOnce(&mut Text),
        lend: impl FnOnce(&Self) -> R,
    ) -> Option<R> {
        let mut lend = Some(lend);
        let found = KNOWN.try_with(|known| {
            let known = known.borrow();
            let known = known.iter().find(|known| known.is_of(report))?;
            lend.take().map(|lend| lend(known))
        });
        if let Ok(Some(found)) = found {
            return Some(found);
        }
        let known = Self::new(report, write)?;
        let lent = lend.take().map(|lend| lend(&known));
        // The thread may be at its end, and then nobody asks again.
        let _ = KNOWN.try_with(|all| {
            let mut all = all.borrow_mut();
            if all.len() == KEPT {
                all.remove(0);
            }
            all.push(known);
        });
        lent
    }

    #[cold]
    fn new(report: &Report, write: impl FnOnce(&mut Text)) -> Option<Self> {
        let mut text = Text::new();
        write(&mut text);
        // Its own memory: it stays, and would keep the page alive.
        let policy = HeaderValue::from_bytes(&text.freeze()).ok()?;
        Some(Self {
            quotas: report.quotas().map(Policy::of).collect(),
            refusal: Prepared::with_quotas(policy.clone()),
            policy,
        })
    }

    fn is_of(&self, report: &Report) -> bool {
        self.quotas
            .iter()
            .copied()
            .eq(report.quotas().map(Policy::of))
    }
}
