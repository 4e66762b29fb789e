use std::collections::BTreeMap;
use std::convert::Infallible;

use tower::util::BoxCloneSyncService;

use super::{Backend, Pool, Pools};
use crate::scenario::Scenario;
use crate::time::World;
use crate::{Answer, Attempt};

/// A tier, perhaps behind a stack, as others call it.
pub type TierService = BoxCloneSyncService<Attempt, Answer, Infallible>;

/// Builds all tiers, those that are called before those that call them, each behind what `protect`
/// puts in front of it. Gives back the first one and the pools of all.
///
/// # Panics
///
/// If tiers call one another in a circle or call what is not there: a scenario that was checked does
/// not.
pub(crate) fn build(
    scenario: &Scenario,
    world: &World,
    mut protect: impl FnMut(&str, Backend) -> TierService,
) -> (TierService, Pools) {
    let mut built: BTreeMap<&str, TierService> = BTreeMap::new();
    let mut pools = Vec::new();
    let tiers = &scenario.tiers;
    while built.len() < tiers.len() {
        let before = built.len();
        for tier in tiers {
            let called = |name: &str| built.get(name).cloned();
            if built.contains_key(tier.name.as_str()) {
                continue;
            }
            let calls: Option<Vec<_>> = tier
                .calls
                .iter()
                .map(|call| Some((call.clone(), called(&call.tier)?)))
                .collect();
            let Some(calls) = calls else { continue };
            let is_first = tiers.first().is_some_and(|first| first.name == tier.name);
            let pool = Pool::new(world, tier);
            pools.push(std::sync::Arc::clone(&pool));
            let backend = Backend::new(world, pool, tier, calls, is_first);
            built.insert(&tier.name, protect(&tier.name, backend));
        }
        assert!(built.len() > before, "tiers call one another in a circle");
    }
    // In the order of the scenario, not in that of building.
    pools.sort_by_key(|pool| tiers.iter().position(|tier| tier.name == pool.name()));
    let first = tiers.first().expect("a checked scenario has a tier");
    (built[first.name.as_str()].clone(), pools)
}
