//! Shared with `cargo xtask counts`, which divides by it.

/// How often the work is done while it is counted: often enough that what happens only now and
/// then, as a tick or a window's end, is spread.
pub(crate) const TIMES: u64 = 10_000;
