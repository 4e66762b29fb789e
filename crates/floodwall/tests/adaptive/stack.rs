//! A wall whose limit finds itself.

use floodwall::extract::Unkeyed;
use floodwall::http::Head;
use floodwall::limit::Why;
use floodwall::stack::{ConcurrencyRules, LimitRule, QueueRules, Stack, StackConfig};
use floodwall::{Admission, Mode, Now, Outcome, Permit, adaptive};

use super::script::{Move, Script, ms};

fn head() -> Head {
    http::Request::new(()).into_parts().0
}

#[tokio::test]
async fn the_presets_say_what_they_are_and_can_be_changed() {
    let stack = Stack::for_latency(ms(100)).build().unwrap();
    let told = stack.describe().to_string();
    for says in [
        "adaptive, lower while the service takes longer than 75ms",
        "four for each one inside, at least 16, wait for up to 25ms",
    ] {
        assert!(told.contains(says), "{told}");
    }
    let snapshot = stack.handle().concurrency().unwrap().snapshot();
    assert_eq!(snapshot.adaptive.unwrap().algorithm, "marginal");

    let stack = Stack::for_throughput().build().unwrap();
    let told = stack.describe().to_string();
    assert!(!told.contains("lower while"), "{told}");
    assert!(told.contains("wait for up to 500ms"), "{told}");

    let stack = Stack::for_latency(ms(100))
        .queue(ms(10))
        .quota("5/s", Unkeyed);
    let told = stack.shed().build().unwrap().describe().to_string();
    for says in ["longer than 75ms", "up to 10ms", "5/s", "the queue stands"] {
        assert!(told.contains(says), "{told}");
    }
    let error = Stack::for_latency(ms(0)).build().unwrap_err();
    assert_eq!(error.field(), "latency_ceiling");
}

#[tokio::test]
async fn a_limit_brings_its_name_mode_and_queue() {
    let limit = adaptive().name("backend").mode(Mode::Shadow).no_queue();
    let stack = Stack::builder().concurrency(limit).build().unwrap();
    let parts = &stack.describe().parts;
    assert_eq!(parts.len(), 1, "no queue");
    assert_eq!(parts[0].policy.as_deref(), Some("backend"));
    assert_eq!(parts[0].mode, Some("shadow"));
    let handle = stack.handle().concurrency().unwrap();
    assert_eq!(handle.snapshot().mode, Mode::Shadow);
    let error = Stack::builder().concurrency(adaptive().floor(0)).build();
    assert_eq!(error.unwrap_err().field(), "floor");
}

#[tokio::test(start_paused = true)]
async fn what_it_explains_has_the_words_of_the_history() {
    let script = Script::default();
    let limit = adaptive().with_algorithm(script.algorithm(40));
    let stack = Stack::builder().concurrency(limit).build().unwrap();
    let told = stack.explain(&head()).to_string();
    assert!(told.contains("limit 40 now, moved by scripted\n"), "{told}");

    script.then(Move::To(31, Why::ThroughputFlat));
    let permit = stack.admit(&head(), &Now::unread()).await.unwrap();
    permit.complete(&floodwall::End::new(Outcome::Success));
    assert_eq!(script.samples().len(), 1);
    let words = "limit 40 -> 31: throughput flat, latency x1.8";
    let told = stack.explain(&head()).to_string();
    assert!(told.contains("limit 31 now"), "{told}");
    assert!(told.contains(words), "{told}");
    let history = stack.handle().concurrency().unwrap().history();
    assert_eq!(history[0].to_string(), words);
    assert_eq!(history[0].change.to_string(), words);

    let fixed = Stack::builder().limit(5).build().unwrap();
    assert_eq!(fixed.explain(&head()).limit, None);
}

#[tokio::test]
async fn as_data_it_is_the_same() {
    let mut config = StackConfig::default();
    config.concurrency = Some(ConcurrencyRules::adaptive());
    let stack = config.build().unwrap();
    assert!(stack.describe().to_string().contains("adaptive"));
    let handle = stack.handle().concurrency().unwrap();
    assert_eq!(handle.snapshot().adaptive.unwrap().algorithm, "marginal");

    let mut rules = ConcurrencyRules::new(8);
    assert_eq!(rules.limit, LimitRule::Fixed(8));
    let mut bounds = floodwall::stack::AdaptiveRules::default();
    bounds.floor = Some(30);
    bounds.latency_ceiling = Some(ms(80));
    rules.limit = LimitRule::Adaptive(bounds);
    let mut queue = QueueRules::default();
    queue.max_wait = Some(ms(40));
    queue.shares.insert(5, 0.05);
    rules.queue = Some(queue);
    config.concurrency = Some(rules);
    let stack = config.build().unwrap();
    let told = stack.describe().to_string();
    for says in [
        "adaptive, at least 30, lower while the service takes longer than 80ms",
        "four for each one inside",
        "up to 40ms",
        "5 % of the grants for class 5",
    ] {
        assert!(told.contains(says), "{told}");
    }
    let handle = stack.handle().concurrency().unwrap();
    assert_eq!(handle.snapshot().limit, 30);
}
