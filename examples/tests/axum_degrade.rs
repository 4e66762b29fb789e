//! Who has time gets all, who has little gets less, who has none is not served.

mod support;

#[path = "../axum_degrade.rs"]
#[expect(dead_code, reason = "its `main` is for people")]
mod example;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use support::{bounded, field, get, send, start, text};
use tower::ServiceExt;

const RICH: &str = "books, and what others read\n";
const PLAIN: &str = "books\n";

/// All of them at once, in virtual time; what each got, and after how much waiting.
async fn crowd(n: usize) -> Vec<(u16, String, Option<String>)> {
    let app = example::app().unwrap();
    let mut all = tokio::task::JoinSet::new();
    for i in 0..n {
        let ask = app.clone().oneshot(Request::new(Body::empty()));
        all.spawn(async move {
            let (head, body) = ask.await.unwrap().into_parts();
            let body = to_bytes(body, 100).await.unwrap();
            let timing = head.headers.get("server-timing");
            let timing = timing.map(|value| value.to_str().unwrap().to_owned());
            let text = String::from_utf8_lossy(&body).into_owned();
            (i, (head.status.as_u16(), text, timing))
        });
    }
    let mut answers = all.join_all().await;
    answers.sort();
    answers.into_iter().map(|(_, answer)| answer).collect()
}

#[tokio::test(start_paused = true)]
async fn in_a_crowd_those_who_waited_get_the_plain_page_and_all_are_served() {
    let answers = crowd(16).await;
    assert!(answers.iter().all(|(status, ..)| *status == 200));
    let count = |page| answers.iter().filter(|(_, text, _)| text == page).count();
    // Two at a time and 70 ms each: rounds begin at 0, 70 and 140 ms, with 250, 180 and 110 left.
    assert_eq!(count(RICH), 6);
    // At 210 ms the rest has 40 left, and 5 ms are enough for a page.
    assert_eq!(count(PLAIN), 10);

    let waits = |page: &'static str| {
        let answers = answers.iter().filter(move |(_, text, _)| text == page);
        answers.map(|(_, _, timing)| {
            let timing = timing.as_ref().unwrap();
            timing
                .strip_prefix("queue;dur=")
                .unwrap()
                .parse::<f64>()
                .unwrap()
        })
    };
    assert!(waits(RICH).all(|ms| ms < 150.0));
    assert!(waits(PLAIN).all(|ms| ms > 200.0));
}

#[tokio::test(start_paused = true)]
async fn who_is_in_a_hurry_gets_the_plain_page() {
    for (timeout, wanted) in [("81ms", RICH), ("79ms", PLAIN), ("junk", RICH)] {
        let request = Request::get("/").header("x-request-timeout", timeout);
        let request = request.body(Body::empty()).unwrap();
        let answer = example::app().unwrap().oneshot(request).await.unwrap();
        let body = to_bytes(answer.into_body(), 100).await.unwrap();
        assert_eq!(body, wanted, "{timeout}");
    }
}

#[tokio::test]
async fn it_serves() {
    bounded(async {
        let server = start(example::serve).await;
        let answer = send(server.at, get("/")).await;
        // Which page, or whether its time was up, depends on how busy this machine is.
        if answer.status() == 200 {
            assert!([RICH, PLAIN].contains(&text(&answer)));
            let timing = field(&answer, "server-timing").unwrap();
            assert!(timing.starts_with("queue;dur="), "{timing}");
        } else {
            assert_eq!(answer.status(), 503);
        }
        server.stop().await;
    })
    .await;
}
