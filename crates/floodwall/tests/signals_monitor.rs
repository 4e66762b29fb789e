//! The monitor: what it samples, what becomes of sources that fail, and when it ends.

#![expect(clippy::disallowed_methods, reason = "a user spawns the monitor")]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use floodwall::signals::memory::MemoryPaths;
use floodwall::signals::{HealthState, Signal, Signals, SignalsBuilder};
use floodwall::{ConcurrencyLimit, Now};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use tokio::time::{advance, sleep};

const SECOND: Duration = Duration::from_secs(1);

fn quiet() -> SignalsBuilder {
    Signals::builder().without_machine()
}

#[tokio::test(start_paused = true)]
async fn without_it_all_else_works_and_the_snapshot_says_what_is_silent() {
    let signals = Signals::builder().monitor("own", || 1.0).build().unwrap();
    let limit = ConcurrencyLimit::new(1);
    signals.watch_limit(&limit.handle()).unwrap();
    let _policy = signals.observe(limit.clone());
    sleep(SECOND * 60).await;
    let snapshot = signals.snapshot();
    let silent: Vec<_> = snapshot.silent().collect();
    assert_eq!(
        silent,
        [
            // Nobody came, so nobody waited.
            Signal::QueueLatency,
            Signal::Memory,
            Signal::MemoryStall,
            Signal::RuntimeLag,
            Signal::BusyRatio,
            Signal::AcceptQueue,
            Signal::Monitor("own"),
        ]
    );
    assert!(!snapshot.is_monitored);
    assert_eq!(snapshot.health().state, HealthState::Healthy);
}

#[tokio::test(start_paused = true)]
async fn a_monitor_that_panics_is_reported_and_out_and_the_others_go_on() {
    let (asked, good) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let (count, others) = (Arc::clone(&asked), Arc::clone(&good));
    let signals = quiet()
        .monitor("bad", move || {
            assert!(
                count.fetch_add(1, Ordering::Relaxed) < 2,
                "it breaks at the third time"
            );
            0.9
        })
        .monitor("good", move || {
            f64::from(others.fetch_add(1, Ordering::Relaxed))
        })
        .build()
        .unwrap();
    let pressure = |name| signals.pressure(Signal::Monitor(name), 0.0, 1.0).unwrap();
    let (bad, fine) = (pressure("bad"), pressure("good"));
    signals.spawn().unwrap();
    sleep(SECOND).await;
    assert_eq!(bad.get(), Some(0.9));
    sleep(SECOND * 10).await;
    // The last thing it said is not believed any longer, from the moment on that it panicked.
    assert_eq!((bad.get(), fine.get()), (None, Some(1.0)));
    assert_eq!(asked.load(Ordering::Relaxed), 3, "it is not asked again");
    assert!(good.load(Ordering::Relaxed) > 15);
    let health = signals.health();
    assert_eq!(health.notes, ["the monitor bad panicked and is out"]);
    assert_eq!(health.state, HealthState::Healthy);
    let report = signals.snapshot().monitors[0];
    assert!(report.has_panicked && report.is_silent && report.reading.is_none());
    assert!(signals.get(Signal::RuntimeLag).unwrap().age < SECOND);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_reading_is_left_out_and_counted_and_grows_old() {
    for nonsense in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.5] {
        let says = Arc::new(AtomicU64::new(0.8_f64.to_bits()));
        let said = Arc::clone(&says);
        let signals = quiet()
            .monitor("own", move || f64::from_bits(said.load(Ordering::Relaxed)))
            .build()
            .unwrap();
        let pressure = signals.pressure(Signal::Monitor("own"), 0.0, 1.0).unwrap();
        signals.spawn().unwrap();
        sleep(SECOND).await;
        assert_eq!(pressure.get(), Some(0.8));
        says.store(nonsense.to_bits(), Ordering::Relaxed);
        sleep(SECOND * 4).await;
        assert_eq!(pressure.get(), Some(0.8), "not too old yet");
        sleep(SECOND * 2).await;
        assert_eq!(pressure.get(), None, "{nonsense}");
        assert_eq!(pressure.clone().max_age(SECOND * 60).get(), Some(0.8));
        let report = signals.snapshot().monitors[0];
        assert!(
            report.is_silent && !report.has_panicked && report.ignored >= 10,
            "{report:?}"
        );
        assert_eq!(signals.health().notes, ["the monitor own is silent"]);
        // It comes back when it says something sensible.
        says.store(0.3_f64.to_bits(), Ordering::Relaxed);
        sleep(SECOND).await;
        assert_eq!(pressure.get(), Some(0.3));
    }
}

