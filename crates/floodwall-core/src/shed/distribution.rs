use crate::{Level, Priority};

use super::CutOff;

/// How the last arrivals were spread over the levels: turns a share to shed into a cut-off.
///
/// All arrivals count, shed ones too; otherwise it would be blind for what it refuses. Old ones fade:
/// it remembers about as much as [`Distribution::MEMORY`] arrivals (Cinnamon's "last 1,000").
///
/// ```
/// use floodwall_core::{Level, Priority, shed::Distribution};
///
/// let mut lately = Distribution::new();
/// let half_and_half = |level: Level| u32::from(level.priority() == Priority::HIGH || level.priority() == Priority::LOW);
/// lately.absorb(half_and_half);
/// let cut = lately.cut(0.25, &[0.0; 8], 0.0);
/// assert_eq!(cut.cohorts(Priority::HIGH), 128);
/// assert_eq!(cut.cohorts(Priority::LOW), 64);
/// ```
#[derive(Clone, Debug)]
pub struct Distribution {
    weights: Box<[f32; Level::COUNT]>,
    classes: [f64; Priority::COUNT],
}

impl Distribution {
    /// About how many arrivals it remembers.
    pub const MEMORY: u32 = 1_000;

    /// Nothing has arrived yet.
    pub fn new() -> Self {
        Self {
            weights: Box::new([0.0; Level::COUNT]),
            classes: [0.0; Priority::COUNT],
        }
    }

    /// Adds what arrived since the last time: `fresh` tells how many of each level.
    ///
    /// 1,024 steps, whatever came.
    pub fn absorb(&mut self, mut fresh: impl FnMut(Level) -> u32) {
        let mut counts = [0_u32; Level::COUNT];
        let mut came = 0_u64;
        for (index, count) in counts.iter_mut().enumerate() {
            *count = fresh(level_at(index));
            came += u64::from(*count);
        }
        if came == 0 {
            return;
        }
        let memory = f64::from(Self::MEMORY);
        #[expect(clippy::cast_precision_loss, reason = "a count of requests in 100 ms")]
        let keep = (memory / (memory + came as f64)) as f32;
        for (class, (weights, counts)) in self
            .weights
            .chunks_exact_mut(usize::from(Level::COHORTS))
            .zip(counts.chunks_exact(usize::from(Level::COHORTS)))
            .enumerate()
        {
            let mut sum = 0.0_f64;
            for (weight, &count) in weights.iter_mut().zip(counts) {
                #[expect(clippy::cast_precision_loss, reason = "a share is wanted, not a count")]
                let fresh = count as f32;
                *weight = *weight * keep + fresh;
                sum += f64::from(*weight);
            }
            self.classes[class] = sum;
        }
    }

    /// What part of the arrivals is of `priority`, 0 to 1.
    pub fn share_of(&self, priority: Priority) -> f64 {
        let all: f64 = self.classes.iter().sum();
        if all > 0.0 {
            self.classes[priority.index()] / all
        } else {
            0.0
        }
    }

    /// The cut-off that sheds about `share` of such arrivals, the least urgent first; of each class
    /// at least `keep` (a part of *all* arrivals) is let in, and the more urgent pay for it.
    ///
    /// A class of which less than `whole` (a part of all arrivals, too) would be shed is left whole.
    pub fn cut(&self, share: f64, keep: &[f64; Priority::COUNT], whole: f64) -> CutOff {
        let all: f64 = self.classes.iter().sum();
        if all <= 0.0 || share.is_nan() || share <= 0.0 {
            return CutOff::OPEN;
        }
        let mut room = (1.0 - share.min(1.0)) * all;
        // What is kept for a class is set aside first, so that the others cannot take it.
        let mut kept = [0.0_f64; Priority::COUNT];
        for (class, kept) in kept.iter_mut().enumerate() {
            *kept = (keep[class] * all).min(self.classes[class]);
            room -= *kept;
        }
        let mut cut = CutOff::OPEN;
        for priority in Priority::all() {
            let class = priority.index();
            let all_of_it = self.classes[class];
            // Kept apart from what is set aside: the last of the room leaves exactly nothing, or the
            // crumbs of rounding would open all classes that nobody came of lately.
            let taken = room.min(all_of_it - kept[class]).max(0.0);
            room -= taken;
            let mine = kept[class] + taken;
            // Only where room ends in the middle of a class, not where there was none.
            let enough = if taken > 0.0 { whole * all } else { 0.0 };
            let cohorts = if mine >= all_of_it - enough && all_of_it > 0.0 {
                Level::COHORTS
            } else if all_of_it > 0.0 {
                self.cohorts_for(class, mine)
            } else if room > 0.0 {
                // Nobody of this class came lately; who comes now is let in while there is room.
                Level::COHORTS
            } else {
                0
            };
            cut = cut.with(priority, cohorts);
        }
        cut
    }

