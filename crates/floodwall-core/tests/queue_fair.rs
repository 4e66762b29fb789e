//! What one can rely on when the tenants of a class take turns.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use floodwall_core::queue::{
    FairQueues, Mode, Queue, QueueConfig, QueueConfigBuilder, Served, Tenant, fair_allocation,
};
use floodwall_core::rate::HashSecret;
use floodwall_core::{Moment, Priority, Reason};
use proptest::prelude::*;

const NORMAL: Priority = Priority::NORMAL;

fn at(millis: u64) -> Moment {
    Moment::ZERO + Duration::from_millis(millis)
}

fn tenant(name: &str) -> Tenant {
    Tenant::new(HashSecret::seeded(1).key(name))
}

fn fair(places: u32) -> QueueConfigBuilder {
    QueueConfig::builder()
        .capacity(places)
        .max_wait(Duration::from_secs(60))
        .fair(FairQueues::default())
}

fn queue(config: QueueConfigBuilder) -> Queue<&'static str> {
    Queue::new(config.build().unwrap())
}

/// The first letter of a name says whose it is.
fn push(
    queue: &mut Queue<&'static str>,
    millis: u64,
    name: &'static str,
) -> Result<Option<&'static str>, Reason> {
    push_as(queue, millis, NORMAL, name)
}

fn push_as(
    queue: &mut Queue<&'static str>,
    millis: u64,
    priority: Priority,
    name: &'static str,
) -> Result<Option<&'static str>, Reason> {
    match queue.push_for(at(millis), priority, tenant(&name[..1]), None, name) {
        Ok(pushed) => Ok(pushed.evicted.map(|evicted| evicted.value)),
        Err(refused) => Err(refused.reason),
    }
}

/// Serves all, one after the other, each for ten milliseconds.
fn serve_all(queue: &mut Queue<&'static str>, from: u64) -> Vec<&'static str> {
    let mut served = Vec::new();
    for turn in 0.. {
        let now = from + turn * 10;
        let Some(waiter) = queue.pop(at(now)) else {
            break;
        };
        queue.done(waiter.served.unwrap(), at(now + 10));
        served.push(waiter.value);
    }
    served
}

#[test]
fn allocation_is_max_min_fair() {
    for (demands, capacity, shares) in [
        (&[][..], 1.0, &[][..]),
        (&[47.0, 0.0], 42.0, &[42.0, 0.0]),
        (&[1.0, 47.0], 42.0, &[1.0, 41.0]),
        (&[3.0, 7.0, 9.0, 1.0], 14.0, &[3.0, 5.0, 5.0, 1.0]),
        (&[1.0, 9.0, 7.0, 3.0], 21.0, &[1.0, 9.0, 7.0, 3.0]),
        (&[f64::NAN, -1.0, 2.0], 1.0, &[0.0, 0.0, 1.0]),
        (&[1.0], f64::NAN, &[0.0]),
    ] {
        assert_eq!(fair_allocation(demands, capacity), shares, "{demands:?}");
    }
}

#[test]
fn hands_need_no_more_bits_than_a_hash_has() {
    for (queues, hand, bits) in [
        (1024, 6, 60),
        (512, 8, 72),
        (64, 6, 36),
        (128, 8, 56),
        (1, 1, 0),
    ] {
        assert_eq!(FairQueues::new(queues, hand).entropy_bits(), bits);
    }
    let refused = |queues, hand| {
        let config = QueueConfig::builder().fair(FairQueues::new(queues, hand));
        config.build().unwrap_err().to_string()
    };
    assert!(FairQueues::new(1024, 6).check().is_ok());
    assert!(refused(512, 8).starts_with("fair: hands of 8 out of 512 queues need 72 bits"));
    assert_eq!(refused(0, 1), "fair: 0 queues: a class has 1 to 1024");
    assert_eq!(refused(2000, 1), "fair: 2000 queues: a class has 1 to 1024");
    assert_eq!(
        refused(4, 0),
        "fair: a hand of 0 out of 4 queues: a hand has 1 to 4"
    );
    assert_eq!(
        refused(4, 5),
        "fair: a hand of 5 out of 4 queues: a hand has 1 to 4"
    );
    assert_eq!(
        refused(64, 17),
        "fair: a hand of 17 out of 64 queues: a hand has 1 to 16"
    );
}

#[test]
fn hands_have_no_card_twice_and_all_hands_are_as_likely() {
    let secret = HashSecret::seeded(3);
    let queues = FairQueues::new(9, 3);
    let mut dealt: BTreeMap<Vec<u32>, u32> = BTreeMap::new();
    for key in 0..84_000_u32 {
        let mut hand: Vec<u32> = queues.deal(secret.key(&key)).collect();
        hand.sort_unstable();
        hand.dedup();
        assert_eq!(hand.len(), 3);
        assert!(hand[2] < 9);
        *dealt.entry(hand).or_default() += 1;
    }
    // 9 over 3; each is expected 1000 times, with a standard deviation of 31.
    assert_eq!(dealt.len(), 84);
    assert!(
        dealt.values().all(|times| times.abs_diff(1000) < 160),
        "{dealt:?}"
    );
}

#[test]
fn another_secret_deals_other_hands() {
    let hand = |secret: HashSecret| -> Vec<u32> {
        FairQueues::default().deal(secret.key("alice")).collect()
    };
    assert_eq!(hand(HashSecret::seeded(1)), hand(HashSecret::seeded(1)));
    let hands: HashSet<_> = (0..100).map(|n| hand(HashSecret::seeded(n))).collect();
    assert_eq!(hands.len(), 100);
}

#[test]
fn tenants_take_turns_and_each_has_its_own_order() {
    let mut queue = queue(fair(16));
    for name in ["a1", "a2", "a3", "a4", "b1", "b2", "c1"] {
        push(&mut queue, 0, name).unwrap();
    }
    let order = serve_all(&mut queue, 1);
    assert_eq!(order, ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]);
}

