//! What a cut-off promises about classes, whatever the mix of arrivals.

use floodwall_core::shed::{CutOff, Distribution};
use floodwall_core::{Level, Priority};
use proptest::prelude::*;

fn class(n: usize) -> Priority {
    Priority::new(u8::try_from(n).unwrap()).unwrap()
}

/// How much of the traffic in `counts` a cut-off lets in, by class.
fn let_in(counts: &[u32], cut: CutOff) -> [f64; 8] {
    let mut sums = [0.0; 8];
    for (index, &count) in counts.iter().enumerate() {
        let level = Level::new(class(index / 128), (index % 128) as u8).unwrap();
        if cut.admits(level) {
            sums[index / 128] += f64::from(count);
        }
    }
    sums
}

fn mixes() -> impl Strategy<Value = Vec<u32>> {
    // Some classes are silent, and some have all their tenants in a few cohorts.
    let class = prop_oneof![
        Just(vec![0; 128]),
        prop::collection::vec(0..20_u32, 128),
        prop::collection::vec(prop_oneof![9 => Just(0_u32), 1 => 1..500_u32], 128),
    ];
    prop::collection::vec(class, 8).prop_map(|classes| classes.concat())
}

fn learned(counts: &[u32]) -> Distribution {
    let mut lately = Distribution::new();
    lately.absorb(|level| counts[level.index()]);
    lately
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn without_shares_no_class_is_let_in_while_a_more_urgent_one_is_shed(
        counts in mixes(), share in 0.0..=1.0_f64, whole in 0.0..0.2_f64,
    ) {
        let cut = learned(&counts).cut(share, &[0.0; 8], whole);
        let mut shed_before = false;
        for priority in Priority::all() {
            let cohorts = cut.cohorts(priority);
            prop_assert!(cohorts == 0 || !shed_before, "{cut:?}");
            shed_before |= cohorts < 128;
        }
    }

    #[test]
    fn the_share_is_met_within_one_cohort(counts in mixes(), share in 0.0..=1.0_f64) {
        let all: f64 = counts.iter().map(|&n| f64::from(n)).sum();
        let largest = f64::from(*counts.iter().max().unwrap());
        let cut = learned(&counts).cut(share, &[0.0; 8], 0.0);
        let got: f64 = let_in(&counts, cut).iter().sum();
        prop_assert!((got - (1.0 - share) * all).abs() <= largest / 2.0 + all * 1e-4, "{got} of {all}");
    }

    #[test]
    fn a_class_keeps_its_share_within_a_cohort_and_empty_classes_open_no_door(
        counts in mixes(), share in 0.01..=1.0_f64, parts in prop::array::uniform8(0.0..0.0625_f64),
    ) {
        let all: f64 = counts.iter().map(|&n| f64::from(n)).sum();
        prop_assume!(all > 0.0);
        let keep = parts.map(|part| part * (1.0 - share));
        let cut = learned(&counts).cut(share, &keep, 0.0);
        let got = let_in(&counts, cut);
        let mut full = false;
        for n in 0..8 {
            let mine: Vec<f64> = counts[n * 128..][..128].iter().map(|&n| f64::from(n)).collect();
            let offered: f64 = mine.iter().sum();
            let largest = mine.iter().copied().fold(0.0, f64::max);
            let wanted = (keep[n] * all).min(offered);
            prop_assert!(got[n] >= wanted - largest / 2.0 - all * 1e-4, "class {n}: {} of {wanted}", got[n]);
            if full && offered == 0.0 {
                // A class that has not come lately waits until those before it are let in.
                prop_assert_eq!(cut.cohorts(class(n)), 0, "class {}", n);
            }
            full |= offered > 0.0 && cut.cohorts(class(n)) < 128;
        }
    }
}
