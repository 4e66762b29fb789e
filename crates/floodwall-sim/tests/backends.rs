//! Workers, the line before them, and what goes wrong in them: exact, with constant times.

mod support;

use floodwall::Reason;
use floodwall_sim::{Answer, Arrivals, Change, Client, Lock, OnCancel, Scenario, Tier, Times};
use std::time::Duration;
use support::{Trip, evenly, moments, ms, once, secs, trips};

fn constant(n: u64) -> Times {
    Times::constant(ms(n))
}

/// One each 10 ms, from 10 ms on, before this tier.
fn each_10_ms(until: u64, tier: Tier) -> Vec<Trip> {
    trips(&evenly(Client::new("all"), 100.0, ms(until)).tier(tier)).1
}

fn ends(trips: &[Trip]) -> Vec<Duration> {
    trips.iter().map(|trip| trip.ended).collect()
}

#[test]
fn without_a_line_whoever_finds_no_worker_is_refused_at_once() {
    let trips = each_10_ms(100, Tier::new("one", 1, constant(24)).line(0));
    let (good, refused): (Vec<_>, Vec<_>) = trips.into_iter().partition(Trip::is_good);
    assert_eq!(ends(&good), [ms(34), ms(64), ms(94)]);
    assert_eq!(refused.len(), 6);
    for trip in refused {
        assert_eq!(trip.answer, Answer::refused(Reason::Full));
        assert_eq!(trip.took(), Duration::ZERO);
    }
}

#[test]
fn a_line_holds_as_many_as_it_has_places() {
    let trips = each_10_ms(100, Tier::new("one", 1, constant(24)).line(1));
    let good: Vec<_> = trips.into_iter().filter(Trip::is_good).collect();
    let came: Vec<_> = good.iter().map(|trip| trip.came).collect();
    assert_eq!(came, [10, 20, 40, 60, 90].map(ms));
    assert_eq!(ends(&good), [34, 58, 82, 106, 130].map(ms));
}

#[test]
fn who_hangs_up_in_the_line_leaves_its_place_to_another() {
    let scenario = moments([
        once("served", ms(1_000)),
        once("leaves", ms(1_010)).patience(ms(50)),
        once("refused", ms(1_020)),
        once("waits", ms(1_070)),
    ]);
    let (report, _) = trips(&scenario.tier(Tier::new("one", 1, constant(100)).line(1)));
    let good = [0, 1, 2, 3].map(|n| report.total.clients[n].succeeded);
    assert_eq!(good, [1, 0, 0, 1]);
    assert_eq!(report.total.clients[3].latency.max, Some(0.13));
}

#[test]
fn slowness_is_for_work_that_begins_during_it() {
    let change = Change::new(ms(50), ms(100)).slow(3.0);
    for trip in each_10_ms(300, Tier::new("many", 100, constant(8)).change(change)) {
        let slow = (ms(50)..ms(150)).contains(&trip.came);
        assert_eq!(trip.took(), ms(if slow { 24 } else { 8 }), "{trip:?}");
    }
}

#[test]
fn during_a_stall_work_stands_still_and_then_goes_on_where_it_was() {
    let tier = Tier::new("many", 100, constant(25)).change(Change::new(ms(50), ms(50)).stall());
    let trips = each_10_ms(130, tier);
    // 10 ms and 20 ms are done before it; 5 ms and 15 ms are left of the next two; the others have not begun.
    let wanted = [35, 45, 105, 115, 125, 125, 125, 125, 125, 125, 135, 145];
    assert_eq!(ends(&trips), wanted.map(ms));
}

#[test]
fn two_stalls_that_overlap_are_one() {
    let tier = Tier::new("many", 100, constant(25))
        .change(Change::new(ms(36), ms(20)).stall())
        .change(Change::new(ms(50), ms(40)).stall());
    // Stands from 36 ms to 90 ms: 9 ms and 19 ms are left of two.
    assert_eq!(ends(&each_10_ms(60, tier)), [35, 99, 109, 115, 115].map(ms));
}