#[test]
fn without_the_option_all_are_served_in_one_line() {
    let mut queue = queue(QueueConfig::builder());
    for name in ["a1", "a2", "b1"] {
        push(&mut queue, 0, name).unwrap();
    }
    for name in ["a1", "a2", "b1"] {
        let waiter = queue.pop(at(1)).unwrap();
        assert_eq!((waiter.value, waiter.served), (name, None));
    }
}

#[test]
fn who_costs_twice_as_much_gets_half_as_many_and_who_weighs_more_gets_more() {
    for (light, heavy) in [
        (tenant("a"), tenant("b").with_cost(2)),
        (tenant("a").with_weight(2), tenant("b")),
    ] {
        let mut queue = Queue::new(fair(1000).build().unwrap());
        for _ in 0..300 {
            queue.push_for(at(0), NORMAL, light, None, 'a').unwrap();
            queue.push_for(at(0), NORMAL, heavy, None, 'b').unwrap();
        }
        let mut count = HashMap::from([('a', 0_u32), ('b', 0)]);
        for turn in 0..300 {
            let waiter = queue.pop(at(turn * 10)).unwrap();
            queue.done(waiter.served.unwrap(), at(turn * 10 + 10));
            *count.get_mut(&waiter.value).unwrap() += 1;
        }
        assert!(count[&'a'].abs_diff(200) <= 2, "{count:?}");
    }
}

#[test]
fn cost_and_weight_are_kept_within_bounds_and_nothing_is_free() {
    let most = tenant("a").with_cost(u32::MAX).with_weight(u32::MAX);
    assert_eq!((most.cost(), most.weight()), (Tenant::MOST, Tenant::MOST));
    let least = tenant("a").with_cost(0).with_weight(0);
    assert_eq!((least.cost(), least.weight()), (1, 1));
}

