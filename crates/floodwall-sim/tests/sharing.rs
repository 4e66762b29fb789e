//! A processor that all who are inside share: against what theory says of it, and what changes do to it.

mod support;

use std::time::Duration;

use floodwall_sim::{Change, Client, Phase, Report, Scenario, Tier, Times};
use support::{bare, evenly, ms, secs, single, trips};

const MANY: u32 = 10_000;

fn near(found: Duration, wanted: Duration) {
    let apart = found.abs_diff(wanted);
    assert!(
        apart < Duration::from_micros(1),
        "{found:?}, not {wanted:?}"
    );
}

#[test]
fn who_is_alone_has_a_core_for_itself() {
    let tier = Tier::new("app", MANY, Times::constant(ms(10))).cores(4);
    let (_, trips) = trips(&single(Client::new("one")).tier(tier));
    near(trips[0].took(), ms(10));
}

/// Five come at once to two cores: each has two fifths of one.
#[test]
fn more_than_there_are_cores_slow_one_another_down() {
    let tier = Tier::new("app", MANY, Times::constant(ms(10))).cores(2);
    let scenario = evenly(Client::new("all"), 5.0, secs(2))
        .arrivals(floodwall_sim::Arrivals::Bursts(5))
        .tier(tier);
    let (_, trips) = trips(&scenario);
    assert!(trips.len() >= 5);
    for trip in &trips {
        near(trip.took(), ms(25));
    }
}

fn bimodal() -> Times {
    Times::Bimodal {
        fast: ms(5),
        slow: ms(55),
        slow_share: 0.1,
    }
}

/// In a shared processor the mean time in it is S / (1 - rho) whatever the distribution (M/G/1-PS): with
/// these times a line in the order of arrival would take more than twice as long.
#[test]
fn the_mean_is_that_of_the_formula_whatever_the_service_times() {
    for (times, load) in [
        (Times::constant(ms(10)), 0.5),
        (Times::exponential(ms(10)), 0.6),
        (bimodal(), 0.5),
    ] {
        let scenario = Scenario::new("shared")
            .tier(Tier::new("app", MANY, times).cores(1))
            .phase(Phase::new("steady", secs(4_000)).load(load))
            .client(Client::new("all").share(1.0));
        let mean = bare(&scenario).total.all.latency.mean.unwrap();
        let formula = 0.01 / (1.0 - load);
        let off = (mean / formula - 1.0).abs();
        assert!(
            off < 0.03,
            "load {load}: {mean} s, the formula says {formula} s"
        );
    }
}

/// Half of the work is done when the stall begins.
#[test]
fn a_stall_holds_it() {
    let single = |tier| single(Client::new("one").deadline(secs(20))).tier(tier);
    let tier = Tier::new("app", MANY, Times::constant(ms(100))).cores(1);
    let stall = Change::new(ms(1_050), ms(500)).stall();
    let (_, trips) = trips(&single(tier.change(stall)));
    near(trips[0].took(), ms(600));
}

#[test]
fn its_capacity_is_that_of_its_cores() {
    let tier = Tier::new("app", MANY, Times::constant(ms(10))).cores(2);
    assert_eq!(tier.capacity(1.0), 200.0);
    let few = Tier::new("app", 1, Times::constant(ms(10))).cores(2);
    assert_eq!(few.capacity(1.0), 100.0);
}

#[test]
fn a_caller_who_leaves_makes_room_for_the_others() {
    let tier = Tier::new("app", MANY, Times::constant(ms(100))).cores(1);
    // Two at once; one hangs up after 50 ms, when it has had 25 ms of the core.
    let burst = |name: &str| Client::new(name).load(1.0);
    let scenario = Scenario::new("two")
        .arrivals(floodwall_sim::Arrivals::Constant)
        .capacity(1.0)
        .phase(Phase::new("all", ms(1_990)))
        .client(burst("stays"))
        .client(burst("leaves").patience(ms(50)))
        .tier(tier);
    let (report, trips): (Report, _) = trips(&scenario);
    assert_eq!(report.total.all.abandoned, 1);
    near(trips[0].took(), ms(125));
}

#[test]
fn a_tier_without_a_core_is_refused() {
    let tier = Tier::new("app", 1, Times::constant(ms(10))).cores(0);
    let told = single(Client::new("one"))
        .tier(tier)
        .validate()
        .unwrap_err();
    assert!(told.to_string().contains("no processor"), "{told}");
}
