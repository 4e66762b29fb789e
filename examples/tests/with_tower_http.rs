//! What the order is good for.

mod support;

#[path = "../with_tower_http.rs"]
#[expect(dead_code, reason = "its `main` is for people")]
mod example;

use example::SHOP;
use http::Request;
use support::{bounded, field, get, send, start};

#[tokio::test]
async fn a_browser_can_read_a_429_and_preflights_cost_no_quota() {
    bounded(async {
        let server = start(example::serve).await;
        let preflight = || {
            let request = Request::options("/").header("origin", SHOP);
            send(
                server.at,
                request.header("access-control-request-method", "GET"),
            )
        };
        // More than the quota has.
        for _ in 0..9 {
            let allowed = preflight().await;
            assert_eq!(allowed.status(), 200);
            assert_eq!(field(&allowed, "access-control-allow-methods"), Some("GET"));
        }

        let ask = || send(server.at, get("/").header("origin", SHOP));
        for _ in 0..5 {
            assert_eq!(ask().await.status(), 200);
        }
        let refused = ask().await;
        assert_eq!(refused.status(), 429);
        assert_eq!(field(&refused, "access-control-allow-origin"), Some(SHOP));
        let exposed = field(&refused, "access-control-expose-headers").unwrap();
        for name in ["retry-after", "ratelimit", "ratelimit-policy"] {
            assert!(
                exposed.split(',').any(|one| one.trim() == name),
                "{name} in {exposed}"
            );
            assert!(field(&refused, name).is_some(), "{name}");
        }

        assert_eq!(preflight().await.status(), 200);
        server.stop().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_let_in_is_compressed() {
    bounded(async {
        let server = start(example::serve).await;
        let zipped = send(server.at, get("/").header("accept-encoding", "gzip")).await;
        assert_eq!(field(&zipped, "content-encoding"), Some("gzip"));
        assert!(zipped.body().len() < 6_000, "{}", zipped.body().len());
        server.stop().await;
    })
    .await;
}
