//! What a replay found, as it is shown and as it is written as JSON. Times are in seconds.

use std::collections::{BTreeMap, HashMap};

use floodwall::{
    Mode, Priority,
    signals::Signal,
    stack::{Description, StackConfig, StackSnapshot},
};
use hdrhistogram::Histogram;
use jiff::Timestamp;
use serde::Serialize;

use super::{
    log::Log,
    play::Played,
    tally::{Count, Tally},
};

const NANOS: f64 = 1e9;
const MINUTE: u64 = 60_000_000_000;
/// So many keys of a quota are listed.
pub(super) const MOST_KEYS: usize = 20;

#[derive(Debug, Serialize)]
pub(super) struct Outcome<'a> {
    pub(super) verdict: String,
    pub(super) log: LogPart,
    pub(super) stack: &'a Description,
    pub(super) seed: u64,
    /// None: as many as there are requests.
    pub(super) workers: Option<u32>,
    pub(super) all: Row,
    /// Those that sent anything.
    pub(super) classes: Vec<Row>,
    pub(super) exempt: Option<Row>,
    pub(super) refusals: Vec<Refusal>,
    pub(super) quotas: Vec<Quota>,
    /// What policies in shadow mode would have refused.
    pub(super) shadow: Vec<Shadow>,
    /// Signals that the stack sheds by, and that a log cannot tell.
    pub(super) silent: Vec<String>,
    pub(super) wait: Wait,
    /// For a worker, behind the stack.
    pub(super) wait_behind: Wait,
    pub(super) busiest_minute: Option<Minute>,
}