#[tokio::test(start_paused = true)]
async fn a_monitor_that_was_dropped_leaves_signals_that_grow_old() {
    let signals = quiet().monitor("own", || 1.0).build().unwrap();
    let monitor = tokio::spawn(signals.monitor());
    sleep(SECOND).await;
    let pressure = signals.pressure(Signal::Monitor("own"), 0.0, 2.0).unwrap();
    assert!(signals.is_monitored());
    assert_eq!(pressure.get(), Some(0.5));
    monitor.abort();
    sleep(SECOND * 10).await;
    assert!(!signals.is_monitored());
    assert_eq!(pressure.get(), None);
    assert!(signals.get(Signal::Monitor("own")).unwrap().age > SECOND * 9);
    // Another one may be started.
    signals.spawn().unwrap();
    sleep(SECOND).await;
    assert_eq!(pressure.get(), Some(0.5));
}

#[tokio::test(start_paused = true)]
async fn it_ends_with_the_last_handle_and_a_second_one_at_once() {
    let signals = quiet().build().unwrap();
    let first = tokio::spawn(signals.monitor());
    sleep(SECOND).await;
    let second = tokio::time::timeout(SECOND, signals.monitor());
    second.await.expect("it ends at once");
    assert!(signals.is_monitored() && !first.is_finished());
    // A policy that writes the signals keeps them alive, as long as it is there.
    let policy = signals.observe(ConcurrencyLimit::new(1));
    drop(signals);
    sleep(SECOND).await;
    assert!(!first.is_finished());
    drop(policy);
    sleep(SECOND).await;
    assert!(first.is_finished());
}

