use axum::Router;
use axum::body::Body;
use axum::routing::get as on_get;
use http::Response;

use crate::{Crowd, Frames, Storm, Then};

/// Handlers that end in every way there is: `/never`, `/panics`, `/short`, `/endless`, `/stalls`,
/// `/fails`, `/body-panics`.
pub fn endings(crowd: &Crowd) -> Router {
    let never = {
        let crowd = crowd.clone();
        on_get(move || {
            let inside = crowd.enter();
            async move {
                std::future::pending::<()>().await;
                drop(inside);
            }
        })
    };
    let panics = {
        let crowd = crowd.clone();
        on_get(async move || -> () {
            let _inside = crowd.enter();
            std::panic::resume_unwind(Box::new(Storm));
        })
    };
    let body = |frames, then| {
        let crowd = crowd.clone();
        on_get(move || {
            let body = Frames::new(frames, then, crowd.enter());
            async move { Response::new(Body::new(body)) }
        })
    };
    Router::new()
        .route("/never", never)
        .route("/panics", panics)
        .route("/short", body(3, Then::End))
        .route("/endless", body(1, Then::GoOn))
        .route("/stalls", body(1, Then::Stall))
        .route("/fails", body(2, Then::Fail))
        .route("/body-panics", body(2, Then::Panic))
}
