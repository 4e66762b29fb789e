//! Who is shed first: the least urgent class, in it retries, and the same tenants all through an
//! epoch, or those who used most.

use std::time::Duration;

use floodwall::extract::{KeyOf, MissingKey, PriorityOf, Unkeyed};
use floodwall::shed::ShedBuilder;
use floodwall::{Admission, Matches, Shed};
use floodwall_core::rate::KeyHasher;

mod shed_support;
use shed_support::{
    Clock, Dial, Req, Served, by_class, by_tenant, class, marked, of, pressed, rounds,
};

/// Lets a pressure of 1 come to what it may shed, and looks at the second after it.
fn settled<A: Admission<Req>>(shed: &A, clock: &mut Clock, requests: &[Req]) -> Vec<Served> {
    rounds(shed, clock, 5_000, requests);
    rounds(shed, clock, 1_000, requests)
}

#[test]
fn the_least_urgent_classes_go_first_and_only_one_is_split() {
    for (at_most, wanted) in [
        (0.1, [1.0, 1.0, 1.0, 0.6]),
        (0.25, [1.0, 1.0, 1.0, 0.0]),
        (0.5, [1.0, 1.0, 0.0, 0.0]),
        (0.6, [1.0, 0.6, 0.0, 0.0]),
        (0.9, [0.4, 0.0, 0.0, 0.0]),
        (1.0, [0.0, 0.0, 0.0, 0.0]),
    ] {
        let builder = Shed::builder().priority(by_class()).at_most(at_most);
        let shed = pressed(builder, &Dial::at(1.0)).build().unwrap();
        let served = settled(&shed, &mut Clock::new(), &[0, 2, 3, 7].map(of));
        for (served, wanted) in served.iter().zip(wanted) {
            let share = served.share();
            assert!(
                (share - wanted).abs() < 0.03,
                "{at_most}: {served:?}, not {wanted}"
            );
        }
    }
}

#[test]
fn a_class_with_a_share_keeps_it_of_what_is_let_in_and_the_one_above_pays() {
    let builder = Shed::builder()
        .priority(by_class())
        .at_most(0.5)
        .share(class(7), 0.1)
        .share(class(5), 0.05);
    let shed = pressed(builder, &Dial::at(1.0)).build().unwrap();
    let served = settled(&shed, &mut Clock::new(), &[0, 3, 5, 7].map(of));
    let all: u32 = served.iter().map(|s| s.let_in).sum();
    assert!(
        (1_950..2_050).contains(&all),
        "half of all are let in: {all}"
    );
    let part = |n: usize| f64::from(served[n].let_in) / f64::from(all);
    assert_eq!(served[0].let_in, 1_000, "the first class does not pay");
    assert!((part(2) - 0.05).abs() < 0.01, "{served:?}");
    assert!((part(3) - 0.10).abs() < 0.01, "{served:?}");
    assert!((part(1) - 0.35).abs() < 0.01, "{served:?}");
}

#[test]
fn a_share_that_nobody_asks_for_is_given_to_the_others() {
    let builder = Shed::builder()
        .priority(by_class())
        .at_most(0.5)
        .share(class(7), 0.4);
    let shed = pressed(builder, &Dial::at(1.0)).build().unwrap();
    let served = settled(&shed, &mut Clock::new(), &[0, 3].map(of));
    assert_eq!(
        [served[0].let_in, served[1].let_in / 50],
        [1_000, 0],
        "{served:?}"
    );
}

fn retry(class: u8) -> Req {
    Req {
        retry: true,
        ..of(class)
    }
}

