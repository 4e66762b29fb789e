//! What one can rely on in the queue, rule by rule.

use std::time::Duration;

use floodwall_core::queue::{Mode, Queue, QueueConfig, QueueConfigBuilder, QueueConfigError};
use floodwall_core::{Moment, Priority, Reason};

const CRITICAL: Priority = Priority::CRITICAL;
const NORMAL: Priority = Priority::NORMAL;
const LOW: Priority = Priority::LOW;
const BACKGROUND: Priority = Priority::BACKGROUND;

fn at(millis: u64) -> Moment {
    Moment::ZERO + Duration::from_millis(millis)
}

fn queue(config: QueueConfigBuilder) -> Queue<&'static str> {
    Queue::new(config.build().unwrap())
}

fn places(n: u32) -> QueueConfigBuilder {
    QueueConfig::builder().capacity(n)
}

fn pop<T>(queue: &mut Queue<T>, now: Moment) -> Option<T> {
    queue.pop(now).map(|waiter| waiter.value)
}

/// Fills until the class has had a delay over the target for an interval.
fn until_newest_first(queue: &mut Queue<&'static str>, priority: Priority) -> Moment {
    for (millis, name) in [(0, "a"), (6, "b"), (40, "c"), (120, "d")] {
        queue.push(at(millis), priority, None, name).unwrap();
        assert_eq!(queue.mode_of(priority), Mode::OldestFirst);
    }
    queue.push(at(240), priority, None, "e").unwrap();
    assert_eq!(queue.mode_of(priority), Mode::NewestFirst);
    at(240)
}

fn patient(n: u32) -> QueueConfigBuilder {
    places(n).max_wait(Duration::from_secs(10))
}

#[test]
fn the_most_urgent_is_served_first_and_in_a_class_the_oldest() {
    let mut queue = queue(places(8));
    for (priority, name) in [
        (LOW, "low"),
        (NORMAL, "one"),
        (NORMAL, "two"),
        (CRITICAL, "login"),
    ] {
        queue.push(at(0), priority, None, name).unwrap();
    }
    for name in ["login", "one", "two", "low"] {
        assert_eq!(pop(&mut queue, at(1)), Some(name));
    }
    assert_eq!(pop(&mut queue, at(1)), None);
}

#[test]
fn a_better_arrival_evicts_the_youngest_of_the_lowest_class() {
    let mut queue = queue(places(3));
    queue.push(at(0), LOW, None, "low").unwrap();
    queue.push(at(1), BACKGROUND, None, "old").unwrap();
    queue.push(at(2), BACKGROUND, None, "young").unwrap();
    let evicted = |queue: &mut Queue<&'static str>, priority| {
        let pushed = queue.push(at(3), priority, None, "newcomer");
        pushed
            .map(|pushed| pushed.evicted.unwrap().value)
            .map_err(|refused| refused.reason)
    };
    assert_eq!(evicted(&mut queue, BACKGROUND), Err(Reason::Full));
    assert_eq!(evicted(&mut queue, NORMAL), Ok("young"));
    assert_eq!(evicted(&mut queue, CRITICAL), Ok("old"));
    assert_eq!(evicted(&mut queue, LOW), Err(Reason::Full));
    assert_eq!(evicted(&mut queue, NORMAL), Ok("low"));
    assert_eq!(queue.len(), 3);
}

#[test]
fn nobody_waits_longer_than_its_deadline_or_the_longest_wait() {
    let mut queue = queue(places(4).max_wait(Duration::from_millis(50)));
    let patient = queue.push(at(0), NORMAL, None, "patient").unwrap();
    let hurried = queue.push(at(0), NORMAL, Some(at(20)), "hurried").unwrap();
    let vague = queue.push(at(10), NORMAL, Some(at(90)), "vague").unwrap();
    assert_eq!(
        (patient.expires, hurried.expires, vague.expires),
        (at(50), at(20), at(60))
    );
    assert!(queue.expire(at(19)).is_none());

    let expired = queue.expire(at(20)).unwrap();
    assert_eq!(
        (expired.waiter.value, expired.reason),
        ("hurried", Reason::Deadline)
    );
    assert!(queue.expire(at(49)).is_none());
    let expired = queue.expire(at(70)).unwrap();
    assert_eq!(
        (expired.waiter.value, expired.reason),
        ("patient", Reason::QueueTimeout)
    );
    assert_eq!(queue.expire(at(70)).unwrap().reason, Reason::QueueTimeout);
    assert!(queue.is_empty());
}

