//! Clients that try again: when, how often, and what it costs.

mod support;

use floodwall::Reason;
use floodwall_sim::{Answer, Arrivals, Client, Phase, Retry, Scenario, Tier, Times};
use std::time::Duration;
use support::{Seen, against, bare, evenly, ms, secs, single};

fn refusal() -> Answer {
    Answer::refused(Reason::Full)
}

/// How long after the one before each attempt of a single request came.
fn gaps(seen: &[Seen]) -> Vec<Duration> {
    seen.windows(2).map(|pair| pair[1].2 - pair[0].2).collect()
}

#[test]
fn a_refusal_is_tried_again_so_often_and_longer_apart_each_time() {
    let mut retry = Retry::new(3, ms(100));
    retry.growth = 2.0;
    let scenario = single(Client::new("all").retry(retry));
    let (report, seen) = against(&scenario, |_, _| async { refusal() });
    assert_eq!(gaps(&seen), [ms(100), ms(200), ms(400)]);
    let numbers: Vec<_> = seen
        .iter()
        .map(|(id, retries, _)| (*id, *retries))
        .collect();
    assert_eq!(numbers, [(0, 0), (0, 1), (0, 2), (0, 3)]);
    let all = &report.total.all;
    assert_eq!((all.offered, all.attempts, all.refused), (1, 4, 1));
    assert_eq!((all.all_refusals(), all.admitted), (4, 0));
    assert_eq!(all.amplification(), Some(4.0));
}

#[test]
fn a_failure_is_tried_again_and_success_ends_it() {
    let scenario = single(Client::new("all").retry(Retry::new(5, ms(30))));
    let (report, seen) = against(&scenario, |attempt, world| async move {
        world.sleep(ms(7)).await;
        if attempt.retries() < 2 {
            Answer::Failed
        } else {
            Answer::GOOD
        }
    });
    // The wait begins with the answer.
    assert_eq!(gaps(&seen), [ms(37), ms(37)]);
    let all = &report.total.all;
    assert_eq!((all.succeeded, all.failed, all.attempts), (1, 0, 3));
    // Latency is that of the attempt.
    assert_eq!(all.latency.max, Some(0.007));
}

#[test]
fn how_the_last_attempt_went_is_how_the_request_ended() {
    let scenario = single(Client::new("all").retry(Retry::new(1, ms(30))));
    let (report, _) = against(&scenario, |attempt, _| async move {
        if attempt.retries() == 0 {
            refusal()
        } else {
            Answer::Failed
        }
    });
    let all = &report.total.all;
    assert_eq!((all.refused, all.failed, all.all_refusals()), (0, 1, 1));
}

#[test]
fn who_has_no_answer_by_the_deadline_tries_again_then_and_the_old_answer_is_wasted() {
    let client = Client::new("all").deadline(ms(50));
    let scenario = single(client.retry(Retry::new(1, ms(10))));
    let (report, seen) = against(&scenario, |attempt, world| async move {
        let time = if attempt.retries() == 0 { 200 } else { 20 };
        world.sleep(ms(time)).await;
        Answer::GOOD
    });
    assert_eq!(gaps(&seen), [ms(60)]);
    let all = &report.total.all;
    assert_eq!((all.succeeded, all.late, all.wasted), (1, 0, 1));
    assert_eq!(all.latency.count, 1);
    assert_eq!(all.latency.max, Some(0.02));
}

#[test]
fn a_request_whose_attempts_are_all_too_slow_is_late_once() {
    let client = Client::new("all").deadline(ms(50));
    let scenario = single(client.retry(Retry::new(2, ms(10))));
    let (report, seen) = against(&scenario, |_, world| async move {
        world.sleep(ms(200)).await;
        Answer::GOOD
    });
    assert_eq!(gaps(&seen), [ms(60), ms(60)]);
    let all = &report.total.all;
    assert_eq!((all.offered, all.late, all.wasted), (1, 1, 3));
}

#[test]
fn the_refusal_of_a_superseded_attempt_is_counted_and_ends_nothing() {
    let client = Client::new("all").deadline(ms(50));
    let scenario = single(client.retry(Retry::new(1, ms(10))));
    let (report, _) = against(&scenario, |attempt, world| async move {
        if attempt.retries() == 0 {
            world.sleep(ms(65)).await;
            return refusal();
        }
        world.sleep(ms(20)).await;
        Answer::GOOD
    });
    let all = &report.total.all;
    assert_eq!((all.succeeded, all.refused, all.all_refusals()), (1, 0, 1));
    assert_eq!(all.refusal.max, Some(0.065));
    assert_eq!((all.attempts, all.admitted, all.wasted), (2, 1, 0));
}

/// Two at the same moment before one worker of 10 ms: the second is answered at the very deadline.
#[test]
fn whether_a_client_retries_does_not_move_its_deadline() {
    let client = Client::new("all").deadline(ms(20));
    for client in [client.clone(), client.retry(Retry::new(2, ms(10)))] {
        let scenario = evenly(client, 2.0, ms(1_500))
            .arrivals(Arrivals::Bursts(2))
            .tier(Tier::new("one", 1, Times::constant(ms(10))));
        let all = bare(&scenario).total.all;
        assert_eq!((all.offered, all.succeeded, all.attempts), (2, 2, 2));
    }
}

