use std::sync::Arc;

use floodwall::Priority;

use super::retries::Retries;
use crate::attempt::{Heads, Who};
use crate::chance::nanos;
use crate::report::Member;
use crate::scenario::Client;
use crate::time::World;

/// A client while it is simulated.
pub(super) struct Group {
    pub(super) who: Arc<Who>,
    pub(super) tenants: u32,
    pub(super) is_closed: bool,
    pub(super) cost: u32,
    pub(super) deadline: Option<u64>,
    pub(super) patience: Option<u64>,
    pub(super) retries: Retries,
}

impl Group {
    pub(super) fn new(index: u16, client: &Client, world: &World) -> Self {
        let class = Priority::new(client.class).unwrap_or_default();
        Self {
            who: Arc::new(Who {
                name: client.name.clone(),
                index,
                class,
                work: client.work,
                heads: Heads::default(),
            }),
            tenants: client.tenants,
            is_closed: client.users.is_some(),
            cost: client.cost,
            deadline: client.deadline.map(nanos),
            patience: client.patience.map(nanos),
            retries: Retries::new(client.retry, &client.name, world),
        }
    }

    pub(super) fn member(&self, is_named: bool) -> Member {
        Member {
            name: self.who.name.clone(),
            class: self.who.class,
            tenants: self.tenants,
            is_named,
            is_closed: self.is_closed,
        }
    }
}
