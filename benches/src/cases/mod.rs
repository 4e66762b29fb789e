//! Every case that there is. A new one: a file here and a line in `all`.

mod adaptive;
mod admit_noop;
mod shed;
mod signals_read;
mod signals_write;
mod stack;

use crate::case::Case;

pub(crate) fn all() -> Vec<Case> {
    vec![
        admit_noop::case(),
        adaptive::admission(),
        adaptive::sample(),
        signals_write::case(),
        signals_read::case(),
        shed::decision(),
        shed::step(),
        stack::case(),
    ]
}