#[test]
fn who_hangs_up_may_try_again() {
    let client = Client::new("all").patience(ms(40));
    let scenario = single(client.retry(Retry::new(1, ms(10))));
    let (report, seen) = against(&scenario, |attempt, world| async move {
        world
            .sleep(ms(60 - 30 * u64::from(attempt.retries())))
            .await;
        Answer::GOOD
    });
    assert_eq!(gaps(&seen), [ms(50)]);
    let all = &report.total.all;
    assert_eq!((all.succeeded, all.abandoned, all.wasted), (1, 0, 0));
}

#[test]
fn jitter_adds_up_to_its_share_and_never_shortens() {
    let retry = Retry::new(1, ms(100)).jitter(0.5);
    let scenario = evenly(Client::new("all").retry(retry), 500.0, secs(2));
    let (_, mut seen) = against(&scenario, |_, _| async { refusal() });
    seen.sort();
    let waits: Vec<_> = seen.chunks(2).flat_map(gaps).collect();
    assert_eq!(waits.len(), 999);
    let (least, most) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
    assert!(*least >= ms(100) && *least < ms(101), "{least:?}");
    assert!(*most < ms(150) && *most > ms(149), "{most:?}");
    let mean = waits.iter().sum::<Duration>() / 999;
    assert!(mean > ms(123) && mean < ms(127), "{mean:?}");
}

#[test]
fn retry_after_is_honoured_in_whole_seconds_rounded_up_by_those_who_do() {
    let gap = |honours, told: Option<Duration>, backoff| {
        let mut retry = Retry::new(1, backoff);
        retry.honours_retry_after = honours;
        let scenario = single(Client::new("all").retry(retry));
        let (_, seen) = against(&scenario, move |_, _| async move {
            Answer::refused_for(Reason::Quota, told)
        });
        gaps(&seen)[0]
    };
    assert_eq!(gap(true, Some(ms(1)), ms(10)), secs(1));
    assert_eq!(gap(true, Some(ms(1_000)), ms(10)), secs(1));
    assert_eq!(gap(true, Some(ms(1_001)), ms(10)), secs(2));
    // At least as long: its own wait may be longer.
    assert_eq!(gap(true, Some(ms(1_001)), secs(3)), secs(3));
    assert_eq!(gap(true, None, ms(10)), ms(10));
    assert_eq!(gap(false, Some(secs(9)), ms(10)), ms(10));
}

#[test]
fn only_refusals_say_how_long_to_stay_away() {
    let mut retry = Retry::new(1, ms(10));
    retry.honours_retry_after = true;
    let scenario = single(Client::new("all").retry(retry));
    let (_, seen) = against(&scenario, |_, _| async { Answer::Failed });
    assert_eq!(gaps(&seen), [ms(10)]);
}

/// 1,000 per second, each refused at once and tried again 100 ms later: without a budget 100 retries
/// wait at any time, and as many requests are open.
fn refused_at_once(budget: Option<f64>) -> (u64, u64) {
    let mut retry = Retry::new(1, ms(100));
    retry.budget = budget;
    let scenario = evenly(Client::new("all").retry(retry), 1_000.0, secs(2));
    let (report, _) = against(&scenario, |_, _| async { refusal() });
    let total = &report.total;
    assert_eq!(total.all.refused, total.all.offered);
    (
        total.retries_at_once,
        total.all.attempts - total.all.offered,
    )
}

#[test]
fn a_budget_always_allows_three_retries_and_no_more_when_few_are_under_way() {
    assert_eq!(refused_at_once(None), (100, 1_999));
    // Those who were refused for good are gone, so there are four open at most: the three and the new one.
    let (at_once, retries) = refused_at_once(Some(0.1));
    assert_eq!(at_once, 3);
    // Three each 100 ms, for 20 times 100 ms.
    assert!((57..=61).contains(&retries), "{retries}");
}

#[test]
fn a_budget_is_a_share_of_what_is_under_way() {
    // 100 per second that take a second: 100 are open, and the failures of all are seen at their end.
    let mut retry = Retry::new(1, ms(1));
    retry.budget = Some(0.2);
    let scenario = evenly(Client::new("all").retry(retry), 100.0, secs(30));
    let (report, _) = against(&scenario, |_, world| async move {
        world.sleep(secs(1)).await;
        Answer::Failed
    });
    // So many are open: 100 first attempts and a fifth of all that are retries, 125 in all.
    let most = report.total.retries_at_once;
    assert!((24..=26).contains(&most), "{most}");
    // About 25 retries each second.
    let retries = report.total.all.attempts - report.total.all.offered;
    assert!((650..=760).contains(&retries), "{retries}");
}

#[test]
fn a_closed_loop_waits_for_the_last_attempt_before_it_thinks() {
    let client = Client::new("users").users(1, Times::constant(ms(500)));
    let scenario = Scenario::new("loop")
        .phase(Phase::new("all", secs(3)))
        .client(client.retry(Retry::new(1, ms(100))));
    let (report, seen) = against(&scenario, |_, world| async move {
        world.sleep(ms(50)).await;
        Answer::Failed
    });
    let gaps = gaps(&seen);
    // The retry a backoff after the answer, the next request its thought after the second answer.
    assert!(
        gaps.iter().step_by(2).all(|gap| *gap == ms(150)),
        "{gaps:?}"
    );
    assert!(
        gaps.iter().skip(1).step_by(2).all(|gap| *gap == ms(550)),
        "{gaps:?}"
    );
    assert_eq!(report.total.all.attempts, 2 * report.total.all.offered);
}
