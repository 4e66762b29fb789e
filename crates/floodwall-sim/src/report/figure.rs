//! Assertions that read like sentences.

use std::fmt::Write;
use std::time::Duration;

use super::{Group, PhaseReport, Report};
use crate::scenario::{Bound, Measure};

/// A part of one report or of several: a phase, and in it everybody, a class or a client.
///
/// Made by [`Report::during`], [`Report::overall`] and the same methods of [`Runs`](super::Runs).
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Part<'a> {
    reports: &'a [Report],
    phase: Option<&'a str>,
    who: Who<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Who<'a> {
    All,
    Class(u8),
    Client(&'a str),
}

/// One measure of a part: a value for each report.
#[derive(Clone, Debug)]
#[must_use = "ask it to be at_least or at_most something"]
pub struct Figure<'a> {
    part: Part<'a>,
    measure: Measure,
    values: Vec<Option<f64>>,
    mean: bool,
}

impl<'a> Part<'a> {
    pub(super) const fn new(reports: &'a [Report], phase: Option<&'a str>) -> Self {
        Self {
            reports,
            phase,
            who: Who::All,
        }
    }

    /// Of these, the requests of one class only.
    pub const fn class(mut self, class: u8) -> Self {
        self.who = Who::Class(class);
        self
    }

    /// Of these, the requests of one client only.
    pub const fn client(mut self, name: &'a str) -> Self {
        self.who = Who::Client(name);
        self
    }

    /// Any measure.
    ///
    /// # Panics
    ///
    /// If there is no such phase or client, or no report at all.
    #[track_caller]
    pub fn figure(self, measure: Measure) -> Figure<'a> {
        // Whatever is said of each of none is true, and a test that says it proves nothing.
        assert!(!self.reports.is_empty(), "there is no run to look at");
        let value = |report| match self.value(report, measure) {
            Ok(value) => value,
            Err(problem) => panic!("{problem}"),
        };
        Figure {
            values: self.reports.iter().map(value).collect(),
            part: self,
            measure,
            mean: false,
        }
    }

    /// The share of the requests that succeeded.
    #[track_caller]
    pub fn success(self) -> Figure<'a> {
        self.figure(Measure::Success)
    }

    /// Answers in time per second, as a share of the capacity.
    #[track_caller]
    pub fn goodput(self) -> Figure<'a> {
        self.figure(Measure::Goodput)
    }

    /// Answers in time per second, as a share of what could be: the lesser of capacity and offer.
    #[track_caller]
    pub fn possible(self) -> Figure<'a> {
        self.figure(Measure::Possible)
    }

    /// The median latency of the answers in time.
    #[track_caller]
    pub fn p50(self) -> Figure<'a> {
        self.figure(Measure::P50)
    }

    /// The 99th percentile of the latency of the answers in time.
    #[track_caller]
    pub fn p99(self) -> Figure<'a> {
        self.figure(Measure::P99)
    }

    /// The median time until a refusal.
    #[track_caller]
    pub fn refusal_p50(self) -> Figure<'a> {
        self.figure(Measure::RefusalP50)
    }

    /// Attempts for each request.
    #[track_caller]
    pub fn amplification(self) -> Figure<'a> {
        self.figure(Measure::Amplification)
    }

    /// Jain's index of fairness over the tenants.
    #[track_caller]
    pub fn fairness(self) -> Figure<'a> {
        self.figure(Measure::Fairness)
    }

    /// From so long after the start of the phase on, for a second at least, 95 % of what could be
    /// done was done.
    ///
    /// # Panics
    ///
    /// If it was not.
    #[track_caller]
    pub fn recovers_within(self, time: Duration) {
        self.figure(Measure::Recovery).at_most(time);
    }

    /// Nobody was refused.
    ///
    /// # Panics
    ///
    /// If somebody was.
    #[track_caller]
    pub fn no_refusals(self) {
        self.figure(Measure::Refusals).at_most(0.0);
    }

    /// Nobody was refused for want of room while there was room.
    ///
    /// # Panics
    ///
    /// If somebody was.
    #[track_caller]
    pub fn no_false_refusals(self) {
        self.figure(Measure::FalseRefusals).at_most(0.0);
    }

    /// The value in one report; `None` if there is nothing to tell.
    pub(crate) fn value(self, report: &Report, measure: Measure) -> Result<Option<f64>, String> {
        let phase = match self.phase {
            None => &report.total,
            Some(name) => report.phase(name).ok_or_else(|| {
                let known = report.phases.iter().map(|phase| phase.name.as_str());
                format!("there is no phase `{name}`: there is {}", list(known))
            })?,
        };
        let group = match self.who {
            Who::All => Some(&phase.all),
            Who::Class(class) => phase
                .classes
                .iter()
                .find(|group| group.class == Some(class)),
            Who::Client(name) => Some(
                phase
                    .clients
                    .iter()
                    .find(|group| group.name == name)
                    .ok_or_else(|| {
                        let known = phase.clients.iter().map(|group| group.name.as_str());
                        format!("there is no client `{name}`: there is {}", list(known))
                    })?,
            ),
        };
        // A class of which nothing came is not wrong, there is only nothing to tell.
        let Some(group) = group else { return Ok(None) };
        if !matches!(self.who, Who::All) && measure.is_of_all() {
            return Err(format!("`{measure}` is known for all together only"));
        }
        Ok(value(phase, group, measure))
    }

    fn words(self) -> String {
        let who = match self.who {
            Who::All => String::new(),
            Who::Class(class) => format!(" of class {class}"),
            Who::Client(name) => format!(" of client `{name}`"),
        };
        match self.phase {
            Some(phase) => format!("{who} during `{phase}`"),
            None => format!("{who} over all"),
        }
    }
}