#[derive(Debug, Serialize)]
pub(super) struct LogPart {
    pub(super) requests: usize,
    pub(super) lines: usize,
    pub(super) bad_lines: usize,
    pub(super) first_bad: Option<Bad>,
    pub(super) start: Option<String>,
    pub(super) seconds: f64,
    /// It tells whole seconds only, so requests were spread over theirs.
    pub(super) whole_seconds: bool,
    /// How many of its lines tell how long the answer took.
    pub(super) with_service: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct Bad {
    pub(super) line: usize,
    pub(super) why: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Row {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) class: Option<u8>,
    pub(super) requests: u64,
    pub(super) admitted: u64,
    pub(super) refused: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Refusal {
    pub(super) policy: String,
    pub(super) reason: &'static str,
    pub(super) requests: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Quota {
    pub(super) policy: String,
    pub(super) allow: String,
    /// How many different ones were refused.
    pub(super) refused_keys: usize,
    /// The most refused first, if they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) keys: Option<Vec<Key>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Key {
    pub(super) key: String,
    pub(super) refused: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Shadow {
    pub(super) policy: String,
    pub(super) would_refuse: u64,
}

/// Of those who were let in.
#[derive(Debug, Serialize)]
pub(super) struct Wait {
    pub(super) p50: f64,
    pub(super) p99: f64,
    pub(super) longest: f64,
}

#[derive(Debug, Serialize)]
pub(super) struct Minute {
    /// A time of day if the log tells such, and otherwise the number of the minute in it, from 0.
    pub(super) start: String,
    pub(super) requests: u64,
    pub(super) refused: u64,
}

impl<'a> Outcome<'a> {
    pub(super) fn new(
        log: &Log,
        config: &StackConfig,
        stack: &'a Description,
        played: &Played,
        (seed, workers, show_keys): (u64, Option<u32>, bool),
    ) -> Self {
        let tally = &played.tally;
        let classes = Priority::all().zip(&tally.classes);
        let classes = classes.filter(|(_, count)| count.requests > 0);
        let refusals = tally.refusals.iter();
        let refusals = refusals.map(|((policy, reason), requests)| Refusal {
            policy: policy.clone(),
            reason,
            requests: *requests,
        });
        let names = stack.parts.iter().filter(|part| part.part == "quota");
        let names = names.filter_map(|part| part.policy.as_deref());
        let quotas = names.zip(&config.quotas).enumerate();
        let exempt = row(None, &tally.exempt);
        Self {
            verdict: super::verdict::verdict(tally),
            log: log_part(log),
            stack,
            seed,
            workers,
            all: row(None, &tally.all),
            classes: classes
                .map(|(class, count)| row(Some(class.get()), count))
                .collect(),
            exempt: (exempt.requests > 0).then_some(exempt),
            refusals: refusals.collect(),
            quotas: quotas
                .map(|(n, (name, rules))| Quota {
                    policy: name.to_owned(),
                    allow: rules.allow.clone(),
                    refused_keys: tally.keys.get(&n).map_or(0, HashMap::len),
                    keys: show_keys.then(|| keys(tally, n)),
                })
                .collect(),
            shadow: shadows(&played.snapshot, stack),
            silent: silent(config),
            wait: wait(&tally.waits),
            wait_behind: wait(&tally.behind),
            busiest_minute: tally.busiest().map(|(minute, count)| Minute {
                start: match log
                    .start
                    .and_then(|_| of_day(minute.saturating_mul(MINUTE)))
                {
                    Some(time) => time,
                    None => minute.to_string(),
                },
                requests: count.requests,
                refused: count.refused,
            }),
        }
    }
}

fn row(class: Option<u8>, count: &Count) -> Row {
    Row {
        class,
        requests: count.requests,
        admitted: count.admitted,
        refused: count.refused,
    }
}

fn log_part(log: &Log) -> LogPart {
    let with_service = log.rows.iter().filter(|row| row.service.is_some());
    LogPart {
        requests: log.rows.len(),
        lines: log.lines,
        bad_lines: log.bad,
        first_bad: log.first_bad.as_ref().map(|(line, why)| Bad {
            line: *line,
            why: why.clone(),
        }),
        start: log.start.and_then(of_day),
        seconds: log.rows.last().map_or(0.0, |row| row.at as f64 / NANOS),
        whole_seconds: log.whole_seconds,
        with_service: with_service.count(),
    }
}

fn of_day(nanos: u64) -> Option<String> {
    let second = i64::try_from(nanos / 1_000_000_000).ok()?;
    Some(Timestamp::from_second(second).ok()?.to_string())
}

fn keys(tally: &Tally, quota: usize) -> Vec<Key> {
    let mut keys: Vec<_> = tally.keys.get(&quota).into_iter().flatten().collect();
    keys.sort_by(|one, other| (other.1, one.0).cmp(&(one.1, other.0)));
    let first = keys.into_iter().take(MOST_KEYS);
    first
        .map(|(key, refused)| Key {
            key: key.clone(),
            refused: *refused,
        })
        .collect()
}

fn shadows(now: &StackSnapshot, stack: &Description) -> Vec<Shadow> {
    let mut by_name = BTreeMap::new();
    let name = |part: &str, nth: usize| {
        let mut of = stack.parts.iter().filter(|one| one.part == part);
        of.nth(nth).and_then(|one| one.policy.clone())
    };
    for (n, quota) in now.quotas.iter().enumerate() {
        if quota.mode == Mode::Shadow {
            by_name.extend(name("quota", n).map(|name| (name, quota.counts.would_refuse())));
        }
    }
    if let Some(shed) = now.shed.as_ref().filter(|shed| shed.mode == Mode::Shadow) {
        by_name.extend(name("shed", 0).map(|name| (name, shed.counts.would_refuse())));
    }
    if let Some(limit) = now
        .concurrency
        .as_ref()
        .filter(|limit| limit.mode == Mode::Shadow)
    {
        by_name.extend(name("limit", 0).map(|name| (name, limit.counts.would_refuse())));
    }
    let all = by_name.into_iter();
    all.map(|(policy, would_refuse)| Shadow {
        policy,
        would_refuse,
    })
    .collect()
}

fn silent(config: &StackConfig) -> Vec<String> {
    let told = [
        Signal::QueueDepth,
        Signal::Backlog,
        Signal::QueueLatency,
        Signal::Utilisation,
        Signal::ArrivalRate,
        Signal::DepartureRate,
        Signal::Excess,
    ];
    let pressures = config.shed.iter().flat_map(|shed| &shed.pressures);
    pressures
        .map(|rules| rules.signal.clone())
        .filter(|name| told.iter().all(|signal| signal.as_str() != name))
        .collect()
}

fn wait(of: &Histogram<u64>) -> Wait {
    // An empty one has no least value, and says so with a nonsense.
    let at = |quantile| match of.len() {
        0 => 0.0,
        _ => of.value_at_quantile(quantile) as f64 / NANOS,
    };
    Wait {
        p50: at(0.5),
        p99: at(0.99),
        longest: at(1.0),
    }
}