#[test]
fn whose_requests_hang_gets_no_more_than_its_turn() {
    let mut queue = Queue::new(fair(1000).build().unwrap());
    for _ in 0..100 {
        queue
            .push_for(at(0), NORMAL, tenant("h"), None, 'h')
            .unwrap();
        queue
            .push_for(at(0), NORMAL, tenant("q"), None, 'q')
            .unwrap();
    }
    // Those of one never end; those of the other take 10 ms.
    let mut hang = 0;
    for turn in 1..100 {
        let waiter = queue.pop(at(turn * 10)).unwrap();
        match waiter.value {
            'q' => queue.done(waiter.served.unwrap(), at(turn * 10 + 10)),
            _ => hang += 1,
        }
    }
    // What hangs is charged for while it does: the second one comes when the other has had as much.
    assert!(hang <= 2, "{hang}");
}

#[test]
fn who_did_not_ask_has_saved_nothing_up() {
    let mut queue = Queue::new(fair(1000).build().unwrap());
    let mut turn = 0;
    let mut serve = |queue: &mut Queue<char>| {
        turn += 1;
        let waiter = queue.pop(at(turn * 10)).unwrap();
        queue.done(waiter.served.unwrap(), at(turn * 10 + 10));
        waiter.value
    };
    for _ in 0..200 {
        queue
            .push_for(at(0), NORMAL, tenant("a"), None, 'a')
            .unwrap();
        queue
            .push_for(at(0), NORMAL, tenant("b"), None, 'b')
            .unwrap();
    }
    for _ in 0..100 {
        serve(&mut queue);
    }
    for _ in 0..50 {
        queue
            .push_for(at(1_000), NORMAL, tenant("c"), None, 'c')
            .unwrap();
    }
    let next: String = (0..30).map(|_| serve(&mut queue)).collect();
    let of = |who| next.matches(who).count().abs_diff(10);
    assert!(of('a') <= 1 && of('b') <= 1 && of('c') <= 1, "{next}");
}

#[test]
fn who_used_what_nobody_wanted_does_not_pay_for_it() {
    let mut queue = Queue::new(fair(10_000).build().unwrap());
    let push = |queue: &mut Queue<char>, now, who: char, many| {
        for _ in 0..many {
            let tenant = tenant(who.encode_utf8(&mut [0; 4]));
            queue.push_for(at(now), NORMAL, tenant, None, who).unwrap();
        }
    };
    // All eight places for ten seconds, and nobody waits.
    push(&mut queue, 0, 'e', 8);
    let mut inside: Vec<Served> = Vec::new();
    inside.extend((0..8).filter_map(|_| queue.pop(at(0)).unwrap().served));
    // Only half of that is since somebody else wants a place.
    push(&mut queue, 5_000, 'e', 1_000);
    push(&mut queue, 5_000, 'm', 1_000);
    let mut rounds = Vec::new();
    for round in 10..20 {
        let now = at(round * 1_000);
        for served in inside.drain(..) {
            queue.done(served, now);
        }
        let mut elephants = 0;
        for _ in 0..8 {
            let waiter = queue.pop(now).unwrap();
            elephants += u32::from(waiter.value == 'e');
            inside.extend(waiter.served);
        }
        rounds.push(elephants);
    }
    assert!(rounds[..4].iter().sum::<u32>() <= 4, "{rounds:?}");
    assert!(rounds[6..].iter().sum::<u32>() >= 12, "{rounds:?}");
}

#[test]
fn who_takes_no_time_at_all_does_not_go_first_for_ever() {
    let mut queue = Queue::new(fair(10_000).build().unwrap());
    let push = |queue: &mut Queue<char>, who: char| {
        let tenant = tenant(who.encode_utf8(&mut [0; 4]));
        queue.push_for(at(0), NORMAL, tenant, None, who).unwrap();
    };
    push(&mut queue, 's');
    for _ in 0..9_000 {
        push(&mut queue, 'n');
    }
    push(&mut queue, 's');
    // The first one takes a millisecond, those of the other none; each counts for a microsecond. The
    // second one is expected to take three.
    let waiter = queue.pop(at(0)).unwrap();
    assert_eq!(waiter.value, 's');
    queue.done(waiter.served.unwrap(), at(1));
    let before = (0..9_000).take_while(|_| {
        let waiter = queue.pop(at(1)).unwrap();
        queue.done(waiter.served.unwrap(), at(1));
        waiter.value == 'n'
    });
    let before = before.count();
    assert!((2_000..6_000).contains(&before), "{before}");
}