#[test]
fn retries_go_before_first_attempts_of_their_class_and_after_those_of_the_next() {
    for keyed in [false, true] {
        let builder = Shed::builder()
            .priority(by_class())
            .retries(marked())
            .at_most(0.5);
        // Of four equal parts half is shed: all of class 5, none of class 2.
        let requests = [of(2), retry(2), of(5), retry(5)];
        let served = served_by(keyed, builder, &requests);
        assert_eq!(served, [1.0, 1.0, 0.0, 0.0], "{keyed}");
        let builder = Shed::builder()
            .priority(by_class())
            .retries(marked())
            .at_most(0.25);
        assert_eq!(
            served_by(keyed, builder, &requests),
            [1.0, 1.0, 1.0, 0.0],
            "{keyed}"
        );
        let builder = Shed::builder()
            .priority(by_class())
            .retries(marked())
            .at_most(0.75);
        assert_eq!(
            served_by(keyed, builder, &requests),
            [1.0, 0.0, 0.0, 0.0],
            "{keyed}"
        );
    }
}

fn served_by<P, R>(keyed: bool, builder: ShedBuilder<P, Unkeyed, R>, requests: &[Req]) -> Vec<f64>
where
    P: PriorityOf<Req>,
    R: Matches<Req>,
{
    let builder = pressed(builder, &Dial::at(1.0));
    // Two hundred tenants each, so that all cohorts are there.
    let many: Vec<Req> = (0..200)
        .flat_map(|tenant| requests.iter().map(move |r| Req { tenant, ..*r }))
        .collect();
    let served = if keyed {
        let shed = builder.tenant(by_tenant()).seed(7).build().unwrap();
        every_tenth_millisecond(&shed, &many)
    } else {
        let shed = builder.build().unwrap();
        every_tenth_millisecond(&shed, &many)
    };
    (0..requests.len())
        .map(|n| {
            let mine = served.iter().skip(n).step_by(requests.len());
            let share = mine.map(|s| s.share()).sum::<f64>() / 200.0;
            // One cohort more or less, of 96 for first attempts and 32 for retries.
            (share * 20.0).round() / 20.0
        })
        .collect()
}

fn every_tenth_millisecond<A: Admission<Req>>(shed: &A, requests: &[Req]) -> Vec<Served> {
    let mut clock = Clock::new();
    rounds(shed, &mut clock, 3_000, requests);
    rounds(shed, &mut clock, 100, requests)
}

const TENANTS: u64 = 400;

/// Which tenants are let in, in a second: `None` for those who are not always served alike.
fn who(served: &[Served]) -> Vec<Option<bool>> {
    served
        .iter()
        .map(|s| match s.let_in {
            0 => Some(false),
            n if n == s.came => Some(true),
            _ => None,
        })
        .collect()
}

#[test]
fn tenants_are_steadily_in_or_out_within_an_epoch_and_others_are_in_the_next() {
    let epoch = Duration::from_secs(60);
    let builder = Shed::builder()
        .tenant(by_tenant())
        .epoch(epoch)
        .seed(3)
        .at_most(0.5);
    let shed = pressed(builder, &Dial::at(1.0)).build().unwrap();
    let mut clock = Clock::new();
    let requests: Vec<Req> = (0..TENANTS).map(|tenant| Req { tenant, ..of(3) }).collect();
    rounds(&shed, &mut clock, 5_000, &requests);
    let first = who(&rounds(&shed, &mut clock, 500, &requests));
    let unsteady = first.iter().filter(|fate| fate.is_none()).count();
    assert!(unsteady <= 20, "{unsteady} of {TENANTS} sway at the edge");
    let inside = first.iter().filter(|fate| **fate == Some(true)).count();
    assert!((170..230).contains(&inside), "{inside} of {TENANTS} are in");

    // Half a minute later, in the same epoch, the same ones.
    clock.pass(Duration::from_secs(30));
    rounds(&shed, &mut clock, 5_000, &requests);
    let later = who(&rounds(&shed, &mut clock, 500, &requests));
    let moved = first
        .iter()
        .zip(&later)
        .filter(|(a, b)| a.is_some() && b.is_some() && a != b);
    assert_eq!(moved.count(), 0);

    clock.pass(epoch);
    rounds(&shed, &mut clock, 5_000, &requests);
    let next = who(&rounds(&shed, &mut clock, 500, &requests));
    let moved = first.iter().zip(&next).filter(|(a, b)| a != b).count() as u64;
    assert!(
        (TENANTS / 3..TENANTS * 2 / 3).contains(&moved),
        "{moved} of {TENANTS} changed"
    );
}

