//! Colour, where it is wanted: on a terminal, and not against `NO_COLOR`.

use std::{
    env,
    io::{self, IsTerminal},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paint {
    Plain,
    Colours,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    Good,
    Bad,
    Offered,
    Faint,
    Strong,
}

impl Paint {
    /// For stdout. `NO_COLOR` counts when it is not empty (no-color.org).
    pub(crate) fn for_stdout() -> Self {
        let unwanted = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = env::var_os("TERM").is_some_and(|value| value == "dumb");
        if io::stdout().is_terminal() && !unwanted && !dumb {
            Self::Colours
        } else {
            Self::Plain
        }
    }

    pub(crate) fn with(self, ink: Ink, text: &str) -> String {
        let code = match ink {
            Ink::Good => "32",
            Ink::Bad => "31",
            Ink::Offered => "33",
            Ink::Faint => "2",
            Ink::Strong => "1",
        };
        match self {
            Self::Plain => text.to_owned(),
            Self::Colours => format!("\x1b[{code}m{text}\x1b[0m"),
        }
    }
}
