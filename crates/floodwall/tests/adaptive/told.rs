//! It explains itself, in the same words everywhere.

use floodwall::limit::Why;
use floodwall::{ConcurrencyLimit, adaptive};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};

use super::script::{Move, Script, ms, once};

fn scripted(script: &Script, limit: u32) -> ConcurrencyLimit {
    adaptive()
        .name("upstream")
        .with_algorithm(script.algorithm(limit))
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn its_history_says_when_and_why() {
    let script = Script::default();
    let limit = scripted(&script, 40);
    let handle = limit.handle();
    assert_eq!(handle.history(), []);
    script.then(Move::To(31, Why::ThroughputFlat));
    once(&limit).await;
    tokio::time::advance(ms(500)).await;
    script.then(Move::To(33, Why::Probe));
    once(&limit).await;
    let history = handle.history();
    let words: Vec<String> = history.iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "limit 40 -> 31: throughput flat, latency x1.8",
            "limit 31 -> 33: trial, latency x1.8"
        ]
    );
    assert_eq!((history[0].ago, history[1].ago), (ms(501), ms(0)));
    let last = handle.snapshot().adaptive.unwrap().last_change;
    assert_eq!(last, history.last().copied());
}

#[tokio::test(start_paused = true)]
async fn its_history_has_an_end() {
    let script = Script::default();
    let limit = scripted(&script, 1);
    for to in 1..=200 {
        script.then(Move::To(to, Why::Probe));
        once(&limit).await;
    }
    let history = limit.handle().history();
    assert_eq!(history.len(), 64);
    assert_eq!((history[0].change.to, history[63].change.to), (137, 200));
}

#[tokio::test(start_paused = true)]
async fn its_changes_are_counted_by_reason_and_direction() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let script = Script::default();
    let limit = scripted(&script, 40);
    {
        let _recorder = metrics::set_default_local_recorder(&recorder);
        for (to, why) in [
            (31, Why::ThroughputFlat),
            (30, Why::ThroughputFlat),
            (32, Why::Other("mood")),
        ] {
            script.then(Move::To(to, why));
            once(&limit).await;
        }
    }
    let mut changes = Vec::new();
    let mut gauge = None;
    for (key, _, _, value) in snapshotter.snapshot().into_vec() {
        let key = key.key();
        let label = |name: &str| {
            let found = key.labels().find(|label| label.key() == name);
            found
                .map(|label| label.value().to_owned())
                .unwrap_or_default()
        };
        match (key.name(), value) {
            ("floodwall_limit_changes_total", DebugValue::Counter(n)) => {
                assert_eq!(
                    (label("layer"), label("policy")),
                    ("concurrency".to_owned(), "upstream".to_owned())
                );
                changes.push((label("why"), label("direction"), n));
            }
            ("floodwall_limit", DebugValue::Gauge(value)) => gauge = Some(value.into_inner()),
            _ => {}
        }
    }
    changes.sort();
    let expected = [("mood", "up", 1), ("throughput_flat", "down", 2)]
        .map(|(why, direction, n)| (why.to_owned(), direction.to_owned(), n));
    assert_eq!(changes, expected);
    assert_eq!(gauge, Some(32.0));
}
