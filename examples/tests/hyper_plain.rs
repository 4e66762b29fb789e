//! The quota of an address that the server told by hand.

mod support;

#[path = "../hyper_plain.rs"]
#[expect(dead_code, reason = "its `main` is for people")]
mod example;

use support::{bounded, field, get, send, start, text};

#[tokio::test]
async fn one_address_has_one_quota_over_all_its_connections() {
    bounded(async {
        let server = start(example::serve).await;
        for _ in 0..5 {
            let response = send(server.at, get("/")).await;
            assert_eq!(
                (response.status().as_u16(), text(&response)),
                (200, "hello\n")
            );
        }
        let refused = send(server.at, get("/")).await;
        assert_eq!(refused.status(), 429);
        assert_eq!(
            field(&refused, "content-type"),
            Some("application/problem+json")
        );
        assert!(field(&refused, "retry-after").is_some());
        server.stop().await;
    })
    .await;
}