#[test]
fn a_deadline_that_has_come_is_refused() {
    let mut queue = queue(places(4));
    let refused = queue
        .push(at(5), CRITICAL, Some(at(5)), "late")
        .unwrap_err();
    assert_eq!((refused.value, refused.reason), ("late", Reason::Deadline));
}

#[test]
fn who_has_expired_is_never_served_and_nobody_before_it_is_taken_out() {
    let mut queue = queue(places(4));
    queue.push(at(0), NORMAL, Some(at(10)), "late").unwrap();
    queue.push(at(0), LOW, None, "in time").unwrap();
    assert_eq!(pop(&mut queue, at(10)), None);
    assert_eq!(queue.expire(at(10)).unwrap().waiter.value, "late");
    assert_eq!(pop(&mut queue, at(10)), Some("in time"));
}

#[test]
fn a_class_with_a_standing_delay_is_served_newest_first_and_the_others_are_not() {
    let mut queue = queue(patient(8));
    let now = until_newest_first(&mut queue, LOW);
    queue.push(now, NORMAL, None, "one").unwrap();
    queue.push(now, NORMAL, None, "two").unwrap();
    for name in ["one", "two", "e", "d", "c"] {
        assert_eq!(pop(&mut queue, now), Some(name));
    }
}

#[test]
fn serving_newest_first_goes_on_while_the_oldest_wait_and_ends_when_they_are_gone() {
    let mut queue = queue(patient(8));
    until_newest_first(&mut queue, NORMAL);
    // Those who are served have hardly waited, the others still do.
    for millis in [350, 460, 570] {
        queue.push(at(millis), NORMAL, None, "new").unwrap();
        assert_eq!(pop(&mut queue, at(millis + 1)), Some("new"));
        assert_eq!(queue.mode_of(NORMAL), Mode::NewestFirst);
    }
    while pop(&mut queue, at(580)).is_some() {}
    queue.push(at(681), NORMAL, None, "first").unwrap();
    queue.push(at(682), NORMAL, None, "second").unwrap();
    assert_eq!(queue.mode_of(NORMAL), Mode::OldestFirst);
    assert_eq!(pop(&mut queue, at(683)), Some("first"));
}

#[test]
fn one_short_look_below_the_target_keeps_the_order() {
    let mut queue = queue(patient(8));
    queue.push(at(0), NORMAL, None, "a").unwrap();
    queue.push(at(50), NORMAL, None, "b").unwrap();
    assert_eq!(pop(&mut queue, at(60)), Some("a"));
    assert_eq!(pop(&mut queue, at(60)), Some("b"));
    for (millis, name) in [(61, "c"), (120, "d"), (210, "e")] {
        queue.push(at(millis), NORMAL, None, name).unwrap();
    }
    assert_eq!(queue.mode_of(NORMAL), Mode::OldestFirst);
}

#[test]
fn newest_first_evicts_the_oldest_also_for_its_own_class() {
    let mut queue = queue(patient(5));
    let now = until_newest_first(&mut queue, LOW);
    let mut push = |priority, name| queue.push(now, priority, None, name).unwrap().evicted;
    assert_eq!(push(LOW, "f").unwrap().value, "a");
    assert_eq!(push(NORMAL, "page").unwrap().value, "b");
    assert_eq!(queue.len(), 5);
}

#[test]
fn newest_first_can_be_turned_off() {
    let mut queue = queue(patient(8));
    let now = until_newest_first(&mut queue, NORMAL);
    queue.set_config(patient(8).newest_first(false).build().unwrap());
    assert_eq!(queue.mode_of(NORMAL), Mode::OldestFirst);
    assert_eq!(pop(&mut queue, now), Some("a"));
}

/// How many of `grants` each of `waiting` gets, when all of them always wait.
fn grants<const N: usize>(config: QueueConfigBuilder, waiting: [Priority; N], n: u32) -> [u32; N] {
    let mut queue = Queue::new(config.build().unwrap());
    let mut got = [0; N];
    for (index, &priority) in waiting.iter().enumerate() {
        queue.push(at(0), priority, None, index).unwrap();
    }
    for _ in 0..n {
        let index = pop(&mut queue, at(1)).unwrap();
        got[index] += 1;
        queue.push(at(1), waiting[index], None, index).unwrap();
    }
    got
}

