//! What retries and breakers decide, against the figures of where they come from.

use std::sync::Arc;
use std::time::Duration;

use floodwall_core::outbound::{
    Backoff, BreakerState, Budget, Classic, ClassicConfig, ErrorBaseline, Over, Pid, PidConfig,
    Proportional, ProportionalConfig, Throttle, TokenBucket, is_error, reject_probability,
};
use floodwall_core::{Moment, Outcome};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn at(time: Duration) -> Moment {
    Moment::ZERO + time
}

fn near(is: f64, wanted: f64, by: f64) {
    assert!((is - wanted).abs() <= by, "{is} is not {wanted}");
}

fn open(budget: &Budget, calls: u32) {
    (0..calls).for_each(|_| budget.open());
}

#[test]
fn envoy_retry_budget_allows_5_of_25_and_always_3() {
    for (calls, retries) in [(25, 5), (2, 3), (0, 3), (15, 3), (20, 4), (1_000, 200)] {
        let budget = Budget::default();
        open(&budget, calls);
        assert_eq!(budget.allowed(), retries, "{calls} calls");
        let scheduled = (0..2_000).filter(|_| budget.schedule()).count();
        assert_eq!(scheduled, retries as usize, "{calls} calls");
        assert_eq!((budget.calls(), budget.retries()), (calls, retries));
    }
}

/// Envoy's issue #30205: retries that wait for their turn were not counted, and all got through.
#[test]
fn envoy_30205_a_thousand_simultaneous_failures_leave_200_retries() {
    let budget = Budget::default();
    open(&budget, 1_000);
    let (mut scheduled, mut most) = (0, 0);
    for _ in 0..1_000 {
        // Each fails; who may not try again is gone.
        if budget.schedule() {
            scheduled += 1;
        } else {
            budget.close();
        }
        most = most.max(budget.retries());
    }
    assert_eq!((scheduled, most), (200, 200));
    // They fail once more, and each asks anew. Of those that are left all are retries, so there are
    // none but the three that are always allowed.
    let again = (0..200).filter(|_| {
        budget.unschedule();
        let again = budget.schedule();
        if !again {
            budget.close();
        }
        again
    });
    assert_eq!(again.count(), 3);
}

#[test]
fn a_budget_is_exact_while_threads_race() {
    let budget = Arc::new(Budget::default());
    open(&budget, 1_000);
    let racers: Vec<_> = (0..4)
        .map(|_| {
            let budget = Arc::clone(&budget);
            std::thread::spawn(move || (0..1_000).filter(|_| budget.schedule()).count())
        })
        .collect();
    let scheduled: usize = racers.into_iter().map(|one| one.join().unwrap()).sum();
    assert_eq!(scheduled, 200);
}

#[test]
fn shares_are_as_they_are_said_and_nonsense_is_none() {
    let budget = Budget::new(0.29, 0).unwrap();
    open(&budget, 100);
    assert_eq!(budget.allowed(), 29, "though 0.29 * 100 is a little less");
    let none = Budget::new(0.0, 0).unwrap();
    open(&none, 100);
    assert!(!none.schedule());
    for share in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        assert!(Budget::new(share, 3).is_err(), "{share}");
    }
    // More ends than beginnings change nothing.
    none.unschedule();
    (0..200).for_each(|_| none.close());
    assert_eq!((none.calls(), none.retries()), (0, 0));
}

#[test]
fn grpc_a6_five_failures_of_ten_tokens_end_retries_and_one_success_begins_them() {
    let tokens = TokenBucket::new(10, 0.1).unwrap();
    for n in 0..5 {
        assert!(tokens.allows(), "after {n} failures");
        tokens.failed();
    }
    assert_eq!(tokens.tokens(), 5.0);
    assert!(!tokens.allows());
    tokens.succeeded();
    assert_eq!(tokens.tokens(), 5.1);
    assert!(tokens.allows());

    (0..99).for_each(|_| tokens.failed());
    assert_eq!(tokens.tokens(), 0.0);
    (0..999).for_each(|_| tokens.succeeded());
    assert_eq!(tokens.tokens(), 10.0);
    // A6 keeps three decimals of the ratio.
    let fine = TokenBucket::new(1, 0.4567).unwrap();
    fine.failed();
    fine.succeeded();
    assert_eq!(fine.tokens(), 0.456);
    for (max, ratio) in [
        (0, 0.1),
        (1_001, 0.1),
        (10, 0.0),
        (10, -1.0),
        (10, f64::NAN),
    ] {
        assert!(TokenBucket::new(max, ratio).is_err(), "{max} {ratio}");
    }
}

