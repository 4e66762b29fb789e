//! What a sample says.

use std::task::Poll;

use floodwall::extract::deadline_fn;
use floodwall::limit::Why;
use floodwall::{Admission, End, Mode, Now, Outcome, Permit, QueueConfig, adaptive, conformance};

use super::script::{Move, Script, end, enter, ms, once, poll_once};

#[tokio::test(start_paused = true)]
async fn a_sample_has_the_time_to_the_head_and_the_wait_apart() {
    let script = Script::default();
    let limit = adaptive()
        .with_algorithm(script.algorithm(2))
        .build()
        .unwrap();
    let first = enter(&limit);
    let mut second = enter(&limit);
    let mut third = Box::pin(limit.admit("c", &Now::unread()));
    assert!(poll_once(third.as_mut()).is_pending());

    tokio::time::advance(ms(30)).await;
    second.responded(&Now::unread(), None);
    tokio::time::advance(ms(20)).await;
    // A second head, as after an interim one, is not what was waited for.
    second.responded(&Now::unread(), None);
    end(second, Outcome::Success);
    let sample = script.last();
    assert_eq!(sample.service, ms(30), "to the head, not to the end");
    assert_eq!(sample.in_flight, 2, "itself included");
    assert_eq!(sample.queued, ms(0));
    assert!(sample.binding, "somebody waited for its place");
    assert_eq!(sample.outcome, Outcome::Success);
    let second_left = sample.at;

    let Poll::Ready(Ok(third)) = poll_once(third.as_mut()) else {
        panic!("its turn came")
    };
    tokio::time::advance(ms(5)).await;
    end(third, Outcome::Overload);
    let sample = script.last();
    assert_eq!(
        (sample.service, sample.queued),
        (ms(5), ms(50)),
        "without a head it is the whole time inside, from the grant on"
    );
    assert_eq!(sample.in_flight, 2);
    assert_eq!(sample.at.since(second_left), ms(5), "when it left");
    assert_eq!(sample.outcome, Outcome::Overload);
    assert!(!sample.binding, "nobody waited");

    end(first, Outcome::Failure);
    assert_eq!(script.last().outcome, Outcome::Failure);
    assert_eq!(script.last().service, ms(55));
    assert_eq!(script.samples().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_did_not_run_or_was_given_up_says_so() {
    let script = Script::default();
    let limit = adaptive()
        .with_algorithm(script.algorithm(2))
        .build()
        .unwrap();
    end(enter(&limit), Outcome::Refused);
    assert_eq!(script.last().outcome, Outcome::Refused);
    drop(enter(&limit));
    assert_eq!(script.last().outcome, Outcome::Cancelled);
    enter(&limit).complete(&End::new(Outcome::Success).no_sample());
    assert_eq!(script.samples().len(), 2, "an open end is no sample");
    assert_eq!(limit.handle().snapshot().in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_makes_the_next_sample_binding_and_only_that() {
    let script = Script::default();
    let limit = adaptive()
        .no_queue()
        .with_algorithm(script.algorithm(1))
        .build()
        .unwrap();
    once(&limit).await;
    assert!(!script.last().binding, "there was room for all");
    let held = enter(&limit);
    for _ in 0..3 {
        assert!(limit.admit("b", &Now::unread()).await.is_err());
    }
    end(held, Outcome::Success);
    assert!(script.last().binding, "it held somebody back");
    once(&limit).await;
    assert!(!script.last().binding, "that was before the last one left");
}

#[tokio::test(start_paused = true)]
async fn a_place_in_the_line_that_was_lost_binds_too() {
    let script = Script::default();
    let limit = adaptive()
        .with_algorithm(script.algorithm(1))
        .queue(QueueConfig::builder().capacity(1).max_wait(ms(10)))
        .build()
        .unwrap();
    let held = enter(&limit);
    let waits = limit.admit("b", &Now::unread());
    assert!(waits.await.is_err(), "its time is up");
    end(held, Outcome::Success);
    assert!(
        script.last().binding,
        "nobody waits now, but somebody was held back"
    );
}

#[tokio::test(start_paused = true)]
async fn who_came_too_late_or_during_a_drain_was_not_held_back_by_the_limit() {
    let script = Script::default();
    let limit = adaptive()
        .with_algorithm(script.algorithm(4))
        .deadline(deadline_fn(|late: &bool| late.then_some(ms(0))))
        .build()
        .unwrap();
    assert!(limit.admit(&true, &Now::unread()).await.is_err());
    let permit = limit.admit(&false, &Now::unread()).await.unwrap();
    end(permit, Outcome::Success);
    assert!(!script.last().binding, "late");

    let held = limit.admit(&false, &Now::unread()).await.unwrap();
    drop(limit.handle().drain());
    assert!(limit.admit(&false, &Now::unread()).await.is_err());
    end(held, Outcome::Success);
    assert!(!script.last().binding, "draining");
}

#[tokio::test(start_paused = true)]
async fn what_was_let_in_by_no_limit_teaches_nothing() {
    for mode in [Mode::Shadow, Mode::Off] {
        let script = Script::default();
        let limit = adaptive()
            .mode(mode)
            .with_algorithm(script.algorithm(1))
            .build()
            .unwrap();
        let held = [enter(&limit), enter(&limit)];
        for permit in held {
            end(permit, Outcome::Success);
        }
        assert_eq!(script.samples(), [], "{mode}");

        limit.handle().set_mode(Mode::Enforce);
        let before = enter(&limit);
        limit.handle().set_mode(mode);
        end(before, Outcome::Success);
        assert_eq!(script.samples(), [], "{mode}, switched meanwhile");
        limit.handle().set_mode(Mode::Enforce);
        once(&limit).await;
        assert_eq!(script.samples().len(), 1, "{mode}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_grows_lets_in_who_waits_and_one_that_shrinks_owes() {
    let script = Script::default();
    let limit = adaptive()
        .with_algorithm(script.algorithm(2))
        .build()
        .unwrap();
    let handle = limit.handle();
    let first = enter(&limit);
    let second = enter(&limit);
    let mut waiting: Vec<_> = (0..3)
        .map(|_| Box::pin(limit.admit("w", &Now::unread())))
        .collect();
    for one in &mut waiting {
        assert!(poll_once(one.as_mut()).is_pending());
    }
    script.then(Move::To(4, Why::ThroughputRose));
    end(first, Outcome::Success);
    assert_eq!(handle.snapshot().limit, 4);
    assert_eq!(
        (handle.snapshot().in_flight, handle.snapshot().waiting),
        (4, 0),
        "one that stayed, and all three of those who waited"
    );
    script.then(Move::Silently(1));
    end(second, Outcome::Success);
    let snapshot = handle.snapshot();
    assert_eq!((snapshot.limit, snapshot.in_flight), (1, 3));
    assert_eq!(handle.history().len(), 1, "the second was not told");
    drop(waiting);
    assert_eq!(handle.snapshot().in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_nothing_is_one() {
    let script = Script::default();
    let limit = adaptive()
        .with_algorithm(script.algorithm(0))
        .build()
        .unwrap();
    assert_eq!(limit.handle().snapshot().limit, 1);
    script.then(Move::Silently(0));
    once(&limit).await;
    assert_eq!(limit.handle().snapshot().limit, 1);
}

#[tokio::test]
async fn it_keeps_the_rules_of_composition() {
    conformance::check(
        || adaptive().start(3).build().unwrap(),
        || "a request".to_owned(),
    );
    conformance::check(
        || {
            let fixed = Script::default().algorithm(3);
            adaptive().no_queue().with_algorithm(fixed).build().unwrap()
        },
        || "a request".to_owned(),
    );
}
