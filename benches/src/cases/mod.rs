//! Every case that there is. A new one: a file here and a line in `all`.

mod admit_noop;
mod shed;

use crate::case::Case;

pub(crate) fn all() -> Vec<Case> {
    vec![admit_noop::case(), shed::decision(), shed::step()]
}
