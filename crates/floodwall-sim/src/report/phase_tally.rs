use floodwall::Priority;

use super::cell::Cell;
use super::fairness::jain;
use super::member::Member;
use super::pace::Pace;
use super::{PhaseReport, TierReport};
use crate::backend::{Capacity, Standing};

/// The counts of one phase, or of what comes beside all of them.
pub(super) struct PhaseTally {
    pub(super) name: String,
    pub(super) start: u64,
    pub(super) count_from: u64,
    pub(super) end: u64,
    pub(super) cells: Vec<Cell>,
    /// By client: what each tenant wanted and got.
    pub(super) tenants: Vec<Vec<(u64, u64)>>,
    /// Answers in time that were given during it.
    pub(super) good: u64,
    pub(super) false_refusals: u64,
    pub(super) retries_at_once: u64,
    pub(super) limit: Option<(f64, f64)>,
    pub(super) pace: Pace,
    /// How the tiers stood when it began and when it ended.
    pub(super) tiers: Vec<(String, Standing, Standing)>,
}

impl PhaseTally {
    pub(super) fn new(
        name: String,
        start: u64,
        count_from: u64,
        end: u64,
        groups: &[Member],
    ) -> Self {
        Self {
            name,
            start,
            count_from,
            end,
            cells: groups.iter().map(|_| Cell::new()).collect(),
            tenants: groups
                .iter()
                .map(|group| vec![(0, 0); group.tenants as usize])
                .collect(),
            good: 0,
            false_refusals: 0,
            retries_at_once: 0,
            limit: None,
            pace: Pace::new(start, count_from),
            tiers: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (sum, more) in self.cells.iter_mut().zip(&other.cells) {
            sum.add(more);
        }
        for (sum, more) in self.tenants.iter_mut().zip(&other.tenants) {
            sum.resize(sum.len().max(more.len()), (0, 0));
            for (sum, more) in sum.iter_mut().zip(more) {
                sum.0 += more.0;
                sum.1 += more.1;
            }
        }
        for (at, (name, begin, end)) in other.tiers.iter().enumerate() {
            match self.tiers.get_mut(at) {
                Some(sum) => sum.2 = *end,
                None => self.tiers.push((name.clone(), *begin, *end)),
            }
        }
        self.good += other.good;
        self.false_refusals += other.false_refusals;
        self.retries_at_once = self.retries_at_once.max(other.retries_at_once);
        if let Some((least, most)) = other.limit {
            let (l, m) = self.limit.unwrap_or((least, most));
            self.limit = Some((l.min(least), m.max(most)));
        }
    }

    pub(super) fn report(
        &self,
        groups: &[Member],
        capacity: Option<&Capacity>,
        knows_workers: bool,
    ) -> PhaseReport {
        let seconds = (self.end - self.count_from) as f64 / 1e9;
        let mut all = Cell::new();
        let mut classes: Vec<(Priority, Cell)> = Vec::new();
        for (group, cell) in groups.iter().zip(&self.cells) {
            all.add(cell);
            match classes.iter_mut().find(|(class, _)| *class == group.class) {
                Some((_, sum)) => sum.add(cell),
                None => classes.push((group.class, cell.clone())),
            }
        }
        classes.sort_by_key(|(class, _)| *class);
        let capacity = capacity.map(|capacity| capacity.mean(self.count_from, self.end));
        let (offered_rate, goodput_rate) =
            (all.offered as f64 / seconds, self.good as f64 / seconds);
        let share = |of: f64| (of > 0.0).then(|| goodput_rate / of);
        let tenants: Vec<_> = self.tenants.iter().flatten().copied().collect();
        PhaseReport {
            name: self.name.clone(),
            start: self.start as f64 / 1e9,
            seconds,
            capacity,
            offered_rate,
            goodput_rate,
            goodput: capacity.and_then(share),
            possible: share(capacity.map_or(offered_rate, |can| can.min(offered_rate))),
            worst_second: self.pace.worst(),
            recovery: self.pace.recovery(),
            fairness: jain(&tenants),
            false_refusals: knows_workers.then_some(self.false_refusals),
            retries_at_once: self.retries_at_once,
            limit: self.limit,
            tiers: self.tiers.iter().map(tier).collect(),
            all: all.group("all".to_owned(), None),
            classes: classes
                .iter()
                .filter(|(_, cell)| cell.offered > 0)
                .map(|(class, cell)| cell.group(format!("class {class}"), Some(*class)))
                .collect(),
            clients: groups
                .iter()
                .zip(&self.cells)
                .filter(|(group, cell)| cell.offered > 0 || group.is_named)
                .map(|(group, cell)| cell.group(group.name.clone(), Some(group.class)))
                .collect(),
        }
    }
}

fn tier((name, begin, end): &(String, Standing, Standing)) -> TierReport {
    let begun = end.begun - begin.begun;
    let waited = (end.waited - begin.waited) as f64 / 1e9;
    TierReport {
        name: name.clone(),
        begun,
        mean_wait: (begun > 0).then(|| waited / begun as f64),
    }
}
