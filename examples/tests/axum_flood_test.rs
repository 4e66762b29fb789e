//! Twenty thousand requests in five seconds, four times what the shop can do.

#[path = "../axum_flood_test.rs"]
#[expect(dead_code, reason = "its `main` is for people")]
mod example;

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use floodwall_sim::http::Http;
use floodwall_sim::{Attempt, Client, Phase, Scenario, Simulation};

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn flood() -> Scenario {
    Scenario::new("sale")
        .capacity(1_000.0)
        .phase(Phase::new("calm", ms(5_000)).load(0.5))
        .phase(Phase::new("sale", ms(5_000)).load(4.0))
        .phase(Phase::new("after", ms(5_000)).load(0.5))
        .client(Client::new("/checkout").share(0.1).deadline(ms(200)))
        .client(Client::new("/").share(0.9).deadline(ms(200)))
}

fn request(attempt: &Attempt) -> Request<Body> {
    let method = if attempt.client() == "/" {
        "GET"
    } else {
        "POST"
    };
    let request = Request::builder().method(method).uri(attempt.client());
    request.body(Body::empty()).expect("a path is a URI")
}

#[test]
fn checkouts_survive_the_sale() {
    let start = Instant::now();
    let flood = flood();
    let report = Simulation::new(&flood)
        .run(|_| Http::new(example::app().expect("it can be built"), request))
        .expect("it waits for nothing but timers and the database");

    let sale = report.phase("sale").unwrap().all.offered;
    println!(
        "{sale} requests of the sale, {} in all, took {:.0?} to play",
        report.total.all.offered,
        start.elapsed()
    );
    assert!(sale.abs_diff(20_000) < 500, "{sale}");

    report.during("calm").no_refusals();
    report
        .during("sale")
        .client("/checkout")
        .success()
        .at_least(0.995);
    report.during("sale").goodput().at_least(0.97);
    report
        .during("sale")
        .client("/checkout")
        .p99()
        .at_most(ms(50));
    report.during("after").recovers_within(ms(500));
}

/// The same router without its layer: the test above is worth something only if this one fails it.
#[test]
fn without_the_wall_they_do_not() {
    use axum::Router;
    use axum::routing::any;
    use std::sync::Arc;
    use tokio::sync::Semaphore;

    let flood = flood();
    let report = Simulation::new(&flood)
        .run(|_| {
            let connections = Arc::new(Semaphore::new(10));
            let query = move || {
                let connections = Arc::clone(&connections);
                async move {
                    let _connection = connections.acquire().await.unwrap();
                    tokio::time::sleep(ms(10)).await;
                }
            };
            let app: Router = Router::new().fallback(any(query));
            Http::new(app, request)
        })
        .unwrap();
    let sale = report.during("sale");
    assert!(sale.client("/checkout").success().value().unwrap() < 0.2);
    assert!(sale.goodput().value().unwrap() < 0.2);
}