#[test]
fn it_is_not_spawned_where_there_is_no_runtime() {
    let error = Signals::new().spawn().unwrap_err();
    assert_eq!(error.field(), "spawn");
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_lasts_long_is_runtime_lag() {
    let signals = quiet().build().unwrap();
    // tokio's timer rounds up to the millisecond, which is nobody's lag.
    advance(Duration::from_micros(300)).await;
    signals.spawn().unwrap();
    sleep(SECOND * 3).await;
    assert_eq!(signals.get(Signal::RuntimeLag).unwrap().value, 0.0);
    for _ in 0..20 {
        // Time passes, and nobody else has a turn.
        advance(Duration::from_millis(300)).await;
    }
    let snapshot = signals.snapshot();
    let lag = snapshot.get(Signal::RuntimeLag).unwrap().value;
    // The clock may be moved twice before the probe has its turn.
    assert!((0.19..=0.5).contains(&lag), "{lag}");
    assert!(
        snapshot.runtime_lag_max >= Duration::from_millis(190),
        "{snapshot:?}"
    );
    let health = snapshot.health();
    assert!(
        health.to_string().contains("the runtime wakes tasks"),
        "{health}"
    );
    sleep(SECOND * 10).await;
    assert!(signals.get(Signal::RuntimeLag).unwrap().value < 0.001);
    assert_eq!(signals.health().state, HealthState::Healthy);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_runtimes_workers_are_seen_to_be_busy() {
    let signals = Signals::builder()
        .probe_every(Duration::from_millis(10))
        .sample_every(Duration::from_millis(10))
        .build()
        .unwrap();
    signals.spawn().unwrap();
    let (mut busiest, mut seen) = (0.0_f64, 0);
    // One of two workers never rests, whatever the machine does.
    while seen < 20 {
        let spin = (0..100_000).fold(0_u64, |sum, one| std::hint::black_box(sum ^ one));
        std::hint::black_box(spin);
        tokio::task::yield_now().await;
        if let Some(reading) = signals.get(Signal::BusyRatio) {
            assert!((0.0..=1.0).contains(&reading.value));
            busiest = busiest.max(reading.value);
            seen += u32::from(reading.age < Duration::from_millis(1));
        }
    }
    assert!(busiest > 0.0, "{busiest}");
}

#[tokio::test(start_paused = true)]
async fn memory_pressure_is_what_the_folders_say_and_ages_when_they_vanish() {
    let root = std::env::temp_dir().join(format!("floodwall-{}-monitor", std::process::id()));
    let write = |file: &str, text: &str| {
        let file = root.join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    write("proc/self/cgroup", "0::/app\n");
    write("cg/app/memory.max", "1000\n");
    write("cg/app/memory.current", "900\n");
    let paths = MemoryPaths::new(root.join("cg"), root.join("proc"));
    let signals = Signals::builder().memory(paths).build().unwrap();
    let pressure = signals.pressure(Signal::Memory, 0.8, 1.0).unwrap();
    signals.spawn().unwrap();
    sleep(SECOND).await;
    assert!((pressure.get().unwrap() - 0.5).abs() < 1e-9);
    assert_eq!(
        signals.health().to_string(),
        "busy: 90 % of the memory is used (bound 85 %)"
    );
    write("cg/app/memory.current", "970\n");
    sleep(SECOND).await;
    assert_eq!(signals.health().state, HealthState::Overloaded);
    std::fs::remove_dir_all(&root).unwrap();
    sleep(SECOND * 7).await;
    assert_eq!(pressure.get(), None);
    assert_eq!(signals.health().state, HealthState::Healthy);
}

#[test]
fn two_runs_under_a_paused_clock_are_alike() {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let signals = quiet().monitor("own", || 2.0).build().unwrap();
            signals.spawn().unwrap();
            for millis in 0..50 {
                let waited = Duration::from_millis(millis);
                signals.record_queue_latency(floodwall::Priority::LOW, waited, &Now::unread());
                sleep(Duration::from_millis(33)).await;
            }
            signals.snapshot().to_json()
        })
    };
    assert_eq!(run(), run());
}

#[test]
fn gauges_are_published_and_a_silent_one_is_no_number() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    // Looking takes the values out.
    let look = || {
        let all = snapshotter.snapshot().into_vec().into_iter();
        let gauges = all.filter_map(|(key, _, _, value)| match value {
            DebugValue::Gauge(value) => Some((key.key().name().to_owned(), value.into_inner())),
            _ => None,
        });
        gauges.collect::<HashMap<_, _>>()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let says = Arc::new(AtomicU64::new(7.0_f64.to_bits()));
            let said = Arc::clone(&says);
            let signals = quiet()
                .monitor("own", move || f64::from_bits(said.load(Ordering::Relaxed)))
                .build()
                .unwrap();
            let limit = ConcurrencyLimit::new(1);
            signals.watch_limit(&limit.handle()).unwrap();
            signals.spawn().unwrap();
            sleep(SECOND).await;
            let seen = look();
            assert_eq!(seen["floodwall_runtime_lag_seconds"], 0.0);
            assert_eq!(seen["floodwall_health_state"], 0.0);
            assert_eq!(seen["floodwall_queue_rising"], 0.0);
            assert_eq!(seen["floodwall_utilisation_ratio"], 0.0);
            assert_eq!(seen["floodwall_monitor"], 7.0);
            assert!(!seen.contains_key("floodwall_memory_pressure_ratio"));
            says.store(f64::NAN.to_bits(), Ordering::Relaxed);
            sleep(SECOND * 7).await;
            assert!(look()["floodwall_monitor"].is_nan());
        });
    });
}
