use floodwall::Priority;

use super::*;

/// As many at once, each of which computes for this long inside its async function.
async fn burst(limit: &Limit, n: usize, takes: Duration) {
    let tasks: Vec<_> = (0..n)
        .map(|_| {
            let limit = limit.clone();
            tokio::spawn(async move {
                let permit = enter(&limit, Priority::NORMAL).await;
                compute(takes);
                drop(permit);
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    turns(2).await;
}

fn is_open(limit: &Limit) -> bool {
    limit.handle().snapshot().room.is_some()
}

#[tokio::test(start_paused = true)]
async fn long_turns_open_the_room_and_one_of_them_does_not() {
    let limit = limit(8, WaitingRoom::auto());
    burst(&limit, 8, millis(1)).await;
    assert!(!is_open(&limit));
    tokio::time::advance(millis(2)).await;
    burst(&limit, 1, millis(1)).await;
    tokio::time::advance(millis(2)).await;
    burst(&limit, 8, millis(1)).await;
    assert!(!is_open(&limit), "not in a row");
    tokio::time::advance(millis(2)).await;
    burst(&limit, 8, millis(1)).await;
    assert!(is_open(&limit));
}

#[tokio::test(start_paused = true)]
async fn short_turns_never_open_it() {
    let limit = limit(8, WaitingRoom::auto());
    for _ in 0..100 {
        burst(&limit, 4, millis(1)).await;
        tokio::time::advance(millis(2)).await;
    }
    assert!(!is_open(&limit));
}

async fn opened() -> Limit {
    let limit = limit(8, WaitingRoom::auto());
    for _ in 0..2 {
        burst(&limit, 8, millis(1)).await;
        tokio::time::advance(millis(2)).await;
    }
    assert!(is_open(&limit));
    limit
}

#[tokio::test(start_paused = true)]
async fn it_stays_open_while_it_is_needed_and_closes_after_a_calm_second() {
    let limit = opened().await;
    for _ in 0..500 {
        burst(&limit, 8, millis(1)).await;
    }
    assert!(is_open(&limit), "four seconds of a flood");
    let mut calm = 0;
    while is_open(&limit) {
        tokio::time::advance(millis(10)).await;
        burst(&limit, 1, millis(1)).await;
        calm += 11;
        assert!(calm < 2_000, "it is still open");
    }
    assert!(calm > 900, "after {calm} ms");
}

#[tokio::test(start_paused = true)]
async fn after_a_silence_the_first_one_does_not_park() {
    let limit = opened().await;
    tokio::time::advance(Duration::from_secs(2)).await;
    let mut first = pin!(ask(&limit, Priority::NORMAL));
    let decision = first.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(is_granted(&decision));
    assert!(!is_open(&limit));
}
