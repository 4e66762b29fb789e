//! The same arrivals through governor: where its nanoseconds can tell a rate, we agree.
#![cfg(not(floodwall_loom))]

use std::num::NonZeroU32;
use std::time::Duration;

use floodwall_core::Moment;
use floodwall_core::rate::{Gcra, Quota};
use governor::RateLimiter;
use governor::clock::{Clock, FakeRelativeClock};

#[test]
fn decisions_and_waits_are_those_of_governor() {
    let mut random = fastrand::Rng::with_seed(8);
    let (mut admitted, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let interval = Duration::from_nanos(1 + (random.u64(..) >> random.u32(30..64)));
        let burst = 1 + (random.u32(..) >> random.u32(8..32));
        let Ok(quota) = Quota::requests(1).per(interval).burst(burst).build() else {
            continue;
        };
        assert_eq!(quota.effective().interval(), interval);
        let clock = FakeRelativeClock::default();
        let theirs = governor::Quota::with_period(interval)
            .unwrap()
            .allow_burst(NonZeroU32::new(burst).unwrap());
        let theirs = RateLimiter::direct_with_clock(theirs, clock.clone());
        let ours = Gcra::new(&quota).unwrap();
        let mut now = Moment::ZERO;
        for _ in 0..50 {
            let cost = match random.u32(0..4) {
                0 => random.u32(1..=burst),
                1 => burst.saturating_add(random.u32(0..2)),
                _ => 1,
            };
            let expected = match theirs.check_n(NonZeroU32::new(cost).unwrap()) {
                Ok(Ok(())) => Ok(()),
                Ok(Err(until)) => Err(Some(until.wait_time_from(clock.now()))),
                Err(_never) => Err(None),
            };
            let got = ours.charge(now, cost);
            assert_eq!(
                got.map(drop).map_err(|denied| denied.wait),
                expected,
                "{quota} cost {cost} at {now:?}"
            );
            *if got.is_ok() {
                &mut admitted
            } else {
                &mut refused
            } += 1;
            let step = match random.u32(0..4) {
                0 => got.err().and_then(|denied| denied.wait).unwrap_or_default(),
                1 => interval,
                2 => Duration::ZERO,
                _ => interval * random.u32(0..100) / 33,
            };
            clock.advance(step);
            now = now + step;
        }
    }
    assert!(
        admitted > 100_000 && refused > 100_000,
        "{admitted} {refused}"
    );
}
