//! What is more urgent takes the place of what is less, and only the route can make it so.

mod support;

#[path = "../axum_stack.rs"]
#[expect(dead_code, reason = "its `main` is for people")]
mod example;

use std::net::SocketAddr;

use support::{Upload, bounded, get, send, start, text};
use tokio::task::JoinHandle;

/// Two uploads hold both places.
async fn fill(at: SocketAddr) -> [Upload; 2] {
    let mut one = Upload::begin(at, "/count", 3).await;
    one.inside().await;
    let mut two = Upload::begin(at, "/count", 3).await;
    two.inside().await;
    [one, two]
}

fn ask(at: SocketAddr, path: &'static str, claim: &'static str) -> JoinHandle<u16> {
    tokio::spawn(async move {
        let request = get(path).header("x-priority", claim);
        send(at, request).await.status().as_u16()
    })
}

#[tokio::test]
async fn health_checks_pass_a_full_wall_and_strangers_cannot_raise_themselves() {
    bounded(async {
        let server = start(example::serve).await;
        let at = server.at;
        let held = fill(at).await;
        assert_eq!(text(&send(at, get("/healthz")).await), "well\n");

        // Four reports fill the queue. A fifth is no better for its claim, and is refused at once;
        // the four wait for as long as one may.
        let waiting: Vec<_> = (0..4).map(|_| ask(at, "/report", "3")).collect();
        let mut refused = 0;
        for _ in 0..40 {
            refused += u32::from(ask(at, "/report", "critical").await.unwrap() == 503);
        }
        assert!(refused > 0, "somebody found the queue full");
        for one in waiting {
            assert!(matches!(one.await.unwrap(), 200 | 503));
        }
        for upload in held {
            assert_eq!(upload.end().await, 200);
        }
        server.stop().await;
    })
    .await;
}

#[tokio::test]
async fn the_wall_reads_classes_by_route_and_by_header() {
    let wall = example::wall().unwrap();
    let class = |path: &str, claim: Option<&str>| {
        let mut request = http::Request::builder().uri(path);
        if let Some(claim) = claim {
            request = request.header("x-priority", claim);
        }
        wall.priority_of(&request.body(()).unwrap().into_parts().0)
            .get()
    };
    assert_eq!(class("/checkout/basket", None), 0);
    assert_eq!(class("/report", None), 5);
    assert_eq!(class("/", None), 3);
    assert_eq!(class("/", Some("background")), 7);
    assert_eq!(class("/", Some("critical")), 3);
    assert_eq!(class("/report", Some("0")), 5);
    assert!(wall.describe().to_string().contains("2 inside at once"));
}
