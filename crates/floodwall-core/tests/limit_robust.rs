//! Whatever a limit is told, it stays between its floor and its ceiling, and nothing panics.

use std::time::Duration;

use floodwall_core::limit::{Bbr, LimitAlgorithm, Marginal, Preset, Sample};
use floodwall_core::{Moment, Outcome};
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);
const STARTS: [u32; 6] = [0, 1, 20, 200, 5_000, u32::MAX];

/// The highest of the ceilings of the presets, if they begin at `start`.
fn ceiling(start: u32) -> u32 {
    start.max(1_000)
}

/// Feeds it, and sees that each limit can be and that each change is told as it was.
fn bears(algorithm: &mut dyn LimitAlgorithm, samples: &[Sample], floor: u32, ceiling: u32) {
    let fits = |limit| (floor..=ceiling).contains(&limit);
    assert!(fits(algorithm.limit()));
    for sample in samples {
        let before = algorithm.limit();
        let change = algorithm.sample(sample);
        let after = algorithm.limit();
        assert!(
            fits(after),
            "{} at {after} after {sample:?}",
            algorithm.name()
        );
        if let Some(change) = change {
            let name = algorithm.name();
            assert_eq!(change.to, after, "{name}");
            // Ours need not tell of a trial that it takes back by itself.
            let trial = name == "marginal";
            assert!(trial || change.from == before, "{name}: {change:?}");
            assert_ne!(change.from, change.to, "{name}");
            let ratios = [change.cause.latency, change.cause.throughput];
            let bad = |ratio: &f64| !ratio.is_finite() || *ratio < 0.0;
            assert!(
                !ratios.into_iter().flatten().any(|ratio| bad(&ratio)),
                "{change:?}"
            );
        }
    }
    let state = format!("{algorithm:?}");
    assert!(!state.contains("NaN"), "{state}");
}

fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        Just(Duration::ZERO),
        Just(Duration::MAX),
        Just(Duration::from_nanos(1)),
        (0_u64..2_000_000).prop_map(Duration::from_nanos),
        (0_u64..2_000).prop_map(Duration::from_millis),
        any::<u64>().prop_map(Duration::from_nanos),
    ]
}

/// How far the clock goes from one to the next; `None` is any moment at all, back or far ahead.
fn step() -> impl Strategy<Value = Option<u64>> {
    prop_oneof![
        2 => Just(Some(0)),
        8 => (0_u64..5_000_000).prop_map(Some),
        4 => (0_u64..2_000_000_000).prop_map(Some),
        1 => (0_u64..50_000_000_000_000).prop_map(Some),
        1 => Just(None),
    ]
}

fn in_flight() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), Just(u32::MAX), 0_u32..300, any::<u32>()]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        6 => Just(Outcome::Success),
        1 => Just(Outcome::Overload),
        1 => Just(Outcome::Failure),
        1 => Just(Outcome::Cancelled),
        1 => Just(Outcome::Refused),
    ]
}

