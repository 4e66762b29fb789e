//! Taking turns: every round runs each contender once, for about as long as the others.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::Duration;

use crate::bar::{Bar, Verdict};
use crate::case::{Case, Contender, Effort, Repeat, Role, Work};
use crate::progress::Progress;
use crate::spread::Spread;

/// How long to look.
pub(crate) struct Plan {
    /// Comparisons made; each gives one ratio.
    pub(crate) rounds: usize,
    /// The same for what comes to one figure only, and may take seconds for it.
    pub(crate) few_rounds: usize,
    /// What one contender gets per round. Long beside a clock reading, short beside what disturbs
    /// a machine.
    pub(crate) block: Duration,
    pub(crate) effort: Effort,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            rounds: 101,
            few_rounds: 5,
            block: Duration::from_millis(5),
            effort: Effort::Whole,
        }
    }
}

/// What a case came to.
pub(crate) struct Report {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) reference: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) axis: Option<&'static str>,
    pub(crate) rounds: usize,
    pub(crate) rows: Vec<Row>,
}

/// One contender's part of it.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) x: Option<f64>,
    /// What doing the work once takes, in the case's unit.
    pub(crate) figure: Spread,
    /// Its cost divided by the reference's cost in the same round.
    pub(crate) ratio: Spread,
    /// Made for doing the work once; `None` if they were not counted.
    pub(crate) allocations: Option<f64>,
    pub(crate) verdicts: Vec<Verdict>,
    /// Peers that take less than this one, if it is ours.
    pub(crate) faster_peers: Vec<String>,
}

/// `allocations` tells what was counted for a contender.
pub(crate) fn run(
    case: Case,
    plan: &Plan,
    progress: &Progress,
    allocations: impl Fn(&str) -> Option<f64>,
) -> Report {
    let (name, about, reference) = (case.name, case.about, case.reference);
    let (unit, axis) = (case.unit, case.axis);
    progress.begin(name);
    let mut contenders = case.contenders(plan.effort);
    let times: Vec<u64> = contenders
        .iter_mut()
        .map(|contender| calibrate(contender, plan.block))
        .collect();
    let once = |contender: &Contender| matches!(contender.work, Work::Once(_));
    let rounds = if contenders.iter().any(once) {
        plan.few_rounds
    } else {
        plan.rounds
    };
    let count = contenders.len();
    let mut figures = vec![Vec::with_capacity(rounds); count];
    for round in 0..rounds {
        progress.round(name, round, rounds);
        for turn in 0..count {
            // Nobody is always the one who runs after the same other.
            let index = (round + turn) % count;
            figures[index].push(figure(&mut contenders[index], times[index]));
        }
    }
    progress.end();
    let table = Table {
        names: contenders.iter().map(|one| one.name.clone()).collect(),
        figures,
    };
    let rows = contenders.iter().enumerate().map(|(index, contender)| {
        let allocations = allocations(&contender.name);
        Row {
            name: contender.name.clone(),
            role: contender.role,
            x: contender.x,
            figure: Spread::of(table.figures[index].clone()),
            ratio: table.ratio(index, reference),
            allocations,
            verdicts: table.verdicts(index, &contender.bars, unit, allocations),
            faster_peers: table.faster_peers(index, &contenders),
        }
    });
    Report {
        name,
        about,
        reference,
        unit,
        axis,
        rounds,
        rows: rows.collect(),
    }
}

/// All figures of all rounds; what is compared is compared within a round.
struct Table {
    names: Vec<String>,
    figures: Vec<Vec<f64>>,
}

impl Table {
    fn pairs(&self, index: usize, other: &str) -> impl Iterator<Item = (f64, f64)> {
        let other = self.names.iter().position(|name| name == other);
        let other = other.expect("who is compared with is one of the contenders");
        let own = self.figures[index].iter().copied();
        own.zip(self.figures[other].iter().copied())
    }

    fn ratio(&self, index: usize, other: &str) -> Spread {
        let ratios = self.pairs(index, other).map(|(own, other)| own / other);
        Spread::of(ratios.collect())
    }

    fn verdicts(
        &self,
        index: usize,
        bars: &[Bar],
        unit: &'static str,
        allocations: Option<f64>,
    ) -> Vec<Verdict> {
        let figure = |bar: &Bar| match bar {
            Bar::Share(_, of) => Some(self.ratio(index, of).median),
            Bar::Over(_, of) => {
                let more = self.pairs(index, of).map(|(own, other)| own - other);
                Some(Spread::of(more.collect()).median)
            }
            Bar::Figure(_) => Some(Spread::of(self.figures[index].clone()).median),
            Bar::Allocations(_) => allocations,
        };
        let verdict = |bar: &Bar| Verdict {
            bar: bar.clone(),
            unit,
            figure: figure(bar).filter(|figure| !figure.is_nan()),
        };
        bars.iter().map(verdict).collect()
    }

