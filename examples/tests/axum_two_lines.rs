//! 64 are inside, and who finds no place is told so.

mod support;

#[path = "../axum_two_lines.rs"]
#[expect(dead_code, reason = "its `main` is for people")]
mod example;

use support::{Upload, bounded, field, get, send, start, text};

#[tokio::test]
async fn sixty_four_get_in_and_the_next_one_is_told_to_come_back() {
    bounded(async {
        let server = start(example::serve).await;
        assert_eq!(text(&send(server.at, get("/")).await), "hello\n");

        let mut inside = Vec::new();
        for _ in 0..64 {
            let mut upload = Upload::begin(server.at, "/count", 3).await;
            upload.inside().await;
            inside.push(upload);
        }
        // On another route, because the limit is for all of them.
        let refused = send(server.at, get("/")).await;
        assert_eq!(refused.status(), 503);
        assert!(
            field(&refused, "retry-after")
                .unwrap()
                .parse::<u32>()
                .unwrap()
                >= 1
        );

        assert_eq!(inside.pop().unwrap().end().await, 200);
        assert_eq!(send(server.at, get("/")).await.status(), 200);

        for upload in inside {
            assert_eq!(upload.end().await, 200);
        }
        server.stop().await;
    })
    .await;
}