#[test]
fn whose_hash_is_secret_cannot_choose_a_good_place() {
    // Two shedders place the same tenants differently, unless they are told the same seed.
    let fates = |seed: Option<u64>| {
        let builder = Shed::builder().tenant(by_tenant()).at_most(0.5);
        let builder = if let Some(seed) = seed {
            builder.seed(seed)
        } else {
            builder
        };
        let shed = pressed(builder, &Dial::at(1.0)).build().unwrap();
        let mut clock = Clock::new();
        let requests: Vec<Req> = (0..TENANTS).map(|tenant| Req { tenant, ..of(3) }).collect();
        rounds(&shed, &mut clock, 5_000, &requests);
        who(&rounds(&shed, &mut clock, 300, &requests))
    };
    assert_eq!(fates(Some(1)), fates(Some(1)));
    assert_ne!(fates(None), fates(None));
}

#[test]
fn by_usage_those_who_use_most_are_shed_first() {
    let builder = Shed::builder()
        .tenant(by_tenant())
        .by_usage(Duration::from_secs(30))
        .seed(5)
        .at_most(0.3);
    let dial = Dial::at(0.0);
    let shed = pressed(builder, &dial).build().unwrap();
    let mut clock = Clock::new();
    // Twenty heavy tenants among a hundred light ones: each sends five times as much.
    let mut requests: Vec<Req> = (0..100).map(|tenant| Req { tenant, ..of(3) }).collect();
    for tenant in 1_000..1_020 {
        requests.extend([Req { tenant, ..of(3) }; 5]);
    }
    let calm = rounds(&shed, &mut clock, 2_000, &requests);
    assert!(
        calm.iter().all(|s| s.let_in == s.came),
        "nothing is shed when nothing presses"
    );
    dial.turn(1.0);
    rounds(&shed, &mut clock, 2_000, &requests);
    let served = rounds(&shed, &mut clock, 2_000, &requests);
    let share =
        |served: &[Served]| served.iter().map(|s| s.share()).sum::<f64>() / served.len() as f64;
    let (light, heavy) = (share(&served[..100]), share(&served[100..]));
    assert!(light > 0.99, "{light}");
    // They all come to stand in one cohort, so more than the 40 % that there is room for are shed.
    assert!(heavy < 0.5, "what is shed is theirs: {heavy}");
}

#[test]
fn a_heavy_tenant_that_is_alone_is_not_shed_for_ever() {
    let builder = Shed::builder()
        .tenant(by_tenant())
        .by_usage(Duration::from_secs(1))
        .at_most(0.5);
    let dial = Dial::at(0.0);
    let shed = pressed(builder, &dial).build().unwrap();
    let mut clock = Clock::new();
    rounds(&shed, &mut clock, 3_000, &[of(3); 10]);
    dial.turn(1.0);
    let served = rounds(&shed, &mut clock, 30_000, &[of(3); 10]);
    let share = served.iter().map(|s| s.share()).sum::<f64>() / 10.0;
    // All of it is in one cohort, so it is in or out as a whole; out, it becomes a light one.
    assert!(
        (0.05..0.7).contains(&share),
        "a part of it is let in: {share}"
    );
}

#[test]
fn tenants_that_cannot_be_told_take_turns() {
    struct Nobody;
    impl KeyOf<Req> for Nobody {
        fn key(&self, _: &Req, _: &mut KeyHasher) -> Result<(), MissingKey> {
            Err(MissingKey::new("tenant", "none here"))
        }
    }
    let builder = Shed::builder().tenant(Nobody).at_most(0.5);
    let shed = pressed(builder, &Dial::at(1.0)).build().unwrap();
    let served = settled(&shed, &mut Clock::new(), &[of(3); 4]);
    assert!(
        served.iter().all(|s| (0.4..0.6).contains(&s.share())),
        "{served:?}"
    );
}