#[test]
fn backoff_has_full_jitter_and_is_bounded() {
    let backoff = Backoff::new(100 * MS, 2 * SECOND).unwrap();
    for (retries, longest) in [
        (0, 100 * MS),
        (1, 200 * MS),
        (4, 1_600 * MS),
        (5, 2 * SECOND),
        (31, 2 * SECOND),
        (32, 2 * SECOND),
        (u32::MAX, 2 * SECOND),
    ] {
        assert_eq!(backoff.longest(retries), longest, "{retries}");
        assert_eq!(backoff.wait(retries, 0.0), Duration::ZERO);
        assert_eq!(backoff.wait(retries, 0.5), longest / 2);
        for junk in [1.0, 7.0, f64::NAN, f64::INFINITY] {
            assert_eq!(backoff.wait(retries, junk), longest);
        }
    }
    assert!(Backoff::new(Duration::ZERO, SECOND).is_err());
    assert!(Backoff::new(2 * SECOND, SECOND).is_err());
    let huge = Backoff::new(Duration::MAX, Duration::MAX).unwrap();
    assert!(huge.wait(9, 1.0) > SECOND);
}

#[test]
fn google_sre_throttle_probabilities() {
    for (requests, accepts, k, wanted) in [
        (100, 50, 2.0, 0.0),
        (100, 40, 2.0, 0.198),
        (1_000, 100, 2.0, 0.799),
        (100, 0, 2.0, 0.990),
        (100, 40, 1.1, 0.554),
        (0, 0, 2.0, 0.0),
    ] {
        near(reject_probability(requests, accepts, k), wanted, 0.0006);
        let mut throttle = Throttle::new(k, 120 * SECOND).unwrap();
        for n in 0..requests {
            throttle.answered(at(SECOND), n < accepts);
        }
        near(throttle.probability(at(2 * SECOND)), wanted, 0.0006);
    }
    for (k, window) in [(0.9, SECOND), (f64::NAN, SECOND), (2.0, Duration::ZERO)] {
        assert!(Throttle::new(k, window).is_err());
    }
}

#[test]
fn a_throttle_counts_its_own_refusals_and_forgets_after_two_minutes() {
    let mut throttle = Throttle::default();
    (0..10).for_each(|_| throttle.answered(at(SECOND), false));
    let before = throttle.probability(at(SECOND));
    assert!(!throttle.would_refuse(at(SECOND), 0.95));
    assert!(throttle.refuses(at(SECOND), 0.5));
    assert_eq!(throttle.counts(at(SECOND)), (11, 0));
    assert!(throttle.probability(at(SECOND)) > before);
    assert_eq!(throttle.counts(at(119 * SECOND)), (11, 0));
    assert_eq!(throttle.counts(at(123 * SECOND)), (0, 0));
    assert_eq!(throttle.probability(at(123 * SECOND)), 0.0);
    // A clock that goes back, and one that jumps to the end of time.
    throttle.answered(at(SECOND), false);
    assert_eq!(throttle.counts(at(123 * SECOND)), (1, 0));
    assert_eq!(throttle.probability(Moment::MAX), 0.0);
    assert!(!throttle.refuses(Moment::MAX, 0.0));
}