fn series() -> impl Strategy<Value = Vec<Sample>> {
    let one = (
        step(),
        any::<u64>(),
        duration(),
        duration(),
        in_flight(),
        any::<bool>(),
        outcome(),
    );
    proptest::collection::vec(one, 0..120).prop_map(|series| {
        let mut now = Moment::ZERO;
        let samples = series.into_iter().map(
            |(step, anywhere, service, queued, in_flight, binding, outcome)| {
                now = match step {
                    Some(step) => now + Duration::from_nanos(step),
                    None => Moment::from_nanos(anywhere),
                };
                Sample::new(now, service)
                    .queued(queued)
                    .in_flight(in_flight)
                    .binding(binding)
                    .outcome(outcome)
            },
        );
        samples.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// 10,000 series, each against every algorithm.
    #[test]
    fn no_series_moves_a_limit_out_of_its_bounds(samples in series(), start in 0..STARTS.len()) {
        let start = STARTS[start];
        for preset in Preset::ALL {
            bears(&mut preset.build(start), &samples, 1, ceiling(start));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// The gates as well, with any use of the CPU.
    #[test]
    fn no_use_of_the_cpu_moves_a_limit_out_of_its_bounds(
        samples in series(),
        cpu in prop_oneof![0_u32..2_000, any::<u32>()],
    ) {
        for builder in [Bbr::sentinel(), Bbr::kratos(), Bbr::go_zero()] {
            let mut bbr = builder.floor(5).ceiling(50).build().unwrap();
            for (k, sample) in samples.iter().enumerate() {
                bbr.cpu(cpu.wrapping_mul(k as u32 % 3), sample.at);
                bbr.should_drop(sample.in_flight, sample.at);
                bears(&mut bbr, std::slice::from_ref(sample), 5, 50);
            }
        }
    }

    /// Ours alone: the published ones have no such promise, and most of them move at any time.
    #[test]
    fn a_limit_that_does_not_bind_teaches_marginal_nothing(samples in series()) {
        let mut marginal = Marginal::new();
        let start = marginal.limit();
        for sample in samples {
            prop_assert_eq!(marginal.sample(&sample.binding(false)), None);
            prop_assert_eq!(marginal.limit(), start);
        }
    }
}

fn every_preset_bears(samples: &[Sample]) {
    for preset in Preset::ALL {
        for start in STARTS {
            bears(&mut preset.build(start), samples, 1, ceiling(start));
        }
    }
}

fn at(time: Duration) -> Moment {
    Moment::ZERO + time
}

#[test]
fn three_requests_a_minute() {
    let minutes = (0..3 * 60).map(|k| Sample::new(at(SECOND * 20 * k), MS * (5 + k % 7)));
    every_preset_bears(&minutes.collect::<Vec<_>>());
}

#[test]
fn silence() {
    every_preset_bears(&[]);
    every_preset_bears(&[Sample::new(Moment::ZERO, Duration::ZERO)]);
}

#[test]
fn gaps_of_hours() {
    let mut now = Moment::ZERO;
    let mut samples = Vec::new();
    for burst in 0..20_u32 {
        now = now + SECOND * 3_600 * (1 + burst % 5);
        for k in 0..500 {
            now = now + MS * 2;
            let sample = Sample::new(now, MS * (10 + k % 5 * burst)).in_flight(20 + k % 50);
            samples.push(sample.binding(k % 3 == 0));
        }
    }
    every_preset_bears(&samples);
}

#[test]
fn all_errors_at_0_ms() {
    for outcome in [Outcome::Failure, Outcome::Overload] {
        let errors = (0..5_000).map(|k| {
            let sample = Sample::new(at(MS * k), Duration::ZERO).in_flight(200);
            sample.binding(true).outcome(outcome)
        });
        every_preset_bears(&errors.collect::<Vec<_>>());
    }
}

#[test]
fn all_at_once_and_times_that_never_move() {
    let forever = (0..5_000).map(|k| {
        let sample = Sample::new(Moment::MAX, Duration::MAX).in_flight(u32::MAX);
        sample.binding(k % 2 == 0)
    });
    every_preset_bears(&forever.collect::<Vec<_>>());
}

/// After any nonsense, a clock that goes on from where it was: they are not stuck for as long as it
/// ran ahead.
#[test]
fn one_sample_from_the_far_future_does_not_stop_them() {
    let learns = [
        Preset::Vegas,
        Preset::Gradient2,
        Preset::Envoy,
        Preset::Correlated,
        Preset::BbrSentinel,
        Preset::BbrKratos,
        Preset::BbrGoZero,
    ];
    for preset in learns {
        let mut algorithm = preset.build(20);
        let ahead = Sample::new(Moment::MAX, MS * 10).in_flight(20);
        algorithm.sample(&ahead);
        let mut changes = 0;
        for k in 0..20_000 {
            // Ever slower, so that all of them would move.
            let sample = Sample::new(at(SECOND + MS * k), MS * (10 + k / 200)).in_flight(20);
            changes += usize::from(algorithm.sample(&sample.binding(true)).is_some());
        }
        assert!(changes > 2, "{preset} moved {changes} times");
    }
}

#[test]
fn names_go_both_ways() {
    for preset in Preset::ALL {
        assert_eq!(preset.to_string().parse(), Ok(preset));
        for start in STARTS {
            let built = preset.build(start);
            assert_eq!(built.name(), preset.label());
            let limit = built.limit();
            // Envoy begins with a measurement at its floor.
            let expected = if preset == Preset::Envoy {
                3
            } else {
                start.max(1)
            };
            assert_eq!(limit, expected, "{preset} from {start}");
        }
    }
    let problem = "nonsense".parse::<Preset>().unwrap_err().to_string();
    assert!(problem.contains("gradient2"), "{problem}");
}

/// The same seed, the same samples, the same limits.
#[test]
fn the_same_again_is_the_same() {
    let samples: Vec<_> = (0..30_000_u32)
        .map(|k| Sample::new(at(MS * k), MS * (5 + k * 7_919 % 60)).in_flight(10 + k % 40))
        .collect();
    for preset in Preset::ALL {
        let run = || {
            let mut algorithm = preset.build(20);
            samples
                .iter()
                .filter_map(|sample| algorithm.sample(sample))
                .collect::<Vec<_>>()
        };
        assert_eq!(run(), run(), "{preset}");
    }
}
