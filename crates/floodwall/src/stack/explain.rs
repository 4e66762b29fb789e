use std::fmt;

use floodwall_core::{Level, Priority, Reason};

use super::Stack;
use super::wall::StackLimit;
use crate::Now;
use crate::admission::Admission;
use crate::http::Head;

/// What would become of a request, and why; made by [`Stack::explain`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Explanation {
    /// Whether it is exempt: then only the small limit of the exempt counts.
    pub exempt: bool,
    /// What makes it exempt.
    pub exempt_by: Option<String>,
    /// How urgent it is.
    pub priority: Priority,
    /// What makes it so, where the reader can tell.
    pub priority_by: Option<String>,
    /// Its level, if there is a shedder.
    pub level: Option<Level>,
    /// Whether it bears the mark of a retry.
    pub retry: bool,
    /// How long its caller waits, if that is known.
    pub time_left: Option<std::time::Duration>,
    /// The quotas that count for it.
    pub quotas: Vec<QuotaVerdict>,
    /// What moves the limit, how many it lets in now, and what it did last; none if it is fixed.
    pub limit: Option<String>,
    /// What would become of it now. A free place can be gone a moment later.
    pub verdict: Verdict,
}

/// A quota that counts for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuotaVerdict {
    /// Its name.
    pub policy: String,
    /// Whose it is, in words.
    pub per: String,
    /// The key, where it can be shown.
    pub key: Option<String>,
    /// Why it would refuse, if it would.
    pub refuses: Option<&'static str>,
}

/// What would become of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It would be let in, or wait for its turn.
    LetIn,
    /// It would be refused at once.
    Refused {
        /// The policy that would.
        policy: String,
        /// Why.
        reason: Reason,
    },
}

pub(super) fn explain(stack: &Stack, exempt: bool, head: &Head) -> Explanation {
    let now = Now::unread();
    let shared = &stack.wall().shared;
    let asked = shared.ask(head, &now);
    let decided = if exempt {
        stack.peek_exempt(head, &now)
    } else {
        shared.policies.peek(&asked, &now)
    };
    let verdict = match decided {
        Ok(()) => Verdict::LetIn,
        Err(refusal) => Verdict::Refused {
            policy: refusal.policy().to_string(),
            reason: refusal.reason(),
        },
    };
    let counting = shared.quotas.iter().filter(|quota| quota.counts_for(head));
    let quotas = counting.map(|quota| QuotaVerdict {
        policy: quota.handle().name().to_string(),
        per: quota.per.to_string(),
        key: quota.key.0.shown(head),
        refuses: quota
            .peek(&asked, &now)
            .err()
            .map(|refusal| refusal.reason().as_str()),
    });
    Explanation {
        exempt,
        exempt_by: stack.exempt_by(head),
        priority_by: shared.priority.as_ref().and_then(|reader| reader.why(head)),
        priority: asked.priority,
        level: shared.shed.as_ref().map(|shed| shed.level_of(&asked, &now)),
        retry: asked.retry,
        time_left: asked
            .deadline
            .map(|deadline| deadline.saturating_duration_since(now.instant())),
        quotas: if exempt { Vec::new() } else { quotas.collect() },
        limit: shared.limit.as_ref().filter(|_| !exempt).and_then(moved),
        verdict,
    }
}

fn moved(limit: &StackLimit) -> Option<String> {
    let snapshot = limit.handle().snapshot();
    let adaptive = snapshot.adaptive?;
    let mut words = format!("{} now, moved by {}", snapshot.limit, adaptive.algorithm);
    if let Some(change) = adaptive.last_change {
        words += &format!("; {:?} ago: {change}", change.ago);
    }
    Some(words)
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.exempt {
            let by = self.exempt_by.as_deref().unwrap_or("its kind");
            writeln!(
                f,
                "exempt by {by}: neither quotas nor shedding nor the queue count for it"
            )?;
        }
        write!(f, "priority {}", self.priority)?;
        if let Some(by) = &self.priority_by {
            write!(f, " ({by})")?;
        }
        if let Some(level) = self.level {
            write!(f, ", level {} of 1024", level.index())?;
        }
        if self.retry {
            write!(f, ", a retry")?;
        }
        if let Some(left) = self.time_left {
            write!(f, ", its caller waits for {left:?}")?;
        }
        for quota in &self.quotas {
            write!(f, "\nquota {} {}", quota.policy, quota.per)?;
            if let Some(key) = &quota.key {
                write!(f, " ({})", key.escape_debug())?;
            }
            match quota.refuses {
                None => write!(f, ": has room")?,
                Some(reason) => write!(f, ": refuses ({reason})")?,
            }
        }
        if let Some(limit) = &self.limit {
            write!(f, "\nlimit {limit}")?;
        }
        match &self.verdict {
            Verdict::LetIn => write!(f, "\nlet in"),
            Verdict::Refused { policy, reason } => write!(f, "\nrefused by {policy}: {reason}"),
        }
    }
}
