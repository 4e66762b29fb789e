//! An algorithm that panics costs nobody a request.

use floodwall::limit::Why;
use floodwall::{Outcome, adaptive};

use super::script::{Move, Script, end, enter, once};

#[tokio::test(start_paused = true)]
async fn the_limit_stays_where_it_was_and_says_so() {
    let script = Script::default();
    let limit = adaptive()
        .with_algorithm(script.algorithm(4))
        .build()
        .unwrap();
    let handle = limit.handle();
    script.then(Move::To(7, Why::SlowStart));
    once(&limit).await;
    assert!(!handle.snapshot().adaptive.unwrap().lost);

    script.then(Move::Panic);
    once(&limit).await;
    let snapshot = handle.snapshot();
    assert!(snapshot.adaptive.unwrap().lost);
    assert_eq!((snapshot.limit, snapshot.in_flight), (7, 0));
    assert_eq!(snapshot.adaptive.unwrap().algorithm, "scripted");

    script.then(Move::Silently(1));
    let held: Vec<_> = (0..7).map(|_| enter(&limit)).collect();
    for permit in held {
        end(permit, Outcome::Success);
    }
    assert_eq!(script.samples().len(), 2, "nobody asks it any more");
    assert_eq!(handle.snapshot().limit, 7);
    assert_eq!(handle.history().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_panics_itself_takes_nothing_with_it() {
    let script = Script::default();
    let limit = adaptive()
        .with_algorithm(script.algorithm(4))
        .build()
        .unwrap();
    script.then(Move::Panic);
    let worker = {
        let limit = limit.clone();
        std::thread::spawn(move || {
            let _permit = enter(&limit);
            panic!("the handler panics, and then the algorithm does, while it unwinds");
        })
    };
    assert!(worker.join().is_err());
    let snapshot = limit.handle().snapshot();
    assert_eq!((snapshot.limit, snapshot.in_flight), (4, 0));
    assert!(snapshot.adaptive.unwrap().lost);
}
