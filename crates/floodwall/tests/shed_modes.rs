//! Modes and percentages, what is counted and how often, and shedding as a part of one decision.

use std::time::Duration;

use floodwall::shed::ShedHandle;
use floodwall::{Admission, ConcurrencyLimit, Mode, Priority, Reason, Shed};

mod shed_support;
use shed_support::{Clock, Dial, Req, by_tenant, of, pressed, rounds};

/// Sheds half of class 3 by turns, when asked for a while.
fn half() -> Shed {
    let builder = Shed::builder().at_most(0.5);
    pressed(builder, &Dial::at(1.0)).build().unwrap()
}

/// Arrivals, let in, shed, would have been shed.
fn counted(handle: &ShedHandle) -> [u64; 4] {
    let snapshot = handle.snapshot();
    let counts = snapshot.counts;
    [
        snapshot.arrivals,
        counts.admitted,
        counts.refused_for(Reason::Shed),
        counts.would_refuse_for(Reason::Shed),
    ]
}

#[test]
fn every_decision_is_counted_once() {
    let shed = half();
    let mut clock = Clock::new();
    let let_in = u64::from(rounds(&shed, &mut clock, 4_000, &[of(3)])[0].let_in);
    assert_eq!(counted(&shed.handle()), [4_000, let_in, 4_000 - let_in, 0]);
    assert!((1_900..2_200).contains(&let_in), "{let_in}");
    assert_eq!(shed.handle().snapshot().counts.refused(), 4_000 - let_in);
}

#[test]
fn shadow_decides_and_counts_the_same_and_refuses_nobody() {
    let mut clock = Clock::new();
    let enforced = half();
    rounds(&enforced, &mut clock, 4_000, &[of(3)]);
    let [_, let_in, shed_by_it, _] = counted(&enforced.handle());

    let shed = half();
    shed.handle().set_mode(Mode::Shadow);
    let mut clock = Clock::new();
    assert_eq!(rounds(&shed, &mut clock, 4_000, &[of(3)])[0].let_in, 4_000);
    assert_eq!(counted(&shed.handle()), [4_000, let_in, 0, shed_by_it]);
    // It knows the load, so switching is exact at once.
    shed.handle().set_mode(Mode::Enforce);
    let share = rounds(&shed, &mut clock, 200, &[of(3)])[0].share();
    assert!((0.4..0.6).contains(&share), "{share}");
}

#[test]
fn shadow_by_usage_counts_only_what_it_would_have_let_in() {
    let usage = |mode| {
        let builder = Shed::builder()
            .tenant(by_tenant())
            .by_usage(Duration::from_secs(5))
            .seed(1)
            .at_most(0.5)
            .mode(mode);
        let shed = pressed(builder, &Dial::at(1.0)).build().unwrap();
        let mut clock = Clock::new();
        let requests: Vec<Req> = (0..40).map(|tenant| Req { tenant, ..of(3) }).collect();
        rounds(&shed, &mut clock, 3_000, &requests);
        let [_, let_in, refused, would] = counted(&shed.handle());
        (let_in, refused + would)
    };
    assert_eq!(usage(Mode::Enforce), usage(Mode::Shadow));
}

#[test]
fn switched_off_it_decides_nothing_reads_nothing_and_counts_nothing() {
    let dial = Dial::at(1.0);
    let builder = Shed::builder().mode(Mode::Off);
    let shed = pressed(builder, &dial).build().unwrap();
    let mut clock = Clock::new();
    assert_eq!(rounds(&shed, &mut clock, 1_000, &[of(7)])[0].let_in, 1_000);
    assert_eq!(counted(&shed.handle()), [0; 4]);
    assert_eq!(dial.read.load(std::sync::atomic::Ordering::Relaxed), 0);
}

