use floodwall::Reason;

use super::cell::Cell;
use super::course::Writer;
use super::member::Member;
use super::pace::Tenth;
use super::phase_tally::PhaseTally;
use super::steps::{Look, Steps};
use super::{PhaseReport, Report};
use crate::backend::{Capacity, Standing};
use crate::chance::nanos;
use crate::scenario::Scenario;

/// Counts a run while it is played.
///
/// A request is counted in the phase in which it came, whenever it ends; goodput in the phase in
/// which the answer was given. While a phase settles, what comes is counted beside all phases.
pub(crate) struct Tally {
    groups: Vec<Member>,
    phases: Vec<PhaseTally>,
    /// What comes while a phase settles.
    beside: PhaseTally,
    /// The phase of now, and whether it is counted by now.
    now: usize,
    capacity: Option<Capacity>,
    steps: Steps,
    course: Writer,
    tenth: Tenth,
    /// When the last tenth ended.
    marked: u64,
    end: u64,
    knows_workers: bool,
    /// Refusals of this very moment, for want of room.
    doubtful: Vec<Counted>,
}

/// In which phase a request is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counted(Option<u16>);

/// How a request ended for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// After so many nanoseconds.
    Succeeded(u64),
    Late,
    Refused,
    Failed,
    Abandoned,
}

impl Tally {
    pub(crate) fn new(scenario: &Scenario, groups: Vec<Member>, knows_workers: bool) -> Self {
        let mut start = 0;
        let mut phases = Vec::new();
        for phase in &scenario.phases {
            let end = start + nanos(phase.lasts);
            let count_from = start + nanos(phase.settle);
            let name = phase.name.clone();
            phases.push(PhaseTally::new(name, start, count_from, end, &groups));
            start = end;
        }
        Self {
            beside: PhaseTally::new(String::new(), 0, 0, start, &groups),
            now: 0,
            capacity: Capacity::of(scenario),
            steps: Steps::new(start, groups.iter().map(|group| group.class)),
            course: Writer::new(start),
            tenth: Tenth::default(),
            marked: 0,
            end: start,
            knows_workers,
            doubtful: Vec::new(),
            phases,
            groups,
        }
    }

    /// A phase begins; `tiers` is how the tiers stand.
    pub(crate) fn enter_phase(&mut self, index: usize, tiers: &[(String, Standing)]) {
        self.leave_phase(tiers);
        self.now = index;
        let begin = |(name, standing): &(String, Standing)| (name.clone(), *standing, *standing);
        self.phases[index].tiers = tiers.iter().map(begin).collect();
    }

    /// From now on, what happens is counted for the phase of now; `tiers` is how the tiers stand.
    pub(crate) fn settle(&mut self, tiers: &[(String, Standing)]) {
        for (begins, (_, standing)) in self.phases[self.now].tiers.iter_mut().zip(tiers) {
            begins.1 = *standing;
        }
    }

    /// The phase of now ends.
    pub(crate) fn leave_phase(&mut self, tiers: &[(String, Standing)]) {
        for (ends, (_, standing)) in self.phases[self.now].tiers.iter_mut().zip(tiers) {
            ends.2 = *standing;
        }
    }

    /// A request comes.
    pub(crate) fn offered(&mut self, now: u64, group: u16, tenant: u32) -> Counted {
        let closed = self.groups[usize::from(group)].is_closed;
        self.steps.offered();
        self.tenth.offered += 1;
        let counted = self.counted(now);
        let phase = self.phase(counted);
        phase.cells[usize::from(group)].offered += 1;
        let tenants = &mut phase.tenants[usize::from(group)];
        // Those of a recording are known when they come; their number is bounded there.
        if tenants.len() <= tenant as usize {
            tenants.resize(tenant as usize + 1, (0, 0));
        }
        // Whoever waits for each answer wants more than it can ask for.
        let wants = if closed { u64::from(u32::MAX) } else { 1 };
        tenants[tenant as usize].0 += wants;
        counted
    }

    pub(crate) fn attempt(&mut self, counted: Counted, group: u16) {
        self.steps.attempt();
        self.cell(counted, group).attempts += 1;
    }

    /// An attempt is refused after `took`.
    pub(crate) fn refusal(&mut self, counted: Counted, group: u16, reason: Reason, took: u64) {
        self.steps.refused();
        self.course.refused();
        let cell = self.cell(counted, group);
        cell.refusals[reason.index()] += 1;
        cell.refusal.record(took);
        if self.knows_workers && !reason.is_clients_own() {
            self.doubtful.push(counted);
        }
    }

    /// The moment is over, and there was `room` in the end or not: then those who were refused in
    /// it could have been let in.
    pub(crate) fn moment_over(&mut self, room: impl FnOnce() -> bool) {
        if self.doubtful.is_empty() {
            return;
        }
        let mut doubtful = std::mem::take(&mut self.doubtful);
        if room() {
            for counted in &doubtful {
                self.phase(*counted).false_refusals += 1;
            }
        }
        doubtful.clear();
        self.doubtful = doubtful;
    }