#[test]
fn a_share_is_a_part_of_the_grants_while_the_class_waits() {
    let config = places(8).share(BACKGROUND, 0.05);
    assert_eq!(grants(config, [CRITICAL, BACKGROUND], 10_000), [9_500, 500]);
    // Both are owed their last one at the same moment; it comes one after the other.
    let config = places(8).share(LOW, 0.3).share(BACKGROUND, 0.2);
    assert_eq!(
        grants(config, [CRITICAL, LOW, BACKGROUND], 10_001),
        [5_001, 3_000, 2_000]
    );
    // One who gets more by priority has nothing from its share.
    let config = places(8).share(CRITICAL, 0.5);
    assert_eq!(grants(config, [CRITICAL, LOW], 1_000), [1_000, 0]);
}

#[test]
fn of_classes_that_are_owed_the_same_the_more_urgent_is_served_first() {
    let mut queue = queue(places(8).share(LOW, 0.25).share(BACKGROUND, 0.25));
    queue.push(at(0), BACKGROUND, None, "report").unwrap();
    queue.push(at(0), LOW, None, "prefetch").unwrap();
    for _ in 0..4 {
        queue.push(at(0), CRITICAL, None, "login").unwrap();
    }
    for name in ["login", "login", "login", "prefetch", "report", "login"] {
        assert_eq!(pop(&mut queue, at(1)), Some(name));
    }
}

#[test]
fn without_a_share_the_lowest_class_gets_what_is_left() {
    assert_eq!(grants(places(8), [CRITICAL, BACKGROUND], 1_000), [1_000, 0]);
}

#[test]
fn a_share_that_nobody_uses_goes_to_the_others() {
    let config = places(8).share(BACKGROUND, 0.5);
    assert_eq!(grants(config, [CRITICAL, LOW], 1_000), [1_000, 0]);
}

#[test]
fn what_a_class_is_owed_outlives_those_who_gave_up() {
    let mut queue = queue(places(8).share(BACKGROUND, 0.1));
    for turn in 0..9 {
        let ticket = queue
            .push(at(turn), BACKGROUND, None, "gives up")
            .unwrap()
            .ticket;
        queue.push(at(turn), CRITICAL, None, "login").unwrap();
        assert_eq!(pop(&mut queue, at(turn)), Some("login"));
        queue.cancel(ticket).unwrap();
    }
    queue.push(at(9), CRITICAL, None, "login").unwrap();
    queue.push(at(9), BACKGROUND, None, "stays").unwrap();
    assert_eq!(pop(&mut queue, at(9)), Some("stays"));
}

#[test]
fn the_places_of_a_share_are_safe_from_eviction() {
    let mut queue = queue(places(10).share(BACKGROUND, 0.15));
    for _ in 0..10 {
        queue.push(at(0), BACKGROUND, None, "report").unwrap();
    }
    for _ in 0..8 {
        assert!(
            queue
                .push(at(1), NORMAL, None, "page")
                .unwrap()
                .evicted
                .is_some()
        );
    }
    assert_eq!(
        queue.push(at(1), NORMAL, None, "page").unwrap_err().reason,
        Reason::Full
    );
    assert_eq!(queue.len_of(BACKGROUND), 2);
    // The others are not.
    let evicted = queue.push(at(1), CRITICAL, None, "login").unwrap().evicted;
    assert_eq!(evicted.unwrap().value, "page");
}

#[test]
fn a_short_queue_is_not_given_to_its_shares() {
    let mut queue = queue(places(1).share(BACKGROUND, 0.5));
    queue.push(at(0), BACKGROUND, None, "report").unwrap();
    assert!(
        queue
            .push(at(0), CRITICAL, None, "login")
            .unwrap()
            .evicted
            .is_some()
    );
}

#[test]
fn a_ticket_of_one_who_has_left_means_nothing() {
    let mut queue = queue(places(4));
    let gone = queue.push(at(0), NORMAL, None, "gone").unwrap().ticket;
    assert_eq!(pop(&mut queue, at(1)), Some("gone"));
    let here = queue.push(at(1), NORMAL, None, "here").unwrap().ticket;
    assert_ne!(gone, here);
    assert!(queue.cancel(gone).is_none() && queue.get_mut(gone).is_none());
    assert!(queue.expire_one(Moment::MAX, gone).is_none());
    *queue.get_mut(here).unwrap() = "changed";
    assert_eq!(queue.cancel(here).unwrap().value, "changed");
}

