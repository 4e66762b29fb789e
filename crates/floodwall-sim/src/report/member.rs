use floodwall::Priority;

/// A client, as far as counting goes.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) class: Priority,
    pub(crate) tenants: u32,
    /// Shown even if it sent nothing: somebody gave it its name.
    pub(crate) is_named: bool,
    /// A closed loop.
    pub(crate) is_closed: bool,
}
