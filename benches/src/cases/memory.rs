//! What a key costs in memory, as the system sees it.

use crate::case::{Case, Contender};
use crate::gauge;

/// Whose table, for the program that fills it; see [`gauge`].
pub(crate) const WHO: [&str; 3] = ["governor", "governor, String", "floodwall"];

const KEYS: usize = 1_000_000;

pub(crate) fn case() -> Case {
    let about = "resident memory for each of a million live keys, of which a table was told to expect as many; a process of its own for each";
    Case::new("quota_memory", about, "governor", |effort| {
        let keys = effort.many(KEYS);
        let [governor, text, floodwall] = WHO.map(|who| {
            Contender::once(who, move || {
                gauge::memory(who, keys).map_or(f64::NAN, |bytes| bytes / keys as f64)
            })
        });
        vec![governor.peer(), text.peer(), floodwall.figure(16.5)]
    })
    .unit("bytes")
}
