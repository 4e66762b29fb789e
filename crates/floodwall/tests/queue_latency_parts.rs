//! The handler sees how long it had to wait, exactly.
#![cfg(feature = "http")]

mod latency;

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use floodwall::extract::deadline_fn;
use floodwall::http::{Head, ReceivedAt};
use floodwall::{Now, QueueLatency, QueueLatencyLayer};
use http::Request;
use latency::{
    Answer, Notes, Parts, Slow, Waits, blank, handler, limit, ms, occupy, proxied, telling,
};
use tower::{Layer, ServiceExt, service_fn};

#[tokio::test(start_paused = true)]
async fn the_handler_sees_its_own_waiting_time_exactly() {
    tokio::time::advance(ms(500)).await;
    let (seen, told) = (Notes::default(), Notes::default());
    let limit = limit();
    let layer = {
        let told = told.clone();
        QueueLatencyLayer::builder()
            .trusted(["10.0.0.1"])
            .tell(move |_, latency| told.add(latency))
            .build()
            .unwrap()
    };
    let service = layer.layer(limit.layer(Slow::new(handler(&seen, ms(1_000)), ms(5))));

    let ask = service.oneshot(proxied(ms(20)));
    let (_, answer) = tokio::join!(occupy(&limit, ms(37)), ask);
    answer.unwrap();
    let wanted = Parts {
        upstream: Some(20),
        accept: None,
        queue: 37,
        readiness: 5,
        other: 0,
        total: 62,
    };
    assert_eq!(seen.taken(), [wanted]);
    assert_eq!(told.taken(), [wanted]);
}

#[tokio::test(start_paused = true)]
async fn every_part_has_its_own_time_and_the_deadline_counts_from_the_first() {
    tokio::time::advance(ms(500)).await;
    let (seen, told) = (Notes::default(), Notes::default());
    let limit = limit();
    let left = Arc::new(Mutex::new(None));
    let layer = {
        let told = told.clone();
        QueueLatencyLayer::builder()
            .trusted(["10.0.0.1"])
            .deadline(deadline_fn(|_: &Head| Some(ms(100))))
            .tell(move |_, latency| told.add(latency))
            .build()
            .unwrap()
    };
    let service = {
        let (seen, left) = (seen.clone(), Arc::clone(&left));
        let handler = service_fn(move |request: Request<()>| {
            let latency = request.extensions().get::<QueueLatency>().unwrap();
            seen.add(latency);
            *left.lock().unwrap() = latency.left(&Now::unread());
            async { Ok::<_, Infallible>(Answer::default()) }
        });
        let protected = limit.layer(Slow::new(handler, ms(5)));
        layer.layer(Slow::new(Waits(protected, ms(11)), ms(2)))
    };
    let mut request = proxied(ms(20));
    let accepted = Now::unread().instant() - ms(3);
    request.extensions_mut().insert(ReceivedAt(accepted));

    let (_, answer) = tokio::join!(occupy(&limit, ms(37)), service.oneshot(request));
    answer.unwrap();
    let wanted = Parts {
        upstream: Some(17),
        accept: Some(3),
        // It came to the queue after 13 ms.
        queue: 24,
        readiness: 2 + 5,
        other: 11,
        total: 62,
    };
    assert_eq!(seen.taken(), [wanted]);
    assert_eq!(told.taken(), [wanted]);
    assert_eq!(*left.lock().unwrap(), Some(ms(100 - 62)));
}

#[tokio::test(start_paused = true)]
async fn without_a_queue_the_layer_measures_by_itself() {
    let (seen, told) = (Notes::default(), Notes::default());
    let service = telling(&told).layer(Slow::new(handler(&seen, ms(50)), ms(5)));
    service.oneshot(blank()).await.unwrap();
    let wanted = Parts {
        readiness: 5,
        total: 5,
        ..Parts::default()
    };
    assert_eq!(seen.taken(), [wanted]);
    assert_eq!(told.taken(), [wanted]);
}
