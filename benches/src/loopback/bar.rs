//! What was asked for, and whether it holds.

use std::fmt;

use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) figure: f64,
    pub(crate) least: bool,
    pub(crate) bound: f64,
    pub(crate) holds: bool,
}

pub(crate) fn at_least(name: impl Into<String>, figure: f64, bound: f64) -> Bar {
    Bar {
        name: name.into(),
        figure,
        least: true,
        bound,
        holds: figure >= bound,
    }
}

pub(crate) fn at_most(name: impl Into<String>, figure: f64, bound: f64) -> Bar {
    Bar {
        name: name.into(),
        figure,
        least: false,
        bound,
        holds: figure <= bound,
    }
}

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let holds = if self.holds { "holds " } else { "MISSED" };
        let sign = if self.least { ">=" } else { "<=" };
        write!(
            f,
            "{holds} {:45} {:.3} {sign} {}",
            self.name, self.figure, self.bound
        )
    }
}