    /// How many of the first cohorts of a class make up `weight`, rounded to the nearest.
    fn cohorts_for(&self, class: usize, weight: f64) -> u8 {
        if weight <= 0.0 {
            // Not even those in front of which nobody came: more urgent ones are shed.
            return 0;
        }
        let cohorts = usize::from(Level::COHORTS);
        let mut sum = 0.0;
        let mut taken = 0;
        for &one in &self.weights[class * cohorts..(class + 1) * cohorts] {
            let next = sum + f64::from(one);
            if next > weight && weight - sum < next - weight {
                break;
            }
            sum = next;
            taken += 1;
        }
        taken
    }
}

impl Default for Distribution {
    fn default() -> Self {
        Self::new()
    }
}

pub(super) fn level_at(index: usize) -> Level {
    let cohorts = usize::from(Level::COHORTS);
    let priority = Priority::new((index / cohorts) as u8).expect("there are 8 times 128 levels");
    Level::new(priority, (index % cohorts) as u8).expect("the rest is below 128")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(classes: &[(u8, u32)]) -> Distribution {
        let mut lately = Distribution::new();
        lately.absorb(|level| {
            let class = classes.iter().find(|(c, _)| *c == level.priority().get());
            class.map_or(0, |(_, each)| *each)
        });
        lately
    }

    fn admitted(lately: &Distribution, cut: CutOff) -> f64 {
        Priority::all()
            .map(|p| lately.share_of(p) * f64::from(cut.cohorts(p)) / 128.0)
            .sum()
    }

    #[test]
    fn the_share_is_met_within_one_cohort_for_any_share() {
        let lately = of(&[(0, 3), (2, 5), (3, 1), (6, 7)]);
        for percent in 0..=100 {
            let share = f64::from(percent) / 100.0;
            let cut = lately.cut(share, &[0.0; 8], 0.0);
            let let_in = admitted(&lately, cut);
            assert!((let_in - (1.0 - share)).abs() < 0.005, "{share}: {let_in}");
        }
    }

    #[test]
    fn the_least_urgent_go_first() {
        let lately = of(&[(0, 1), (1, 1), (2, 1), (3, 1)]);
        let cut = lately.cut(0.5, &[0.0; 8], 0.0);
        let cohorts: Vec<u8> = (0..4)
            .map(|p| cut.cohorts(Priority::new(p).unwrap()))
            .collect();
        assert_eq!(cohorts, [128, 128, 0, 0]);
    }

    #[test]
    fn a_kept_share_is_let_in_and_the_others_pay_for_it() {
        let lately = of(&[(0, 1), (1, 1), (2, 1), (3, 1)]);
        let mut keep = [0.0; 8];
        keep[3] = 0.05;
        let cut = lately.cut(0.5, &keep, 0.0);
        // A twentieth of all is a fifth of a class: 25.6 of 128 cohorts.
        assert_eq!(cut.cohorts(Priority::new(3).unwrap()), 26);
        assert_eq!(cut.cohorts(Priority::new(0).unwrap()), 128);
        assert_eq!(cut.cohorts(Priority::new(1).unwrap()), 102);
        assert!((admitted(&lately, cut) - 0.5).abs() < 0.005);
    }

    #[test]
    fn a_class_is_not_split_for_a_little() {
        let lately = of(&[(0, 1), (1, 1), (2, 1), (3, 1)]);
        let cohorts = |share, class| {
            let cut = lately.cut(share, &[0.0; 8], 0.04);
            cut.cohorts(Priority::new(class).unwrap())
        };
        assert_eq!([cohorts(0.78, 0), cohorts(0.78, 1)], [128, 0]);
        assert!(cohorts(0.8, 0) < 128);
        assert_eq!([cohorts(0.5, 1), cohorts(0.5, 2)], [128, 0]);
    }

    #[test]
    fn with_nothing_to_shed_or_nothing_known_it_is_open() {
        assert_eq!(Distribution::new().cut(0.9, &[0.0; 8], 0.0), CutOff::OPEN);
        let lately = of(&[(3, 1)]);
        for share in [0.0, -1.0, f64::NAN] {
            assert_eq!(lately.cut(share, &[0.0; 8], 0.0), CutOff::OPEN, "{share}");
        }
        assert_eq!(lately.cut(1.0, &[0.0; 8], 0.0).cohorts(Priority::NORMAL), 0);
    }

    #[test]
    fn a_new_mix_is_learned_within_its_memory() {
        let mut lately = of(&[(1, 100)]);
        for _ in 0..30 {
            lately.absorb(|level| u32::from(level.priority() == Priority::LOW));
        }
        assert!(lately.share_of(Priority::LOW) > 0.7);
    }
}