    /// An attempt is answered that nobody can use any more.
    pub(crate) fn wasted(&mut self, counted: Counted, group: u16) {
        self.steps.wasted();
        self.cell(counted, group).wasted += 1;
    }

    pub(crate) fn ended(
        &mut self,
        now: u64,
        counted: Counted,
        group: u16,
        tenant: u32,
        end: Ended,
    ) {
        let cell = self.cell(counted, group);
        match end {
            Ended::Late => cell.late += 1,
            Ended::Refused => cell.refused += 1,
            Ended::Failed => cell.failed += 1,
            Ended::Abandoned => cell.abandoned += 1,
            Ended::Succeeded(latency) => {
                cell.succeeded += 1;
                cell.latency.record(latency);
                let tenants = &mut self.phase(counted).tenants[usize::from(group)];
                if let Some(tenant) = tenants.get_mut(tenant as usize) {
                    tenant.1 += 1;
                }
                let class = self.groups[usize::from(group)].class;
                self.steps.good(class, latency);
                self.tenth.good += 1;
                if now < self.end {
                    let given = self.counted(now);
                    self.phase(given).good += 1;
                }
            }
        }
    }

    pub(crate) fn retries(&mut self, now: u64, at_once: u64) {
        let counted = self.counted(now);
        let phase = self.phase(counted);
        phase.retries_at_once = phase.retries_at_once.max(at_once);
    }

    /// Whether the next tenth ends a step of the series: then somebody has to look.
    pub(crate) const fn wants_look(&self) -> bool {
        self.steps.ends()
    }

    /// A tenth of a second has ended.
    pub(crate) fn mark(&mut self, now: u64, look: Look, limit: Option<f64>) {
        let capacity = self
            .capacity
            .as_ref()
            .map(|capacity| capacity.mean(self.marked, now));
        let mut tenth = std::mem::take(&mut self.tenth);
        // The last of a run may be shorter, and then less can be done in it.
        let seconds = (now - self.marked) as f64 / 1e9;
        tenth.capacity = capacity.map(|per_second| per_second * seconds);
        self.marked = now;
        // What ends now belongs to the phase that ends now, if one does.
        let before = self.phases.iter_mut().find(|phase| now <= phase.end);
        if let Some(phase) = before {
            phase.pace.push(now, tenth);
            if let Some(limit) = limit.filter(|_| now > phase.count_from) {
                let (least, most) = phase.limit.unwrap_or((limit, limit));
                phase.limit = Some((least.min(limit), most.max(limit)));
            }
        }
        self.course.tenth(tenth, limit);
        self.steps.tenth(|| look, capacity);
    }

    fn counted(&self, now: u64) -> Counted {
        let counts = self
            .phases
            .get(self.now)
            .is_some_and(|phase| now >= phase.count_from);
        Counted(counts.then_some(self.now as u16))
    }

    fn phase(&mut self, counted: Counted) -> &mut PhaseTally {
        match counted.0 {
            Some(index) => &mut self.phases[usize::from(index)],
            None => &mut self.beside,
        }
    }

    fn cell(&mut self, counted: Counted, group: u16) -> &mut Cell {
        &mut self.phase(counted).cells[usize::from(group)]
    }

    pub(crate) fn report(self, scenario: &Scenario, stack: String, seed: u64) -> Report {
        let Self {
            groups,
            phases,
            beside,
            capacity,
            steps,
            course,
            end,
            knows_workers,
            ..
        } = self;
        let mut total = PhaseTally::new("total".to_owned(), 0, 0, end, &groups);
        for phase in phases.iter().chain([&beside]) {
            total.add(phase);
        }
        let show = |phase: &PhaseTally| phase.report(&groups, capacity.as_ref(), knows_workers);
        let shown: Vec<_> = phases.iter().map(show).collect();
        let mut all = show(&total);
        all.possible = possible_of_all(&shown);
        Report {
            scenario: scenario.name.clone(),
            stack,
            seed,
            seconds: end as f64 / 1e9,
            capacity: scenario.best_capacity(),
            phases: shown,
            total: all,
            series: steps.finish(),
            course: course.finish(),
        }
    }
}

/// Of a run whose load changes, what could be is the sum of what could be in each phase.
fn possible_of_all(phases: &[PhaseReport]) -> Option<f64> {
    let (mut good, mut could) = (0.0, 0.0);
    for phase in phases {
        let most = phase.capacity.unwrap_or(f64::INFINITY);
        good += phase.goodput_rate * phase.seconds;
        could += phase.offered_rate.min(most) * phase.seconds;
    }
    (could > 0.0).then(|| good / could)
}
