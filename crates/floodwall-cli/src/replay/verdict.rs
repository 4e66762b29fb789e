//! The verdict in a sentence or two.

use floodwall::Priority;

use super::{
    print::{number, percent, time},
    tally::Tally,
};

pub(super) fn verdict(tally: &Tally) -> String {
    let all = tally.all;
    let longest = tally.waits.max();
    let waits = if tally.waited == 0 {
        "nobody would have waited in it".to_owned()
    } else {
        format!(
            "{} would have waited in it, for at most {}",
            percent(tally.waited, all.admitted),
            time(longest as f64 / 1e9)
        )
    };
    if all.refused == 0 {
        return format!("The stack would have let everything in; {waits}.");
    }
    let room = all.refused - tally.own - tally.unkeyed;
    let mut why = Vec::new();
    for (count, words) in [
        (tally.own, "because clients used up their quota (429)"),
        (room, "for lack of room (503)"),
        (
            tally.unkeyed,
            "because the log lacks what a key is made of (500)",
        ),
    ] {
        if count > 0 {
            why.push(format!("{} {words}", number(count)));
        }
    }
    let mut told = format!(
        "The stack would have refused {} of {} requests ({}): {}; of those let in, {waits}.",
        number(all.refused),
        number(all.requests),
        percent(all.refused, all.requests),
        why.join(", "),
    );
    let first = Priority::all()
        .zip(&tally.classes)
        .find(|(_, count)| count.refused > 0);
    let spoke = tally.classes.iter().filter(|count| count.requests > 0);
    if let (Some((class, count)), true) = (first, spoke.count() > 1) {
        told += &format!(
            " The most urgent among the refused were of class {class}: {} of its {}.",
            number(count.refused),
            number(count.requests)
        );
    }
    told
}
