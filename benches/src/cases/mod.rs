//! Every case that there is. A new one: a file here and a line in `all`.

mod adaptive;
mod admit_noop;
mod expiry;
mod http;
mod keys;
mod line;
mod memory;
mod queue;
mod quota;
mod quota_keyed;
mod refuse;
mod scale;
mod shed;
mod signals_read;
mod signals_write;
mod stack;
mod stack_http;
mod time_outs;
mod work;

pub(crate) use keys::{strings, wide};
pub(crate) use memory::WHO;

use crate::case::Case;

pub(crate) fn all() -> Vec<Case> {
    let mut cases = vec![
        admit_noop::one_thread(),
        admit_noop::two_threads(),
        refuse::one_thread(),
        refuse::two_threads(),
        queue::idle(),
        queue::thousand(),
        time_outs::case(),
        quota::one_thread(),
        quota::two_threads(),
        quota::layer(),
    ];
    cases.extend(quota_keyed::all());
    cases.extend([
        memory::case(),
        expiry::case(),
        http::refuse(),
        http::admit(),
        stack::one_thread(),
        stack::two_threads(),
        stack_http::case(),
        adaptive::admission(),
        adaptive::sample(),
        signals_write::case(),
        signals_read::case(),
        shed::decision(),
        shed::step(),
    ]);
    cases.extend(scale::all());
    cases
}