#[test]
fn a_smaller_capacity_sends_nobody_away_but_lets_nobody_in() {
    let mut queue = queue(places(4));
    for name in ["a", "b", "c"] {
        queue.push(at(0), NORMAL, None, name).unwrap();
    }
    queue.set_config(places(2).build().unwrap());
    assert_eq!(queue.len(), 3);
    assert_eq!(
        queue.push(at(1), NORMAL, None, "d").unwrap_err().reason,
        Reason::Full
    );
    assert_eq!(
        queue
            .push(at(1), CRITICAL, None, "e")
            .unwrap()
            .evicted
            .unwrap()
            .value,
        "c"
    );
    pop(&mut queue, at(1));
    assert!(queue.push(at(1), NORMAL, None, "f").is_err());
    pop(&mut queue, at(1));
    assert!(queue.push(at(1), NORMAL, None, "g").is_ok());
}

#[test]
fn time_that_runs_back_or_to_its_end_breaks_nothing() {
    let mut queue = queue(places(4).max_wait(QueueConfig::MAX_WAIT));
    queue.push(at(100), NORMAL, None, "later").unwrap();
    queue.push(at(0), NORMAL, None, "sooner").unwrap();
    assert_eq!(queue.oldest_wait(at(50)), Duration::ZERO);
    assert_eq!(pop(&mut queue, at(50)), Some("later"));
    // It expires after the end of time would have been reached without saturating.
    let last = queue.push(Moment::MAX, NORMAL, None, "at the end");
    assert_eq!(last.unwrap().expires, Moment::MAX);
    assert_eq!(queue.expire(Moment::MAX).unwrap().waiter.value, "sooner");
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    let said = |config: QueueConfigBuilder| config.build().unwrap_err().to_string();
    assert_eq!(
        said(places(0)),
        "capacity 0: a queue has 1 to 16777216 places"
    );
    assert_eq!(
        said(places(u32::MAX)),
        "capacity 4294967295: a queue has 1 to 16777216 places"
    );
    let zero = Duration::ZERO;
    assert_eq!(
        said(places(1).max_wait(zero)),
        "max_wait 0: must be more than zero"
    );
    assert_eq!(
        said(places(1).target(zero)),
        "target 0: must be more than zero"
    );
    assert_eq!(
        said(places(1).interval(zero)),
        "interval 0: must be more than zero"
    );
    for share in [-0.1, 0.51, f64::NAN, f64::INFINITY] {
        let error = places(1).share(LOW, share).build().unwrap_err();
        assert!(matches!(error, QueueConfigError::Share(LOW, _)), "{error}");
    }
    assert_eq!(
        said(places(1).share(LOW, 0.3).share(NORMAL, 0.3)),
        "shares of 0.6 in total: all shares together are at most 0.5"
    );
    assert_eq!(
        said(places(1).share(LOW, 0.6)),
        "share 0.6 of priority 5: a share is 0 to 0.5"
    );
}

#[test]
fn the_defaults_are_what_the_builder_says() {
    let config = QueueConfig::default();
    assert_eq!(config, QueueConfig::builder().build().unwrap());
    assert_eq!(config.capacity(), 1024);
    assert_eq!(config.max_wait(), Duration::from_millis(100));
    assert_eq!(config.target(), Duration::from_millis(5));
    assert_eq!(config.interval(), Duration::from_millis(100));
    assert!(config.newest_first());
    assert!(Priority::all().all(|priority| config.share(priority) == 0.0));
}

/// It said that there was none, until somebody had come or was served in the new mode.
#[test]
fn has_room_for_judges_the_order_of_a_class_as_a_push_would() {
    let config = QueueConfig::builder()
        .capacity(2)
        .max_wait(Duration::from_secs(10))
        .target(Duration::from_millis(5))
        .interval(Duration::from_millis(100))
        .build()
        .unwrap();
    let mut queue = Queue::new(config);
    queue.push(at(0), Priority::NORMAL, None, 'a').unwrap();
    queue.push(at(50), Priority::NORMAL, None, 'b').unwrap();
    assert!(queue.push(at(100), Priority::NORMAL, None, 'c').is_err());
    assert!(!queue.has_room_for(at(150), Priority::NORMAL));
    // By now the delay has stood above the target for a whole interval.
    assert!(queue.has_room_for(at(200), Priority::NORMAL));
    let pushed = queue.push(at(200), Priority::NORMAL, None, 'd').unwrap();
    assert_eq!(pushed.evicted.unwrap().value, 'a');
}