#[test]
fn a_light_tenant_takes_a_place_of_the_heaviest() {
    let mut queue = queue(fair(6));
    for name in ["e1", "e2", "e3", "e4", "m1", "m2"] {
        assert_eq!(push(&mut queue, 0, name), Ok(None));
    }
    assert_eq!(push(&mut queue, 0, "e5"), Err(Reason::Full));
    assert!(!queue.has_room_for_one_of(at(0), NORMAL, tenant("e")));
    assert!(queue.has_room_for_one_of(at(0), NORMAL, tenant("m")));
    // The youngest of those who have most.
    assert_eq!(push(&mut queue, 0, "m3"), Ok(Some("e4")));
    // Three each: a fourth would have more than the others.
    assert_eq!(push(&mut queue, 0, "m4"), Err(Reason::Full));
    assert_eq!(push(&mut queue, 0, "e5"), Err(Reason::Full));
    let leaves = push(&mut queue, 0, "n1").unwrap().unwrap();
    assert!(["e3", "m3"].contains(&leaves), "{leaves}");
    assert_eq!(queue.len(), 6);
}

#[test]
fn the_less_urgent_leave_first_and_of_them_the_heaviest() {
    let mut queue = queue(fair(5).share(Priority::BACKGROUND, 0.2));
    for (priority, name) in [
        (Priority::LOW, "m1"),
        (Priority::LOW, "e1"),
        (Priority::LOW, "e2"),
        (Priority::BACKGROUND, "p1"),
        (NORMAL, "e3"),
    ] {
        push_as(&mut queue, 0, priority, name).unwrap();
    }
    // The share protects the only one of the last class.
    for leaves in ["e2", "m1", "e1"] {
        assert_eq!(push(&mut queue, 0, "z"), Ok(Some(leaves)));
    }
    // And now one of its own class has most.
    assert_eq!(push(&mut queue, 0, "e4"), Ok(Some("z")));
    assert_eq!(queue.len_of(Priority::BACKGROUND), 1);
}

#[test]
fn precedence_between_classes_is_the_same() {
    let mut queue = queue(fair(8));
    for (priority, name) in [
        (Priority::LOW, "a1"),
        (NORMAL, "b1"),
        (NORMAL, "b2"),
        (Priority::CRITICAL, "b3"),
    ] {
        push_as(&mut queue, 0, priority, name).unwrap();
    }
    assert_eq!(serve_all(&mut queue, 1), ["b3", "b1", "b2", "a1"]);
}

#[test]
fn with_a_standing_delay_the_youngest_of_a_tenant_goes_first_and_the_oldest_leaves() {
    let mut queue = queue(fair(7));
    for (millis, name) in [
        (0, "a1"),
        (6, "b1"),
        (40, "a2"),
        (120, "b2"),
        (130, "a3"),
        (140, "c1"),
    ] {
        push(&mut queue, millis, name).unwrap();
    }
    assert_eq!(queue.mode_of(NORMAL), Mode::OldestFirst);
    push(&mut queue, 240, "c2").unwrap();
    assert_eq!(queue.mode_of(NORMAL), Mode::NewestFirst);
    assert_eq!(push(&mut queue, 241, "a4"), Ok(Some("a1")));
    let order = serve_all(&mut queue, 242);
    let of = |who: &str| -> Vec<&str> {
        order
            .iter()
            .copied()
            .filter(|name| name.starts_with(who))
            .collect()
    };
    assert_eq!(of("a"), ["a4", "a3", "a2"]);
    assert_eq!(of("b"), ["b2", "b1"]);
    let firsts: HashSet<_> = order[..3].iter().map(|name| &name[..1]).collect();
    assert_eq!(firsts.len(), 3, "{order:?}");
}

