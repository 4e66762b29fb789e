//! The bars that floodwall's own algorithm has to pass, with the figure that it has.
//!
//! Reading order: [`mean`] and [`each`] are about scores, [`drift`] about long incidents and calm, [`change`]
//! about what happens after something has changed.

mod change;
mod drift;
mod each;

use std::fmt::Write as _;

use crate::rows::Row;
use crate::score::League;

/// Whose bars they are.
pub(crate) const OURS: &str = "marginal";

/// Something that has to hold.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    pub(crate) topic: &'static str,
    pub(crate) what: String,
    pub(crate) figure: String,
    /// `None` if it was not played.
    pub(crate) holds: Option<bool>,
}

impl Bar {
    fn new(topic: &'static str, what: impl Into<String>, figure: String, holds: bool) -> Self {
        Self {
            topic,
            what: what.into(),
            figure,
            holds: Some(holds),
        }
    }

    fn missing(topic: &'static str, what: impl Into<String>) -> Self {
        Self {
            topic,
            what: what.into(),
            figure: "not played".to_owned(),
            holds: None,
        }
    }
}

/// All of them, as far as they were played.
pub(crate) fn all(rows: &[Row], league: &League) -> Vec<Bar> {
    let mut bars = each::mean(league);
    bars.extend(each::each(league));
    bars.extend(drift::all(rows, league));
    bars.extend(change::all(rows, league));
    bars
}

pub(crate) fn show(bars: &[Bar]) -> String {
    let mut text = String::new();
    let mut topic = "";
    for bar in bars {
        if bar.topic != topic {
            topic = bar.topic;
            let _ = writeln!(text, "\n{topic}");
        }
        let word = match bar.holds {
            Some(true) => "pass",
            Some(false) => "FAIL",
            None => "-",
        };
        let _ = writeln!(text, "  {word:4} {}: {}", bar.what, bar.figure);
    }
    let count = |holds| bars.iter().filter(|bar| bar.holds == holds).count();
    let (pass, fail, missing) = (count(Some(true)), count(Some(false)), count(None));
    let _ = writeln!(text, "\n{pass} pass, {fail} fail, {missing} not played");
    text
}
