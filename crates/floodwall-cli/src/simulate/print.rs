//! What people read: for each scenario its figures and what became of what was expected.

use floodwall_sim::{Contender, State};

use super::{
    outcome::{Judged, Outcome},
    plan::Plan,
    table,
};
use crate::{
    paint::{Ink, Paint},
    text::{many, wrapped},
};

pub(crate) fn render(plan: &Plan, outcome: &Outcome<'_>, paint: Paint) -> String {
    let mut text = String::new();
    for subject in &plan.subjects {
        let scenario = subject.scenario();
        let name = match scenario.about.as_str() {
            "" => scenario.name.clone(),
            _ => format!("{}: ", scenario.name),
        };
        let headline = wrapped(&name, &scenario.about, 2);
        text += &headline.replacen(&scenario.name, &paint.with(Ink::Strong, &scenario.name), 1);
        text.push('\n');
        text += &table::render(outcome, subject, paint);
        text.push('\n');
        for judged in outcome.verdicts_of(subject) {
            text += &verdict(judged, plan.seeds.len(), paint);
        }
        if let Some(why) = &scenario.no_collapse {
            text += &wrapped("bare is not expected to collapse: ", why, 2);
        }
        text.push('\n');
    }
    text += &summary(plan, outcome, paint);
    text
}

fn verdict(judged: &Judged<'_>, seeds: usize, paint: Paint) -> String {
    let verdict = &judged.verdict;
    let word = match &verdict.state {
        State::Holds => paint.with(Ink::Good, "holds"),
        State::Fails => paint.with(Ink::Bad, "FAILS"),
        State::Pending(needs) => {
            let now = if verdict.holds { ", holds already" } else { "" };
            paint.with(Ink::Faint, &format!("pending (needs {needs}{now})"))
        }
    };
    let load = judged
        .load
        .map_or(String::new(), |load| format!(" at load {load}"));
    let whose = match verdict.seed {
        Some(seed) => format!("seed {seed}"),
        None => format!("the mean of {}", many(seeds, "seed")),
    };
    let mut text = format!(
        "{word}  {}{load}, {}: measured {}, {whose}\n",
        judged.contender, verdict.sentence, verdict.shown,
    );
    if let Some(replay) = &judged.replay {
        if judged.contender == Contender::Bare {
            text += "       the bare service does not collapse as it should, so this scenario proves nothing\n";
        }
        text += &format!("       again: {replay}\n");
    }
    text
}

fn summary(plan: &Plan, outcome: &Outcome<'_>, paint: Paint) -> String {
    let (hold, fail, pending) = outcome.counts();
    let fails = format!("{fail} {}", if fail == 1 { "fails" } else { "fail" });
    let fails = match fail {
        0 => fails,
        _ => paint.with(Ink::Bad, &fails),
    };
    format!(
        "{}, {}: {hold} {}, {fails}, {pending} pending\n",
        many(plan.subjects.len(), "scenario"),
        many(plan.runs.len(), "run"),
        if hold == 1 { "holds" } else { "hold" },
    )
}
