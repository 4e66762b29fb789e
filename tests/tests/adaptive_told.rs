//! An adaptive limit explains itself: the event, the history and `explain` have the same words, and the
//! metric counts what they tell.

use std::sync::{Arc, Mutex};

use floodwall::limit::{Cause, Change, LimitAlgorithm, Sample, Why};
use floodwall::{Admission, End, Now, Outcome, Permit, Stack, adaptive};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<(tracing::Level, String)>>>);

impl tracing::Subscriber for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "floodwall" && *metadata.level() <= tracing::Level::INFO
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        struct Message(String);
        impl tracing::field::Visit for Message {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                if field.name() == "message" {
                    self.0 = format!("{value:?}");
                }
            }
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        let level = *event.metadata().level();
        self.0.lock().unwrap().push((level, message.0));
    }
}

/// Goes from 40 to 31, then panics.
#[derive(Debug)]
struct OnceDown(u32);

impl LimitAlgorithm for OnceDown {
    fn limit(&self) -> u32 {
        self.0
    }
    fn sample(&mut self, _: &Sample) -> Option<Change> {
        assert_eq!(self.0, 40, "it does not know any further");
        self.0 = 31;
        let cause = Cause::new(Why::ThroughputFlat).latency(1.8);
        Some(Change::new(40, 31, cause))
    }
    fn name(&self) -> &'static str {
        "once_down"
    }
}

#[tokio::test]
async fn a_change_has_the_same_words_on_every_surface() {
    const WORDS: &str = "limit 40 -> 31: throughput flat, latency x1.8";
    let log = Log::default();
    let _logging = tracing::subscriber::set_default(log.clone());
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _recording = metrics::set_default_local_recorder(&recorder);

    let limit = adaptive().with_algorithm(OnceDown(40));
    let stack = Stack::builder().concurrency(limit).build().unwrap();
    let head = http::Request::new(()).into_parts().0;
    let once = || async {
        let permit = stack.admit(&head, &Now::unread()).await.unwrap();
        permit.complete(&End::new(Outcome::Success));
    };
    once().await;
    let handle = stack.handle().concurrency().unwrap();
    let history = handle.history();
    assert_eq!(history.len(), 1);
    assert_eq!(history[0].to_string(), WORDS);
    assert_eq!(history[0].change.to_string(), WORDS);
    let last = handle.snapshot().adaptive.unwrap().last_change.unwrap();
    assert_eq!(last.to_string(), WORDS);
    assert!(stack.explain(&head).to_string().contains(WORDS));
    let logged = std::mem::take(&mut *log.0.lock().unwrap());
    assert_eq!(logged, [(tracing::Level::INFO, WORDS.to_owned())]);
    let counted: Vec<_> = snapshotter
        .snapshot()
        .into_vec()
        .into_iter()
        .filter(|(key, ..)| key.key().name() == "floodwall_limit_changes_total")
        .map(|(key, _, _, value)| {
            let why = key.key().labels().find(|label| label.key() == "why");
            (why.unwrap().value().to_owned(), value)
        })
        .collect();
    let label = history[0].change.cause.why.label().to_owned();
    assert_eq!(counted, [(label, DebugValue::Counter(1))]);

    // It panics, which is told once.
    for _ in 0..3 {
        once().await;
    }
    assert!(handle.snapshot().adaptive.unwrap().lost);
    let logged = std::mem::take(&mut *log.0.lock().unwrap());
    let [(level, message)] = logged.as_slice() else {
        panic!("it should be told once: {logged:?}")
    };
    assert_eq!(*level, tracing::Level::ERROR);
    assert!(message.contains("stays where it is"), "{message}");
    assert_eq!(handle.snapshot().limit, 31);
}