    fn faster_peers(&self, index: usize, contenders: &[Contender]) -> Vec<String> {
        if contenders[index].role != Role::Ours {
            return Vec::new();
        }
        contenders
            .iter()
            .filter(|other| other.role == Role::Peer)
            .filter(|other| self.ratio(index, &other.name).median > 1.0)
            .map(|other| other.name.clone())
            .collect()
    }
}

/// What a contender comes to in one round.
fn figure(contender: &mut Contender, times: u64) -> f64 {
    match &mut contender.work {
        Work::Repeat(work) => together(work, times).as_secs_f64() * 1e9 / times as f64,
        Work::Once(figure) => figure(),
    }
}

/// Does the work on each of its threads at the same time: the mean of what they took.
fn together(work: &mut [Repeat], times: u64) -> Duration {
    let count = work.len();
    if let [alone] = work {
        return alone(times);
    }
    let missing = AtomicUsize::new(count);
    let took: Duration = std::thread::scope(|scope| {
        let threads: Vec<_> = work
            .iter_mut()
            .map(|repeat| {
                let missing = &missing;
                scope.spawn(move || {
                    missing.fetch_sub(1, Ordering::AcqRel);
                    while missing.load(Ordering::Acquire) > 0 {
                        std::hint::spin_loop();
                    }
                    repeat(times)
                })
            })
            .collect();
        let took = threads.into_iter().map(ScopedJoinHandle::join);
        took.map(|took| took.expect("no contender panics")).sum()
    });
    took / u32::try_from(count).unwrap_or(u32::MAX)
}

/// How often to repeat the work so that it takes about one block; warms the caches as well.
fn calibrate(contender: &mut Contender, block: Duration) -> u64 {
    let Work::Repeat(work) = &mut contender.work else {
        return 1;
    };
    let mut times = 1;
    loop {
        let took = together(work, times);
        if took >= block || times >= 1 << 40 {
            let share = block.as_secs_f64() / took.as_secs_f64().max(1e-9);
            return ((times as f64 * share) as u64).max(1);
        }
        times *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan {
            rounds: 3,
            few_rounds: 1,
            block: Duration::from_micros(1),
            effort: Effort::Small,
        }
    }

    /// Figures that are made up: 4, 2 and 1 in every round.
    fn made_up() -> Case {
        Case::new("made_up", "", "peer", |_| {
            vec![
                Contender::once("ours", || 4.0)
                    .share(0.5, "peer")
                    .over(3.0, "bare")
                    .figure(5.0)
                    .allocations(1.0),
                Contender::once("peer", || 2.0).peer(),
                Contender::once("bare", || 1.0).bare(),
            ]
        })
    }

    #[test]
    fn bars_are_judged_by_what_is_seen_in_the_same_round() {
        let counted = |name: &str| (name == "ours").then_some(1.5);
        let report = run(made_up(), &plan(), &Progress::hidden(), counted);
        let figures: Vec<_> = report.rows[0].verdicts.iter().map(|v| v.figure).collect();
        assert_eq!(figures, [Some(2.0), Some(3.0), Some(4.0), Some(1.5)]);
        let holds: Vec<_> = report.rows[0].verdicts.iter().map(Verdict::holds).collect();
        assert_eq!(holds, [Some(false), Some(true), Some(true), Some(false)]);
    }

    #[test]
    fn a_peer_that_is_faster_is_named_and_nobody_else() {
        let report = run(made_up(), &plan(), &Progress::hidden(), |_| None);
        assert_eq!(report.rows[0].faster_peers, ["peer"]);
        assert!(report.rows[1].faster_peers.is_empty());
    }

    #[test]
    fn the_reference_compares_as_one_in_every_round() {
        for case in crate::cases::all() {
            let report = run(case, &plan(), &Progress::hidden(), |_| None);
            let reference = report.rows.iter().find(|row| row.name == report.reference);
            let Spread { median, p10, p90 } = reference.expect("there is one").ratio;
            // Nobody can be compared with nothing: a test is too small for some figures.
            if !median.is_nan() {
                assert_eq!((median, p10, p90), (1.0, 1.0, 1.0), "{}", report.name);
            }
        }
    }

    #[test]
    fn threads_work_at_the_same_time() {
        let inside = std::sync::Arc::new(AtomicUsize::new(0));
        let contender = Contender::on(2, "meets", |_| {
            let inside = std::sync::Arc::clone(&inside);
            move || {
                inside.fetch_add(1, Ordering::AcqRel);
                while inside.load(Ordering::Acquire) < 2 {
                    std::thread::yield_now();
                }
            }
        });
        let mut contender = contender;
        // It would not come back if the second waited for the first.
        figure(&mut contender, 1);
        assert_eq!(inside.load(Ordering::Acquire), 2);
    }
}