/// With k = 2, about twice as much is sent as is accepted, however much is asked.
#[test]
fn a_throttle_sends_twice_what_is_accepted() {
    let mut random = fastrand::Rng::with_seed(7);
    let mut throttle = Throttle::default();
    // 100 per second are asked for, and the first that comes in each tenth of a second is accepted.
    let (mut sent, mut accepted, mut last) = (0, 0, u32::MAX);
    for n in 0..40_000 {
        let (now, tenth) = (at(10 * MS * n), n / 10);
        if throttle.refuses(now, random.f64()) {
            continue;
        }
        throttle.answered(now, tenth != last);
        if n > 20_000 {
            sent += 1;
            accepted += u32::from(tenth != last);
        }
        last = tenth;
    }
    let ratio = f64::from(sent) / f64::from(accepted);
    assert!(
        (1.7..3.3).contains(&ratio),
        "{sent} sent, {accepted} accepted"
    );
}

/// Semian's pid_controller_test.rb: kp 1, ki 0.1, kd 0.01, usual 1 %.
#[test]
fn semian_pid_goes_to_a_fifth_is_held_and_comes_back() {
    let config = PidConfig {
        ki: 0.1,
        kd: 0.01,
        ..PidConfig::default()
    };
    let mut pid = Pid::new(config);
    near(pid.step(0.01, 0.01), 0.0, 1e-12);
    // 1 of 100 and 39 of 100 are in the window: 20 %.
    near(pid.step(0.2, 0.01), 0.2, 0.02);
    for _ in 0..20 {
        near(pid.step(0.2, 0.01), 0.2346, 0.03);
    }
    near(pid.step(0.2, 0.01), 0.19 / 0.81, 0.005);
    for _ in 0..10 {
        pid.step(0.0, 0.01);
    }
    near(pid.rejected(), 0.0, 0.01);
}

#[test]
fn semian_pid_is_deaf_inside_of_its_dead_zone_and_bounded() {
    let mut pid = Pid::new(PidConfig::default());
    near(pid.step(0.0124, 0.01), 0.0, 1e-12);
    assert!(pid.step(0.0126, 0.01) > 0.002);
    for rate in [
        1.0,
        7.0,
        f64::INFINITY,
        f64::NAN,
        -1.0,
        f64::NEG_INFINITY,
        0.5,
    ] {
        let share = pid.step(rate, 0.01);
        assert!((0.0..=1.0).contains(&share), "{rate}: {share}");
    }
}

/// Semian's test of should_reject: a share of 0.5 and these ten numbers.
#[test]
fn semian_half_of_these_ten_draws_are_refused() {
    let mut breaker = half_rejecting();
    let now = at(500 * SECOND);
    let share = breaker.rejected(now);
    near(share, 0.5, 0.01);
    let draws = [0.3, 0.7, 0.4, 0.6, 0.2, 0.8, 0.52, 0.1, 0.9, 0.45];
    let refused = draws
        .iter()
        .filter(|draw| breaker.would_refuse(now, **draw));
    assert_eq!(refused.count(), 5);
}

/// A third more than usual fails, for long: holds back a half of a half, and so on; see the controller.
fn half_rejecting() -> Proportional {
    let mut breaker = Proportional::new(ProportionalConfig {
        usual: 0.0,
        ..ProportionalConfig::default()
    })
    .unwrap();
    // A third fails: delta / (1 - delta) is a half.
    for n in 0..50_000_u64 {
        breaker.ended(at(10 * MS * n as u32), n % 3 == 0);
    }
    breaker
}

#[test]
fn semian_baseline_is_slow_to_rise_quick_to_fall_and_knows_incidents() {
    let mut usual = ErrorBaseline::default();
    near(usual.rate(), 0.05, 0.0);
    for rate in [0.11, 1.0, f64::NAN, -0.1] {
        usual.observe(rate);
        near(usual.rate(), 0.05, 0.0);
    }
    usual.observe(0.1);
    near(usual.rate(), 0.05 + 0.0017 * 0.05, 1e-12);
    let before = usual.rate();
    usual.observe(0.01);
    near(usual.rate(), before - 0.078 * (before - 0.01), 1e-12);
    (0..1_800).for_each(|_| usual.observe(0.02));
    near(usual.rate(), 0.02, 1e-3);
    let before = usual.rate();
    usual.observe(0.0);
    near(usual.rate(), before * (1.0 - 0.039), 1e-12);
}