impl Figure<'_> {
    /// Looks at the mean over the seeds instead of at each.
    pub fn mean(mut self) -> Self {
        self.values = vec![mean(&self.values)];
        self.mean = true;
        self
    }

    /// The value: of several reports the mean; `None` if one of them has nothing to tell, as a p99 where
    /// nobody succeeded.
    pub fn value(&self) -> Option<f64> {
        mean(&self.values)
    }

    /// It is this or more.
    ///
    /// # Panics
    ///
    /// If it is not, with the figures, the seed, and how to repeat the run.
    #[track_caller]
    pub fn at_least(&self, bound: impl Into<Bound>) {
        let bound = bound.into();
        self.must("at least", bound, |value| {
            value.is_some_and(|value| value >= bound.value())
        });
    }

    /// It is this or less.
    ///
    /// # Panics
    ///
    /// If it is not, with the figures, the seed, and how to repeat the run.
    #[track_caller]
    pub fn at_most(&self, bound: impl Into<Bound>) {
        let bound = bound.into();
        self.must("at most", bound, |value| {
            value.is_some_and(|value| value <= bound.value())
        });
    }

    /// # Panics
    ///
    /// If a time is compared with a number, or a share with more than 1: such a bound says nothing.
    #[track_caller]
    fn must(&self, relation: &str, bound: Bound, holds: impl Fn(Option<f64>) -> bool) {
        let measure = self.measure;
        match bound {
            Bound::Number(number) if measure.is_time() => {
                panic!("{measure} is a time: give a `Duration`, not {number}")
            }
            Bound::Seconds(_) if !measure.is_time() => {
                panic!("{measure} is no time: give a number, not a `Duration`")
            }
            Bound::Number(number) if measure == Measure::Success && number > 1.0 => {
                panic!(
                    "{measure} is a share of 0 to 1: write {} for {number} %",
                    number / 100.0
                )
            }
            Bound::Number(_) | Bound::Seconds(_) => {}
        }
        let wrong: Vec<_> = self
            .values
            .iter()
            .enumerate()
            .filter(|(_, value)| !holds(**value))
            .collect();
        let Some((index, value)) = wrong.first() else {
            return;
        };
        let Some(report) = self.part.reports.get(*index) else {
            return;
        };
        let mut text = String::new();
        let mean = if self.mean { "the mean of " } else { "" };
        let _ = writeln!(
            text,
            "{mean}{}{} is {} and must be {relation} {}",
            self.measure,
            self.part.words(),
            value.map_or_else(|| "unknown".to_owned(), |value| self.measure.show(value)),
            self.measure.show(bound.value()),
        );
        self.tell(&mut text, report, wrong.len());
        panic!("{text}");
    }

    fn tell(&self, text: &mut String, report: &Report, wrong: usize) {
        let part = self.part;
        let phase = part
            .phase
            .and_then(|name| report.phase(name))
            .unwrap_or(&report.total);
        let group = match part.who {
            Who::All => Some(&phase.all),
            Who::Class(class) => phase.classes.iter().find(|g| g.class == Some(class)),
            Who::Client(name) => phase.clients.iter().find(|g| g.name == name),
        };
        if let Some(group) = group {
            let _ = writeln!(text, "  {}", group.words());
        }
        let stack = if report.stack.is_empty() {
            String::new()
        } else {
            format!(", stack `{}`", report.stack)
        };
        let _ = write!(
            text,
            "  scenario `{}`{stack}, seed {}",
            report.scenario, report.seed
        );
        if self.values.len() > 1 {
            let _ = write!(text, " ({wrong} of {} seeds)", self.values.len());
        }
        let _ = write!(text, "\n  repeat it with: {}", repeat(report.seed));
    }
}