#[test]
fn one_who_comes_is_told_how_many_are_served_before() {
    let mut queue = queue(fair(16));
    for name in ["e1", "e2", "e3", "e4", "e5", "m1"] {
        push(&mut queue, 0, name).unwrap();
    }
    let ahead = |queue: &Queue<_>, who| queue.ahead_of(NORMAL, tenant(who));
    assert_eq!(ahead(&queue, "e"), 6);
    assert_eq!(ahead(&queue, "m"), 3);
    assert_eq!(ahead(&queue, "n"), 2);
    queue.set_config(QueueConfig::default());
    assert_eq!(ahead(&queue, "n"), 6);
}

#[test]
fn it_can_be_switched_while_some_wait() {
    let mut queue = queue(fair(16).newest_first(false));
    for name in ["a1", "a2", "a3", "b1", "b2"] {
        push(&mut queue, 0, name).unwrap();
    }
    let waiter = queue.pop(at(1)).unwrap();
    assert_eq!(waiter.value, "a1");
    let set = |queue: &mut Queue<_>, config: QueueConfigBuilder| {
        queue.set_config(config.newest_first(false).build().unwrap());
    };
    set(&mut queue, fair(16).fair(FairQueues::new(8, 2)));
    // A receipt of before is worth nothing.
    queue.done(waiter.served.unwrap(), at(1_000));
    let next = |queue: &mut Queue<&'static str>| queue.pop(at(10)).unwrap().value;
    assert_eq!([next(&mut queue), next(&mut queue)], ["a2", "b1"]);
    set(
        &mut queue,
        QueueConfig::builder().max_wait(Duration::from_secs(60)),
    );
    assert_eq!(next(&mut queue), "a3");
    set(&mut queue, fair(16));
    assert_eq!(next(&mut queue), "b2");
    assert!(queue.is_empty());
}

#[derive(Clone, Debug)]
enum Step {
    Push {
        tenant: u8,
        priority: u8,
        cost: u32,
        weight: u32,
        patience: Option<u64>,
    },
    Pop,
    Done(usize),
    Cancel(usize),
    Expire,
    Sleep(u64),
    Switch(bool, u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..12_u8, 2..5_u8, 0..9_u32, 0..4_u32, prop::option::of(0..200_u64)).prop_map(
            |(tenant, priority, cost, weight, patience)| Step::Push { tenant, priority, cost, weight, patience }
        ),
        5 => Just(Step::Pop),
        3 => any::<usize>().prop_map(Step::Done),
        1 => any::<usize>().prop_map(Step::Cancel),
        1 => Just(Step::Expire),
        2 => (0..60_u64).prop_map(Step::Sleep),
        1 => (any::<bool>(), 1..5_u32).prop_map(|(fair, hand)| Step::Switch(fair, hand)),
    ]
}