#[test]
fn who_stops_during_a_stall_gives_the_worker_to_the_next() {
    let tier = Tier::new("one", 1, constant(100)).change(Change::new(ms(1_050), ms(50)).stall());
    let scenario = moments([once("a", ms(1_000)).patience(ms(70)), once("b", ms(1_010))]);
    let (report, trips) = trips(&scenario.tier(tier));
    assert_eq!(report.total.clients[0].abandoned, 1);
    // It begins when things move again.
    assert_eq!(ends(&trips), [ms(1_200)]);
}

/// Six at 40 ms.
fn six_at_once(tier: Tier) -> Vec<Trip> {
    let scenario = evenly(Client::new("all"), 150.0, ms(79)).arrivals(Arrivals::Bursts(6));
    trips(&scenario.tier(tier)).1
}

#[test]
fn lost_workers_finish_what_they_work_on_and_come_back() {
    let tier = Tier::new("three", 3, constant(40));
    assert_eq!(
        ends(&six_at_once(tier.clone())),
        [80, 80, 80, 120, 120, 120].map(ms)
    );
    let loss = Change::new(ms(50), ms(80)).workers(1);
    // One from 80 ms on, three again from 130 ms on.
    let wanted = [80, 80, 80, 120, 160, 170].map(ms);
    assert_eq!(ends(&six_at_once(tier.clone().change(loss))), wanted);
    // For a while there may be none.
    let none = Change::new(ms(50), ms(80)).workers(0);
    let wanted = [80, 80, 80, 170, 170, 170].map(ms);
    assert_eq!(ends(&six_at_once(tier.change(none))), wanted);
}

#[test]
fn failures_take_as_long_as_successes_or_as_long_as_is_said() {
    let mut change = Change::new(ms(50), ms(100)).fail(1.0);
    for (said, took) in [(None, 8), (Some(ms(2)), 2), (Some(ms(30)), 30)] {
        change.fail_after = said;
        let tier = Tier::new("many", 100, constant(8)).change(change.clone());
        for trip in each_10_ms(300, tier) {
            let fails = (ms(50)..ms(150)).contains(&trip.came);
            let wanted = if fails {
                (ms(took), Answer::Failed)
            } else {
                (ms(8), Answer::GOOD)
            };
            assert_eq!((trip.took(), trip.answer), wanted);
        }
    }
}

#[test]
fn a_share_fails() {
    let tier = Tier::new("many", 100, constant(1)).change(Change::new(ms(0), secs(60)).fail(0.3));
    let scenario = evenly(Client::new("all"), 1_000.0, secs(10)).tier(tier);
    let failed = trips(&scenario).0.total.all.failed;
    // Of 9,999, with a deviation of 46.
    assert!(failed.abs_diff(3_000) < 200, "{failed}");
}

#[test]
fn where_changes_overlap_slowness_multiplies_and_of_the_rest_the_last_counts() {
    let mut failing = Change::new(ms(55), ms(60)).fail(1.0);
    failing.fail_after = Some(ms(1));
    let tier = Tier::new("many", 100, constant(8))
        .change(Change::new(ms(15), ms(60)).slow(2.0))
        .change(Change::new(ms(35), ms(60)).slow(3.0))
        .change(failing)
        .change(Change::new(ms(95), ms(30)).fail(0.0));
    let took: Vec<_> = each_10_ms(130, tier).iter().map(Trip::took).collect();
    let wanted = [8, 16, 16, 48, 48, 1, 1, 1, 1, 8, 8, 8].map(ms);
    assert_eq!(took, wanted);
}

#[test]
fn two_things_may_change_at_once_and_end_at_once() {
    let change = Change::new(ms(50), ms(100)).slow(2.0).workers(1);
    let tier = Tier::new("two", 2, constant(4)).change(change);
    let scenario = evenly(Client::new("all"), 100.0, ms(290)).arrivals(Arrivals::Bursts(2));
    // Two each 20 ms.
    for pair in trips(&scenario.tier(tier)).1.chunks(2) {
        let changed = (ms(50)..ms(150)).contains(&pair[0].came);
        let wanted = if changed { [8, 16] } else { [4, 4] };
        assert_eq!([pair[0].took(), pair[1].took()], wanted.map(ms), "{pair:?}");
    }
}

