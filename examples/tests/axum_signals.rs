//! What people and autoscalers read while a place is taken, and after.

mod support;

#[path = "../axum_signals.rs"]
#[expect(dead_code, reason = "its `main` is for people")]
mod example;

use support::{Upload, bounded, field, get, send, start, text};
use tokio::net::TcpListener;

#[tokio::test]
async fn a_place_that_is_taken_shows_on_both_pages() {
    bounded(async {
        let admin = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let admin_at = admin.local_addr().unwrap();
        let server = start(|listener, stop| example::serve(listener, admin, stop)).await;
        let mut upload = Upload::begin(server.at, "/count", 3).await;
        upload.inside().await;

        let page = send(admin_at, get("/signals")).await;
        assert_eq!(field(&page, "content-type"), Some("application/json"));
        let page = text(&page).to_owned();
        assert!(
            page.contains("\"utilisation_ratio\":{\"value\":0.5,"),
            "{page}"
        );
        assert!(page.contains("\"in_flight\":1,"), "{page}");
        let numbers = send(admin_at, get("/autoscale")).await;
        assert!(
            text(&numbers).contains("\"limit\":2,"),
            "{}",
            text(&numbers)
        );

        assert_eq!(upload.end().await, 200);
        assert_eq!(send(admin_at, get("/")).await.status(), 404);
        server.stop().await;
    })
    .await;
}