proptest! {
    /// Everybody who was let in comes out once, one way; who may be served is served.
    #[test]
    fn nobody_is_lost_and_no_grant_is_wasted(steps in prop::collection::vec(step(), 1..300)) {
        let mut queue = Queue::new(fair(12).max_wait(Duration::from_millis(150)).build().unwrap());
        let mut now = 0;
        let mut waits = HashMap::new();
        let mut served: Vec<Served> = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Push { tenant, priority, cost, weight, patience } => {
                    let tenant = Tenant::new(HashSecret::seeded(5).key(&tenant)).with_cost(cost).with_weight(weight);
                    let priority = Priority::new(priority).unwrap();
                    let deadline = patience.map(|patience| at(now + patience));
                    let room = queue.has_room_for_one_of(at(now), priority, tenant);
                    let expired = queue.next_expiry().is_some_and(|when| when <= at(now));
                    match queue.push_for(at(now), priority, tenant, deadline, number) {
                        Ok(pushed) => {
                            prop_assert!(room);
                            if let Some(evicted) = pushed.evicted {
                                prop_assert!(waits.remove(&evicted.value).is_some());
                            }
                            waits.insert(number, pushed.ticket);
                        }
                        Err(refused) => prop_assert!(refused.reason == Reason::Deadline || !room || expired),
                    }
                }
                Step::Pop => {
                    let expired = queue.next_expiry().is_some_and(|when| when <= at(now));
                    let next = queue.next(at(now)).copied();
                    prop_assert_eq!(next.is_some(), !waits.is_empty());
                    let waiter = queue.pop(at(now));
                    prop_assert_eq!(waiter.is_some(), !waits.is_empty() && !expired);
                    if let Some(waiter) = waiter {
                        prop_assert_eq!(next, Some(waiter.value));
                        prop_assert!(waits.remove(&waiter.value).is_some());
                        prop_assert_eq!(waiter.served.is_some(), queue.config().fair().is_some());
                        served.extend(waiter.served);
                    }
                }
                Step::Done(which) if !served.is_empty() => {
                    let one = served.swap_remove(which % served.len());
                    queue.done(one, at(now));
                }
                Step::Cancel(which) if !waits.is_empty() => {
                    let who = *waits.keys().nth(which % waits.len()).unwrap();
                    let ticket = waits.remove(&who).unwrap();
                    prop_assert_eq!(queue.cancel(ticket).map(|waiter| waiter.value), Some(who));
                }
                Step::Expire => {
                    while let Some(expired) = queue.expire(at(now)) {
                        prop_assert!(waits.remove(&expired.waiter.value).is_some());
                    }
                }
                Step::Done(_) | Step::Cancel(_) => {}
                Step::Sleep(millis) => now += millis,
                Step::Switch(on, hand) => {
                    let config = QueueConfig::builder().capacity(12).max_wait(Duration::from_millis(150));
                    let config = if on { config.fair(FairQueues::new(8, hand)) } else { config };
                    queue.set_config(config.build().unwrap());
                }
            }
            prop_assert_eq!(queue.len() as usize, waits.len());
        }
    }

    /// One who waits alone of its tenant gets one of the next places, whoever floods, with whatever
    /// costs.
    #[test]
    fn no_tenant_waits_for_ever(
        floods in prop::collection::vec((1..40_u32, 0..9_u32, 1..50_u64), 1..6),
        places in 1..6_usize,
    ) {
        let secret = HashSecret::seeded(9);
        let mut queue = Queue::new(fair(10_000).newest_first(false).build().unwrap());
        let push = |queue: &mut Queue<usize>, now, who: usize, cost| {
            let tenant = Tenant::new(secret.key(&who)).with_cost(cost);
            queue.push_for(now, NORMAL, tenant, None, who).unwrap();
        };
        for (who, &(many, cost, _)) in floods.iter().enumerate() {
            for _ in 0..many {
                push(&mut queue, at(0), who, cost);
            }
        }
        let mouse = floods.len();
        let mut inside: Vec<(u64, usize, Served)> = Vec::new();
        let mut now = 0;
        let mut grants_since = 0;
        for round in 0..400 {
            if round == 100 {
                push(&mut queue, at(now), mouse, 1);
            }
            while inside.len() < places {
                let waiter = queue.pop(at(now)).unwrap();
                if waiter.value == mouse {
                    return Ok(());
                }
                grants_since += u32::from(round >= 100);
                // Each that goes in is followed by another.
                let (_, cost, runs) = floods[waiter.value];
                push(&mut queue, at(now), waiter.value, cost);
                inside.push((now + runs, waiter.value, waiter.served.unwrap()));
            }
            inside.sort_by_key(|&(ends, who, _)| (ends, who));
            let (ends, _, served) = inside.remove(0);
            now = ends;
            queue.done(served, at(now));
            prop_assert!(grants_since <= 2 * floods.len() as u32 * places as u32 + 2);
        }
        prop_assert!(false, "it still waits");
    }
}
