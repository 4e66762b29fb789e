//! From what was asked for to a stack.

use std::sync::Arc;
use std::time::Duration;

use super::asked::Known;
use super::builder::StackBuilder;
use super::check::{check_contradictions, check_names};
use super::kind::AnyOf;
use super::parts::{limit, quota, shed};
use super::wall::{Shared, StackLimit, Wall};
use super::{Description, Stack};
use crate::admission::{all, exempt};
use crate::http::QueueLatencyLayer;
use crate::queue_latency::QueueLatency;
use crate::signals::Signals;
use crate::{BuildError, Mode, Now};

/// Outside of the stack's own queue.
const WORTH_TELLING: Duration = Duration::from_micros(500);

pub(super) fn build(mut builder: StackBuilder) -> Result<Stack, BuildError> {
    if let Some(error) = builder.wrong.take() {
        return Err(error);
    }
    check_contradictions(&builder)?;
    let mut told = Description::new();
    tell_readers(&builder, &mut told);
    let seed = builder.seed;
    let mut quotas = Vec::new();
    for wanted in std::mem::take(&mut builder.quotas) {
        quotas.push(quota(wanted, seed, &mut told)?);
    }
    check_names(&quotas)?;
    let mut limit_told = Description::new();
    let limit = limit(&mut builder, &mut limit_told)?;
    let handle = limit.as_ref().map(StackLimit::handle);
    let signals = builder.signals.take().unwrap_or_default();
    if let Some(limit) = &handle {
        signals.watch_limit(limit)?;
    }
    let shed = match builder.shed.take() {
        Some(wanted) => Some(shed(wanted, handle.as_ref(), &signals, seed, &mut told)?),
        None => None,
    };
    told.parts.append(&mut limit_told.parts);

    let mut each = quotas.iter().cloned();
    let policies = all((
        each.next(),
        each.next(),
        each.next(),
        each.next(),
        shed.clone(),
        limit.clone(),
    ));
    let policies = signals.observe(policies).priority(Known);
    let latency = latency(&mut builder, &signals)?;
    let wall = Wall {
        shared: Arc::new(Shared {
            priority: builder.priority.map(|(reader, _)| reader),
            deadline: builder.deadline.map(|(reader, _)| reader),
            retries: builder.retries,
            policies,
            quotas,
            shed,
            limit,
            signals,
            hand_on: builder.hand_on,
        }),
    };
    let kinds = AnyOf(builder.exempt.into_iter().map(|(kind, _)| kind).collect());
    let policy = exempt(Arc::new(kinds), wall).limit(builder.exempt_limit)?;
    Ok(Stack::assemble(policy, told, latency))
}

fn latency(builder: &mut StackBuilder, signals: &Signals) -> Result<QueueLatencyLayer, BuildError> {
    let wanted = std::mem::replace(&mut builder.latency, QueueLatencyLayer::builder());
    let priority = builder
        .priority
        .as_ref()
        .map(|(reader, _)| Arc::clone(reader));
    let deadline = builder
        .deadline
        .as_ref()
        .map(|(reader, _)| Arc::clone(reader));
    let signals = signals.clone();
    // What was waited in the stack's own queue, its signals know already, and in most requests that
    // is all there is.
    let tell = move |class, latency: &QueueLatency| {
        let total = latency.total();
        if total.saturating_sub(latency.queue()) >= WORTH_TELLING {
            signals.record_queue_latency(class, total, &Now::unread());
        }
    };
    wanted.reading(priority, deadline).tell(tell).build()
}

fn tell_readers(builder: &StackBuilder, told: &mut Description) {
    if !builder.exempt.is_empty() {
        let kinds: Vec<&str> = builder
            .exempt
            .iter()
            .map(|(_, words)| words.as_str())
            .collect();
        let does = format!(
            "{}: up to {} at once, past all else",
            kinds.join(", "),
            builder.exempt_limit
        );
        told.decides("exempt", "exempt", Mode::Enforce, does);
    }
    if let Some((_, words)) = &builder.priority {
        told.reads("priority", words.clone());
    }
    if let Some((_, words)) = &builder.deadline {
        told.reads("deadline", words.clone());
    }
}