#[test]
fn a_percentage_sheds_that_part_of_what_is_to_be_shed_evenly() {
    for percent in [0, 1, 10, 33, 50, 99, 100] {
        let shed = half();
        shed.handle().set_enforce_percent(percent).unwrap();
        let mut clock = Clock::new();
        let mut since = 0_u64;
        let mut longest = 0;
        for _ in 0..20_000 {
            let before = counted(&shed.handle());
            let _ = clock.ask(&shed, &of(3));
            clock.pass(Duration::from_millis(1));
            let after = counted(&shed.handle());
            since += after[3] - before[3];
            if after[2] > before[2] {
                longest = longest.max(since);
                since = 0;
            }
        }
        let [arrivals, let_in, refused, spared] = counted(&shed.handle());
        assert_eq!(arrivals, 20_000);
        assert_eq!(let_in + refused + spared, 20_000, "each is counted once");
        let wanted = (refused + spared) * u64::from(percent) / 100;
        assert!(
            refused.abs_diff(wanted) <= 1,
            "{percent} %: {refused}, not {wanted}"
        );
        if percent > 0 {
            let gap = 100_u64.div_ceil(u64::from(percent));
            assert!(
                longest <= gap,
                "{percent} %: {longest} in a row were spared"
            );
        }
    }
    assert!(half().handle().set_enforce_percent(101).is_err());
    assert!(Shed::builder().enforce_percent(101).build().is_err());
}

#[test]
fn a_peek_changes_nothing_and_refuses_nothing_that_would_be_admitted() {
    let dial = Dial::at(1.0);
    let shed = pressed(Shed::builder().at_most(1.0), &dial)
        .build()
        .unwrap();
    let mut clock = Clock::new();
    rounds(&shed, &mut clock, 5_000, &[of(3)]);
    let before = shed.handle().snapshot();
    assert!(shed.peek(&of(3), clock.now()).is_err(), "it is shut");
    assert_eq!(shed.handle().snapshot(), before);

    // What it knows is out of date, and to look would change something.
    dial.turn(0.0);
    clock.pass(Duration::from_secs(1));
    assert!(shed.peek(&of(3), clock.now()).is_ok());
    assert!(clock.ask(&shed, &of(3)).is_ok());
}

#[test]
fn a_decision_that_is_dropped_unasked_counts_nothing() {
    let shed = half();
    let mut clock = Clock::new();
    for _ in 0..1_000 {
        drop(shed.admit(&of(3), clock.now()));
        clock.pass(Duration::from_millis(1));
    }
    assert_eq!(counted(&shed.handle()), [0; 4]);
}

#[test]
fn what_cannot_be_built_says_which_setting_and_what_to_do() {
    let no_queue = ConcurrencyLimit::builder(4).no_queue().build().unwrap();
    let none = || None;
    for (builder, field, hint) in [
        (
            Shed::builder().queue(&no_queue.handle()),
            "queue",
            "give it one",
        ),
        (
            Shed::builder().by_usage(Duration::from_secs(1)),
            "by_usage",
            "tenant",
        ),
        (
            Shed::builder().pressure("x", (1.0, 1.0), none),
            "pressure",
            "different",
        ),
        (
            Shed::builder().pressure("x", (f64::NAN, 1.0), none),
            "pressure",
            "\"x\"",
        ),
        (
            Shed::builder()
                .pressure("x", (0.0, 1.0), none)
                .pressure("x", (0.0, 1.0), none),
            "pressure",
            "differently",
        ),
        (Shed::builder().at_most(f64::NAN), "at_most", ""),
        (Shed::builder().share(Priority::LOW, 0.6), "share", "0.5"),
        (
            Shed::builder().enforce_percent(101),
            "enforce_percent",
            "100",
        ),
        (Shed::builder().target(Duration::ZERO), "target", ""),
        (Shed::builder().name(""), "name", ""),
    ] {
        let error = builder.build().unwrap_err().to_string();
        assert!(
            error.contains(field) && error.contains(hint),
            "{field}: {error}"
        );
    }
}
