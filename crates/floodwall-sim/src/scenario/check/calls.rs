//! Tiers that call each other must come to an end.

use super::Faults;
use crate::scenario::Scenario;
use crate::scenario::place::Place;

impl Scenario {
    /// Names the first circle, and the call that closes it.
    pub(super) fn check_circle(&self, faults: &mut Faults) {
        let mut done = vec![false; self.tiers.len()];
        for start in 0..self.tiers.len() {
            if let Some((way, tier, call)) = self.circle(start, &mut done) {
                let names: Vec<String> = way
                    .iter()
                    .map(|tier| format!("`{}`", self.tiers[*tier].name))
                    .collect();
                let place = Place::default().key("tier").index(tier);
                faults.add(
                    &place.key("calls").index(call).key("tier"),
                    format!("tiers call each other for ever: {}", names.join(" calls ")),
                    "remove one of these calls",
                );
                return;
            }
        }
    }

    /// The tiers of a circle in their order, and the call that closes it. Depth first, without
    /// recursion of our own: a file may have as many tiers as it likes.
    fn circle(&self, start: usize, done: &mut [bool]) -> Option<(Vec<usize>, usize, usize)> {
        let mut way: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((tier, next)) = way.last_mut() {
            let (here, call) = (*tier, *next);
            *next += 1;
            if done[here] {
                way.pop();
                continue;
            }
            let Some(found) = self.tiers[here].calls.get(call) else {
                done[here] = true;
                way.pop();
                continue;
            };
            let Some(to) = self.tiers.iter().position(|tier| tier.name == found.tier) else {
                continue;
            };
            if let Some(from) = way.iter().position(|(tier, _)| *tier == to) {
                let mut names: Vec<usize> = way[from..].iter().map(|(tier, _)| *tier).collect();
                names.push(to);
                return Some((names, here, call));
            }
            way.push((to, 0));
        }
        None
    }
}