struct Run {
    succeeded: u32,
    rejected: u32,
    calls: u32,
}

impl Run {
    fn shares(&self) -> (f64, f64) {
        let share = |n| f64::from(n) / f64::from(self.calls);
        (share(self.succeeded), share(self.rejected))
    }
}

/// Open loop, 100 calls a second from `from` to `to`, of which `errors` fail.
fn play(
    breaker: &mut impl FnMut(Moment, f64, bool) -> bool,
    random: &mut fastrand::Rng,
    from: u32,
    to: u32,
    errors: f64,
) -> Run {
    let mut run = Run {
        succeeded: 0,
        rejected: 0,
        calls: 0,
    };
    for n in 100 * from..100 * to {
        let fails = random.f64() < errors;
        run.calls += 1;
        if breaker(at(10 * MS * n), random.f64(), fails) {
            run.rejected += 1;
        } else {
            run.succeeded += u32::from(!fails);
        }
    }
    run
}

fn proportional() -> impl FnMut(Moment, f64, bool) -> bool {
    let mut breaker = Proportional::default();
    move |now, draw, fails| {
        let refused = breaker.refuses(now, draw);
        if !refused {
            breaker.ended(now, fails);
        }
        refused
    }
}

fn classic(config: ClassicConfig) -> impl FnMut(Moment, f64, bool) -> bool {
    let mut breaker = Classic::new(config).unwrap();
    move |now, _, fails| match breaker.admit(now) {
        Ok(ticket) => {
            breaker.ended(ticket, now, Some(fails));
            false
        }
        Err(_) => true,
    }
}

/// Semian's published run has 58 % success and 27 % rejected, and 9.6 % and 88 % for the on-off breaker.
#[test]
fn semian_partial_failure_at_least_60_percent_succeed_and_at_most_25_are_rejected() {
    let (mut succeeded, mut rejected) = (0.0, 0.0);
    for seed in 1..=20 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut breaker = proportional();
        let calm = play(&mut breaker, &mut random, 0, 120, 0.01);
        assert!(calm.shares().1 < 0.005, "seed {seed}: {:?}", calm.shares());
        let trouble = play(&mut breaker, &mut random, 120, 240, 0.2).shares();
        assert!(trouble.0 >= 0.6, "seed {seed}: {trouble:?}");
        assert!(trouble.1 <= 0.25, "seed {seed}: {trouble:?}");
        succeeded += trouble.0 / 20.0;
        rejected += trouble.1 / 20.0;
        // Within 15 s all is as before.
        play(&mut breaker, &mut random, 240, 255, 0.01);
        let after = play(&mut breaker, &mut random, 255, 300, 0.01).shares();
        assert!(after.1 < 0.01, "seed {seed}: {after:?}");
    }
    let mut random = fastrand::Rng::with_seed(1);
    let mut on_off = classic(ClassicConfig::by_time());
    play(&mut on_off, &mut random, 0, 120, 0.01);
    let (was_good, was_rejected) = play(&mut on_off, &mut random, 120, 240, 0.2).shares();
    assert!(
        was_good < succeeded - 0.2 && was_rejected > rejected + 0.2,
        "on-off: {was_good} and {was_rejected}; proportional: {succeeded} and {rejected}"
    );
}

#[test]
fn a_proportional_breaker_stops_nearly_all_when_all_fails_and_finds_out_when_it_is_better() {
    let mut random = fastrand::Rng::with_seed(3);
    let mut breaker = proportional();
    play(&mut breaker, &mut random, 0, 120, 0.01);
    play(&mut breaker, &mut random, 120, 125, 1.0);
    let broken = play(&mut breaker, &mut random, 125, 180, 1.0).shares();
    assert!(broken.1 > 0.8, "{broken:?}");
    play(&mut breaker, &mut random, 180, 210, 0.01);
    let after = play(&mut breaker, &mut random, 210, 240, 0.01).shares();
    assert!(after.1 < 0.02, "{after:?}");
}

