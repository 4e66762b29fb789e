use crate::concurrency::gate::Gate;
use crate::concurrency::shadow::Shadow;
use crate::observe::Observer;

/// What a limit that moves has to pull.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Reins<'a> {
    pub(in super::super) gate: &'a Gate,
    pub(in super::super) shadow: &'a Shadow,
    pub(in super::super) observer: &'a Observer,
}
