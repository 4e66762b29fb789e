//! Shadow counts and lets through; enforcing refuses what shadow had counted.

mod support;

#[path = "../shadow_first.rs"]
#[expect(dead_code, reason = "its `main` is for people")]
mod example;

use http::Request;
use support::{bounded, get, send, start, text};

#[tokio::test]
async fn shadow_tells_what_enforcing_then_does() {
    bounded(async {
        let server = start(example::serve).await;
        let at = server.at;
        for _ in 0..5 {
            assert_eq!(send(at, get("/")).await.status(), 200);
        }
        let told = send(at, get("/wall")).await;
        assert_eq!(
            text(&told),
            "mode shadow: 2 would have been refused, 0 were refused\n"
        );

        let typo = send(at, Request::put("/wall/enforced")).await;
        assert_eq!(typo.status(), 400);
        assert!(
            text(&typo).contains("enforce, shadow or off"),
            "{}",
            text(&typo)
        );

        assert_eq!(send(at, Request::put("/wall/enforce")).await.status(), 200);
        assert_eq!(send(at, get("/")).await.status(), 429);
        assert_eq!(send(at, Request::put("/wall/off")).await.status(), 200);
        assert_eq!(send(at, get("/")).await.status(), 200);
        server.stop().await;
    })
    .await;
}