#[test]
fn one_failure_in_a_quiet_night_stops_nothing() {
    let mut breaker = Proportional::default();
    let day = 24 * 3_600 * SECOND;
    breaker.ended(at(day), true);
    for second in 1..30 {
        near(breaker.rejected(at(day + second * SECOND)), 0.0, 0.0);
    }
    // Nor is a long pause remembered, or expensive.
    for n in 0..500 {
        breaker.ended(at(2 * day + 10 * MS * n), true);
    }
    assert!(breaker.rejected(at(2 * day + 6 * SECOND)) > 0.8);
    near(breaker.rejected(at(3 * day)), 0.0, 0.0);
    near(breaker.rejected(Moment::MAX), 0.0, 0.0);
    assert!(!breaker.refuses(Moment::ZERO, 0.0));
}

fn fail(breaker: &mut Classic, now: Moment, errors: &[bool]) {
    for is_error in errors {
        let ticket = breaker.admit(now).unwrap();
        breaker.ended(ticket, now, Some(*is_error));
    }
}

#[test]
fn resilience4j_opens_at_half_of_a_hundred_and_closes_after_ten_probes() {
    let mut breaker = Classic::new(ClassicConfig::by_calls()).unwrap();
    let start = at(SECOND);
    fail(&mut breaker, start, &[true; 49]);
    fail(&mut breaker, start, &[false; 50]);
    assert_eq!(breaker.state(start), BreakerState::Closed, "99 are too few");
    fail(&mut breaker, start, &[false]);
    assert_eq!(breaker.state(start), BreakerState::Closed, "49 of 100");
    // The 101st pushes out the oldest, which was an error too.
    fail(&mut breaker, start, &[true]);
    assert_eq!(breaker.state(start), BreakerState::Closed);
    fail(&mut breaker, start, &[true; 48]);
    assert_eq!(breaker.state(start), BreakerState::Closed);
    fail(&mut breaker, start, &[true]);
    assert_eq!(breaker.state(start), BreakerState::Open, "50 of 100");
    assert_eq!(breaker.admit(start + 59 * SECOND), Err(SECOND));

    let later = start + 60 * SECOND;
    assert_eq!(breaker.state(later), BreakerState::HalfOpen);
    let probes: Vec<_> = (0..10).map(|_| breaker.admit(later).unwrap()).collect();
    assert_eq!(breaker.admit(later), Err(Duration::ZERO));
    for (n, probe) in probes.into_iter().enumerate() {
        breaker.ended(probe, later, Some(n < 4));
    }
    assert_eq!(breaker.state(later), BreakerState::Closed, "4 of 10");
    fail(&mut breaker, later, &[true; 99]);
    assert_eq!(breaker.state(later), BreakerState::Closed, "begins anew");
}

#[test]
fn polly_opens_at_a_tenth_of_a_hundred_in_thirty_seconds() {
    let mut breaker = Classic::new(ClassicConfig::by_time()).unwrap();
    fail(&mut breaker, at(SECOND), &[true; 9]);
    fail(&mut breaker, at(20 * SECOND), &[false; 90]);
    assert_eq!(breaker.state(at(20 * SECOND)), BreakerState::Closed);
    // The nine are too old by now: 1 of 101.
    fail(&mut breaker, at(33 * SECOND), &[false; 10]);
    fail(&mut breaker, at(33 * SECOND), &[true]);
    assert_eq!(breaker.state(at(33 * SECOND)), BreakerState::Closed);
    fail(&mut breaker, at(34 * SECOND), &[true; 11]);
    assert_eq!(breaker.state(at(34 * SECOND)), BreakerState::Open);
    assert_eq!(breaker.admit(at(38 * SECOND)), Err(SECOND));
    let probe = breaker.admit(at(39 * SECOND)).unwrap();
    assert!(breaker.admit(at(39 * SECOND)).is_err());
    breaker.ended(probe, at(39 * SECOND), Some(true));
    assert_eq!(breaker.state(at(43 * SECOND)), BreakerState::Open);
    let probe = breaker.admit(at(44 * SECOND)).unwrap();
    breaker.ended(probe, at(44 * SECOND), Some(false));
    assert_eq!(breaker.state(at(44 * SECOND)), BreakerState::Closed);
}

