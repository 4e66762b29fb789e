//! Whose quota a request spends.

mod support;

#[path = "../axum_api_keys.rs"]
#[expect(dead_code, reason = "its `main` is for people")]
mod example;

use std::net::SocketAddr;

use support::{bounded, field, get, send, start, text};

/// Sends five, which is the burst, and tells whether a sixth is refused.
async fn spend(at: SocketAddr, with: &[(&str, &str)]) {
    for n in 0..6 {
        let request = with.iter().fold(get("/"), |request, (name, value)| {
            request.header(*name, *value)
        });
        let status = send(at, request).await.status();
        assert_eq!(status, if n < 5 { 200 } else { 429 }, "{n} of {with:?}");
    }
}

async fn status(at: SocketAddr, name: &str, value: &str) -> u16 {
    send(at, get("/").header(name, value))
        .await
        .status()
        .as_u16()
}

#[tokio::test]
async fn each_key_has_a_quota_and_strangers_have_one_for_each_address() {
    bounded(async {
        let server = start(example::serve).await;
        let at = server.at;

        spend(at, &[("x-api-key", "k-4711")]).await;
        let bob = send(at, get("/").header("x-api-key", "k-0815")).await;
        assert_eq!((bob.status().as_u16(), text(&bob)), (200, "hello Bob\n"));

        spend(at, &[("x-forwarded-for", "203.0.113.9")]).await;
        assert_eq!(status(at, "x-forwarded-for", "203.0.113.10").await, 200);
        // The proxy appends whom it was called by; what is to the left of that anybody can write.
        assert_eq!(
            status(at, "x-forwarded-for", "198.51.100.1, 203.0.113.9").await,
            429
        );
        server.stop().await;
    })
    .await;
}

#[tokio::test]
async fn guessing_keys_spends_the_quota_of_the_address() {
    bounded(async {
        let server = start(example::serve).await;
        for n in 0..6 {
            let guess = status(server.at, "x-api-key", &format!("k-{n}")).await;
            assert_eq!(guess, if n < 5 { 200 } else { 429 }, "guess {n}");
        }
        assert_eq!(status(server.at, "x-api-key", "k-4711").await, 200);
        server.stop().await;
    })
    .await;
}

#[tokio::test]
async fn answers_say_what_is_left() {
    bounded(async {
        let server = start(example::serve).await;
        let ask = || send(server.at, get("/").header("x-api-key", "k-4711"));

        let first = ask().await;
        assert_eq!(
            field(&first, "ratelimit-policy"),
            Some("\"requests\";q=100;w=3600")
        );
        let left = field(&first, "ratelimit").unwrap();
        assert!(left.starts_with("\"requests\";r=4;t="), "{left}");

        spend_rest(server.at).await;
        let refused = ask().await;
        assert_eq!(refused.status(), 429);
        let left = field(&refused, "ratelimit").unwrap();
        assert!(left.starts_with("\"requests\";r=0;t="), "{left}");
        assert!(
            field(&refused, "retry-after")
                .unwrap()
                .parse::<u32>()
                .unwrap()
                >= 1
        );
        server.stop().await;
    })
    .await;
}

async fn spend_rest(at: SocketAddr) {
    for _ in 0..4 {
        assert_eq!(status(at, "x-api-key", "k-4711").await, 200);
    }
}
