//! A policy of one's own keeps the rules that composition relies on, and does what it says.

mod support;

#[path = "../own_policy.rs"]
#[expect(dead_code, reason = "its `main` is for people")]
mod example;

use example::UploadBudget;
use floodwall::conformance;
use floodwall::http::Head;
use http::Request;
use support::{Upload, bounded, send_body, start};

fn upload_of(bytes: u64) -> Head {
    let request = Request::post("/").header("content-length", bytes);
    request.body(()).unwrap().into_parts().0
}

#[test]
fn it_keeps_the_rules() {
    conformance::check(|| UploadBudget::new(1_000), || upload_of(300));
}

#[tokio::test]
async fn what_does_not_fit_beside_the_others_is_refused_until_they_have_ended() {
    const TWO_MIB: usize = 2 << 20;
    bounded(async {
        let server = start(example::serve).await;
        let mut first = Upload::begin(server.at, "/", TWO_MIB).await;
        let mut second = Upload::begin(server.at, "/", TWO_MIB).await;
        first.inside().await;
        second.inside().await;

        let post = || Request::post("/");
        assert_eq!(
            send_body(server.at, post(), "a single byte too many")
                .await
                .status(),
            503
        );

        assert_eq!(first.end().await, 200);
        assert_eq!(
            send_body(server.at, post(), "now it fits").await.status(),
            200
        );
        assert_eq!(second.end().await, 200);

        // Not refused as if waiting would help: the handler is asked.
        let mut huge = Upload::begin(server.at, "/", 5 * TWO_MIB).await;
        huge.inside().await;
        drop(huge);
        server.stop().await;
    })
    .await;
}