fn lock(share: f64, hold: u64) -> Lock {
    Lock {
        share,
        count: 1,
        hold: ms(hold),
    }
}

#[test]
fn a_lock_bounds_what_all_workers_do_together() {
    let tier = Tier::new("locked", 10, constant(1)).lock(lock(0.5, 10));
    let scenario = evenly(Client::new("all"), 1_000.0, secs(20)).tier(tier);
    let report = support::bare(&scenario);
    // 100 per second get the lock, and as many need none: all workers soon wait for it.
    assert!(
        (report.total.goodput_rate - 200.0).abs() < 12.0,
        "{}",
        report.total.goodput_rate
    );
    // Two locks: whoever needs one needs the busy one half of the time.
    let mut two = scenario.clone();
    two.tiers[0].lock = Some(Lock {
        count: 2,
        ..lock(0.5, 10)
    });
    let both = support::bare(&two).total.goodput_rate;
    assert!((350.0..=405.0).contains(&both), "{both}");
}

#[test]
fn a_lock_is_held_before_the_service_and_not_during_it() {
    let tier = Tier::new("locked", 10, constant(50)).lock(lock(1.0, 10));
    // Six at 40 ms: each is held up by those before it for the hold only.
    assert_eq!(
        ends(&six_at_once(tier)),
        [100, 110, 120, 130, 140, 150].map(ms)
    );
}

/// `a` holds the lock from 1 s on; `b` waits from 1.01 s on, `c` from 1.02 s on.
fn three_for_a_lock(on_cancel: OnCancel, leaves: usize) -> Vec<Duration> {
    let mut tier = Tier::new("locked", 10, constant(1)).lock(lock(1.0, 100));
    tier.on_cancel = on_cancel;
    let mut clients = [
        once("a", ms(1_000)),
        once("b", ms(1_010)),
        once("c", ms(1_020)),
    ];
    clients[leaves].patience = Some(ms(50));
    let (report, trips) = trips(&moments(clients).tier(tier));
    assert_eq!(report.total.clients[leaves].abandoned, 1);
    ends(&trips)
}

#[test]
fn who_hangs_up_with_a_lock_or_waiting_for_it_gives_it_back() {
    // `b` gets it at 1.05 s, `c` at 1.15 s.
    let holder = three_for_a_lock(OnCancel::Stops, 0);
    assert_eq!(holder, [1_151, 1_251].map(ms));
    // `c` is the next after `a`.
    let waiter = three_for_a_lock(OnCancel::Stops, 1);
    assert_eq!(waiter, [1_101, 1_201].map(ms));
}

#[test]
fn work_that_goes_on_keeps_its_lock_and_its_turn() {
    let holder = three_for_a_lock(OnCancel::GoesOn, 0);
    assert_eq!(holder, [1_201, 1_301].map(ms));
    let waiter = three_for_a_lock(OnCancel::GoesOn, 1);
    assert_eq!(waiter, [1_101, 1_301].map(ms));
}

#[test]
fn a_stall_holds_locks_up_too() {
    let tier = Tier::new("locked", 10, constant(1))
        .lock(lock(1.0, 20))
        .change(Change::new(ms(50), ms(100)).stall());
    let wanted = [161, 181, 201, 221, 241, 261].map(ms);
    assert_eq!(ends(&six_at_once(tier)), wanted);
}

#[test]
fn what_was_done_and_how_long_it_waited_is_told_by_tier() {
    let scenario: Scenario = evenly(Client::new("all"), 150.0, ms(79))
        .arrivals(Arrivals::Bursts(6))
        .tier(Tier::new("two", 2, constant(30)));
    let report = support::bare(&scenario);
    let tier = &report.total.tiers[0];
    // The second pair waits for 30 ms; the run is over before the third begins.
    assert_eq!(
        (tier.name.as_str(), tier.begun, tier.mean_wait),
        ("two", 4, Some(0.015))
    );
    let mut shorter = scenario;
    shorter.phases[0].lasts = ms(69);
    let tier = support::bare(&shorter).total.tiers[0].clone();
    assert_eq!((tier.begun, tier.mean_wait), (2, Some(0.0)));
}