fn tripped() -> Classic {
    let mut breaker = of_four();
    fail(&mut breaker, at(Duration::ZERO), &[true; 4]);
    breaker
}

fn of_four() -> Classic {
    let config = ClassicConfig {
        over: Over::Calls(4),
        min_calls: 4,
        probes: 1,
        open_for: 10 * SECOND,
        ..ClassicConfig::by_calls()
    };
    Classic::new(config).unwrap()
}

#[test]
fn a_probe_that_never_ran_makes_room_for_another_and_one_that_hangs_does_so_in_time() {
    let mut breaker = tripped();
    let now = at(10 * SECOND);
    let probe = breaker.admit(now).unwrap();
    assert!(breaker.peek(now).is_err());
    breaker.ended(probe, now, None);
    let hangs = breaker.admit(now).unwrap();
    assert!(breaker.admit(at(19 * SECOND)).is_err());
    let next = breaker.admit(at(20 * SECOND)).unwrap();
    // What hung for so long says nothing about today.
    breaker.ended(hangs, at(21 * SECOND), Some(true));
    assert_eq!(breaker.state(at(21 * SECOND)), BreakerState::HalfOpen);
    breaker.ended(next, at(21 * SECOND), Some(false));
    assert_eq!(breaker.state(at(21 * SECOND)), BreakerState::Closed);
}

#[test]
fn who_was_let_through_before_it_opened_does_not_count_afterwards() {
    let mut breaker = of_four();
    let early = [(); 3].map(|()| breaker.admit(Moment::ZERO).unwrap());
    fail(&mut breaker, Moment::ZERO, &[true; 4]);
    let now = at(10 * SECOND);
    let probe = breaker.admit(now).unwrap();
    for ticket in early {
        breaker.ended(ticket, now, Some(true));
    }
    assert_eq!(breaker.state(now), BreakerState::HalfOpen);
    breaker.ended(probe, now, Some(false));
    assert_eq!(breaker.state(now), BreakerState::Closed);
}

#[test]
fn breakers_that_make_no_sense_cannot_be_built() {
    let sound = ClassicConfig::by_calls();
    let wrong = [
        ClassicConfig {
            failure_rate: 0.0,
            ..sound
        },
        ClassicConfig {
            failure_rate: 1.1,
            ..sound
        },
        ClassicConfig {
            failure_rate: f64::NAN,
            ..sound
        },
        ClassicConfig {
            over: Over::Calls(0),
            ..sound
        },
        ClassicConfig {
            over: Over::Calls(50),
            ..sound
        },
        ClassicConfig {
            over: Over::Calls(10_001),
            ..sound
        },
        ClassicConfig {
            over: Over::Time(Duration::ZERO),
            ..sound
        },
        ClassicConfig {
            min_calls: 0,
            ..sound
        },
        ClassicConfig { probes: 0, ..sound },
        ClassicConfig {
            open_for: Duration::ZERO,
            ..sound
        },
    ];
    for config in wrong {
        assert!(Classic::new(config).is_err(), "{config:?}");
    }
    for usual in [-0.1, 1.1, f64::NAN] {
        let config = ProportionalConfig {
            usual,
            ..ProportionalConfig::default()
        };
        assert!(Proportional::new(config).is_err(), "{usual}");
    }
}

#[test]
fn nobody_learns_from_what_never_ran() {
    for (outcome, lesson) in [
        (Outcome::Success, Some(false)),
        (Outcome::Failure, Some(true)),
        (Outcome::Overload, Some(true)),
        (Outcome::Refused, None),
        (Outcome::Cancelled, None),
    ] {
        assert_eq!(is_error(outcome), lesson, "{outcome:?}");
    }
}
