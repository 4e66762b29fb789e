//! What the runs found: their reports, and what became of what was expected.

use anyhow::anyhow;
use floodwall_sim::{Contender, PhaseReport, Report, State, Verdict, judge};

use super::{
    plan::{Plan, Subject},
    replay,
};

/// The reports of one scenario at one load behind one stack: one for each seed.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) point: usize,
    pub(crate) contender: Contender,
    pub(crate) reports: &'a [Report],
}

/// A verdict, and of what.
#[derive(Debug)]
pub(crate) struct Judged<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) contender: Contender,
    pub(crate) load: Option<f64>,
    pub(crate) verdict: Verdict,
    /// The command that shows it again, if it fails.
    pub(crate) replay: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Outcome<'a> {
    pub(crate) groups: Vec<Group<'a>>,
    pub(crate) verdicts: Vec<Judged<'a>>,
}

impl<'a> Outcome<'a> {
    /// `reports` in the order of `plan`; `compared` if somebody said with what to compare.
    pub(crate) fn new(
        plan: &'a Plan,
        reports: &'a [Report],
        compared: bool,
    ) -> anyhow::Result<Self> {
        let seeds = plan.seeds.len();
        let groups: Vec<_> = plan
            .runs
            .chunks(seeds)
            .zip(reports.chunks(seeds))
            .map(|(runs, reports)| Group {
                subject: &plan.subjects[runs[0].subject],
                point: runs[0].point,
                contender: runs[0].contender,
                reports,
            })
            .collect();
        let mut verdicts = Vec::new();
        for subject in &plan.subjects {
            for &contender in &subject.contenders {
                let of_it = groups.iter().filter(|group| {
                    std::ptr::eq(group.subject, subject) && group.contender == contender
                });
                verdicts.extend(verdicts_of(of_it)?);
            }
        }
        for judged in &mut verdicts {
            if judged.verdict.state == State::Fails {
                judged.replay = Some(replay::command(judged, &plan.seeds, compared));
            }
        }
        Ok(Self { groups, verdicts })
    }

    pub(crate) fn groups_of(&self, subject: &Subject) -> impl Iterator<Item = &Group<'a>> {
        let groups = self.groups.iter();
        groups.filter(move |group| std::ptr::eq(group.subject, subject))
    }

    pub(crate) fn verdicts_of(&self, subject: &Subject) -> impl Iterator<Item = &Judged<'a>> {
        let verdicts = self.verdicts.iter();
        verdicts.filter(move |judged| std::ptr::eq(judged.subject, subject))
    }

    /// How many hold, fail, and are pending.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        let mut counts = (0, 0, 0);
        for judged in &self.verdicts {
            match judged.verdict.state {
                State::Holds => counts.0 += 1,
                State::Fails => counts.1 += 1,
                State::Pending(_) => counts.2 += 1,
            }
        }
        counts
    }
}

impl<'a> Group<'a> {
    pub(crate) fn load(&self) -> Option<f64> {
        self.subject.points[self.point].load
    }

    /// What stands for a whole run: its only phase, of which the time to settle is left out, or all of
    /// it.
    pub(crate) fn wholes(&self) -> Vec<&'a PhaseReport> {
        self.reports
            .iter()
            .map(|report| match report.phases.as_slice() {
                [only] => only,
                _ => &report.total,
            })
            .collect()
    }

    fn judge(&self) -> anyhow::Result<Vec<Judged<'a>>> {
        let scenario = &self.subject.points[self.point].scenario;
        let bare = self.contender == Contender::Bare;
        let verdicts = judge(scenario, self.reports, bare)
            .map_err(|problem| anyhow!("{}: {problem}", self.subject.file))?;
        Ok(verdicts
            .into_iter()
            .map(|verdict| Judged {
                subject: self.subject,
                contender: self.contender,
                load: self.load(),
                verdict,
                replay: None,
            })
            .collect())
    }
}

/// What is expected behind floodwall is expected at every load; that the bare service collapses, at the
/// greatest: under little load nothing does.
fn verdicts_of<'a, 'b: 'a>(
    groups: impl Iterator<Item = &'a Group<'b>>,
) -> anyhow::Result<Vec<Judged<'b>>> {
    let mut verdicts = Vec::new();
    for group in groups {
        match group.contender {
            Contender::Floodwall => verdicts.extend(group.judge()?),
            // Loads ascend.
            Contender::Bare => verdicts = group.judge()?,
            _ => {}
        }
    }
    Ok(verdicts)
}