/// One that is unknown makes the mean unknown: left out, the worst run would better it.
pub(super) fn mean(values: &[Option<f64>]) -> Option<f64> {
    let known: Option<Vec<_>> = values.iter().copied().collect();
    let known = known.filter(|known| !known.is_empty())?;
    Some(known.iter().sum::<f64>() / known.len() as f64)
}

/// The command that runs this very test with this very seed again.
fn repeat(seed: u64) -> String {
    let thread = std::thread::current();
    let test = thread.name().filter(|name| *name != "main").unwrap_or("");
    let package = std::env::var("CARGO_PKG_NAME").map_or(String::new(), |p| format!("-p {p} "));
    format!("{}={seed} cargo test {package}{test}", crate::engine::SEED)
}

impl Measure {
    /// Whether it is not told apart by class or client.
    pub(crate) const fn is_of_all(self) -> bool {
        matches!(
            self,
            Self::Goodput
                | Self::Possible
                | Self::WorstSecond
                | Self::FalseRefusals
                | Self::RetriesAtOnce
                | Self::Recovery
                | Self::Fairness
                | Self::LimitMax
                | Self::LimitMin
        )
    }
}

pub(super) fn value(phase: &PhaseReport, group: &Group, measure: Measure) -> Option<f64> {
    match measure {
        Measure::Success => group.success(),
        Measure::Goodput => phase.goodput,
        Measure::Possible => phase.possible,
        Measure::WorstSecond => phase.worst_second,
        Measure::Refused => group.share(group.refused),
        Measure::Refusals => Some(group.all_refusals() as f64),
        Measure::FalseRefusals => phase.false_refusals.map(|count| count as f64),
        Measure::Late => group.share(group.late),
        Measure::Abandoned => group.share(group.abandoned),
        Measure::Failed => group.share(group.failed),
        Measure::Amplification => group.amplification(),
        Measure::RetriesAtOnce => Some(phase.retries_at_once as f64),
        Measure::P50 => group.latency.p50,
        Measure::P99 => group.latency.p99,
        Measure::P999 => group.latency.p999,
        Measure::RefusalP50 => group.refusal.p50,
        Measure::RefusalP99 => group.refusal.p99,
        Measure::Recovery => Some(phase.recovery.unwrap_or(f64::INFINITY)),
        Measure::Fairness => phase.fairness,
        Measure::LimitMax => phase.limit.map(|(_, most)| most),
        Measure::LimitMin => phase.limit.map(|(least, _)| least),
    }
}

fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

impl From<f64> for Bound {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<Duration> for Bound {
    fn from(time: Duration) -> Self {
        Self::Seconds(time.as_secs_f64())
    }
}
