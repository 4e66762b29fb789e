//! The series: which there are, that they are right, and that no stranger can add one.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use floodwall::http::{AdmitLayer, Head, by_path, header};
use floodwall::{
    Admission, ConcurrencyLimit, Mode, Now, QueueConfig, QueueLatencyLayer, RateLimit, all,
    describe_metrics, exempt, http::path,
};
use floodwall_tests::{ask, poll_once};
use http::{Request, Response};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use tower::{Layer, ServiceExt, service_fn};

/// Runs `test` under a recorder of its own, in a runtime whose clock is paused.
fn recorded(test: impl AsyncFnOnce()) -> Series {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || block_on(test()));
    Series::of(&snapshotter)
}

fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(future)
}

/// `name{label="value",…}` and its value; of a histogram all that it was given.
struct Series(BTreeMap<String, Vec<f64>>);

impl Series {
    fn of(snapshotter: &Snapshotter) -> Self {
        let mut all = BTreeMap::new();
        for (key, _, _, value) in snapshotter.snapshot().into_vec() {
            let (_, key) = key.into_parts();
            let mut labels: Vec<_> = key
                .labels()
                .map(|label| format!("{}={}", label.key(), label.value()))
                .collect();
            labels.sort();
            let name = format!("{}{{{}}}", key.name(), labels.join(","));
            #[expect(clippy::cast_precision_loss, reason = "a few requests")]
            let value = match value {
                DebugValue::Counter(n) => vec![n as f64],
                DebugValue::Gauge(x) => vec![x.into_inner()],
                DebugValue::Histogram(all) => all.into_iter().map(f64::from).collect(),
            };
            assert!(all.insert(name, value).is_none(), "a series is there twice");
        }
        Self(all)
    }

    #[track_caller]
    fn are(&self, wanted: &[(&str, &[f64])]) {
        let wanted: BTreeMap<_, _> = wanted
            .iter()
            .map(|(name, values)| ((*name).to_owned(), values.to_vec()))
            .collect();
        assert_eq!(self.0, wanted);
    }
}

async fn ok(_: Request<Body>) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(Body::empty()))
}

#[test]
fn a_quota_tells_what_it_decided_and_what_it_told_clients() {
    let series = recorded(async || {
        let layer = AdmitLayer::around(RateLimit::builder("2/10s").name("api").build().unwrap());
        for _ in 0..5 {
            let service = layer.layer(service_fn(ok));
            drop(service.oneshot(floodwall_tests::blank()).await.unwrap());
        }
    });
    series.are(&[
        (
            "floodwall_requests_total{class=3,decision=admit,layer=rate_limit,policy=api,reason=none}",
            &[2.0],
        ),
        (
            "floodwall_requests_total{class=3,decision=refuse,layer=rate_limit,policy=api,reason=quota}",
            &[3.0],
        ),
        ("floodwall_retry_after_seconds{layer=rate_limit,policy=api}", &[5.0, 5.0, 5.0]),
    ]);
}

/// A limit of 1 with one place in the queue, ordered by a header that everybody may write.
fn room() -> ConcurrencyLimit<floodwall::http::PriorityHeader> {
    ConcurrencyLimit::builder(1)
        .name("room")
        .queue(
            QueueConfig::builder()
                .capacity(1)
                .max_wait(Duration::from_millis(50)),
        )
        .priority(header("x-priority").trusting_everyone())
        .build()
        .unwrap()
}

fn head(priority: &str) -> Head {
    Request::builder()
        .header("x-priority", priority)
        .body(())
        .unwrap()
        .into_parts()
        .0
}

#[test]
fn a_limit_tells_who_is_inside_who_waits_for_how_long_and_who_was_refused() {
    let series = recorded(async || {
        let limit = room();
        limit.handle().publish();
        let held = limit.admit(&head("3"), &Now::unread()).await.unwrap();
        let mut low = Box::pin(limit.admit(&head("7"), &Now::unread()));
        assert!(poll_once(low.as_mut()).is_pending());
        tokio::time::advance(Duration::from_millis(10)).await;
        let mut high = Box::pin(limit.admit(&head("1"), &Now::unread()));
        assert!(poll_once(high.as_mut()).is_pending());
        assert!(low.await.is_err(), "evicted after 10 ms");
        tokio::time::advance(Duration::from_millis(20)).await;
        drop(held);
        let held = high.await.unwrap();
        // In vain until its time is up.
        assert!(limit.admit(&head("1"), &Now::unread()).await.is_err());
        // Left alone.
        let mut leaves = Box::pin(limit.admit(&head("1"), &Now::unread()));
        assert!(poll_once(leaves.as_mut()).is_pending());
        tokio::time::advance(Duration::from_millis(5)).await;
        drop(leaves);
        drop(held);
    });
    series.are(&[
        ("floodwall_in_flight{layer=concurrency,policy=room}", &[0.0]),
        ("floodwall_limit{layer=concurrency,policy=room}", &[1.0]),
        ("floodwall_queue_depth{class=1,layer=concurrency,policy=room}", &[0.0]),
        ("floodwall_queue_depth{class=7,layer=concurrency,policy=room}", &[0.0]),
        (
            "floodwall_queue_wait_seconds{class=1,layer=concurrency,policy=room}",
            &[0.02, 0.05, 0.005],
        ),
        ("floodwall_queue_wait_seconds{class=7,layer=concurrency,policy=room}", &[0.01]),
        (
            "floodwall_requests_total{class=1,decision=admit,layer=concurrency,policy=room,reason=none}",
            &[1.0],
        ),
        (
            "floodwall_requests_total{class=1,decision=refuse,layer=concurrency,policy=room,reason=queue_timeout}",
            &[1.0],
        ),
        (
            "floodwall_requests_total{class=3,decision=admit,layer=concurrency,policy=room,reason=none}",
            &[1.0],
        ),
        (
            "floodwall_requests_total{class=7,decision=refuse,layer=concurrency,policy=room,reason=evicted}",
            &[1.0],
        ),
        ("floodwall_retry_after_seconds{layer=concurrency,policy=room}", &[1.0, 1.0]),
    ]);
}

#[test]
fn gauges_tell_the_present() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        block_on(async {
            let limit = room();
            let _held = limit.admit(&head("3"), &Now::unread()).await.unwrap();
            let mut waits = Box::pin(limit.admit(&head("5"), &Now::unread()));
            assert!(poll_once(waits.as_mut()).is_pending());
            limit.handle().set_limit(1).unwrap();
            let series = Series::of(&snapshotter);
            let value = |name: &str| series.0[name][0];
            let is = |name, wanted: f64| assert!((value(name) - wanted).abs() < 0.5, "{name}");
            is("floodwall_in_flight{layer=concurrency,policy=room}", 1.0);
            is("floodwall_limit{layer=concurrency,policy=room}", 1.0);
            is(
                "floodwall_queue_depth{class=5,layer=concurrency,policy=room}",
                1.0,
            );
        });
    });
}

#[test]
fn shadow_mode_tells_what_it_would_have_done() {
    let series = recorded(async || {
        let quota = RateLimit::builder("1/h")
            .name("api")
            .mode(Mode::Shadow)
            .build()
            .unwrap();
        let limit = ConcurrencyLimit::builder(1)
            .name("room")
            .queue(QueueConfig::builder().capacity(1))
            .mode(Mode::Shadow)
            .build()
            .unwrap();
        let all = all((quota, limit));
        let kept: Vec<_> = (0..3).map(|_| ask(&all).unwrap().unwrap()).collect();
        drop(kept);
    });
    let would: Vec<_> = series
        .0
        .iter()
        .filter_map(|(name, count)| Some((name.split_once("decision=would_")?.1, count[0])))
        .collect();
    // One has the place, one would wait for it in the only place of the queue.
    assert_eq!(
        would,
        [
            ("refuse,layer=concurrency,policy=room,reason=full}", 1.0),
            ("refuse,layer=rate_limit,policy=api,reason=quota}", 2.0),
            ("wait,layer=concurrency,policy=room,reason=none}", 1.0),
        ]
    );
    assert!(
        !series.0.keys().any(|name| name.contains("decision=refuse")),
        "it refused nobody"
    );
}

#[test]
fn a_recorder_installed_after_the_layer_sees_its_series() {
    // Built where there is no recorder at all.
    let quota = RateLimit::builder("2/h").name("api").build().unwrap();
    let limit = ConcurrencyLimit::builder(8).name("room").build().unwrap();
    let layer = AdmitLayer::around(exempt(path("/healthz"), all((quota, limit))));
    let service = layer.layer(service_fn(ok));
    let series = recorded(async || {
        for uri in ["/", "/healthz", "/", "/"] {
            let request = Request::get(uri).body(Body::empty()).unwrap();
            drop(service.clone().oneshot(request).await.unwrap());
        }
    });
    let requests: Vec<_> = series
        .0
        .iter()
        .filter(|(name, _)| name.starts_with("floodwall_requests_total"))
        .map(|(name, count)| (name.split_once("decision=").unwrap().1, count[0] as u32))
        .collect();
    assert_eq!(
        requests,
        [
            ("admit,layer=concurrency,policy=exempt,reason=none}", 1),
            ("admit,layer=concurrency,policy=room,reason=none}", 2),
            ("admit,layer=rate_limit,policy=api,reason=none}", 2),
            ("refuse,layer=rate_limit,policy=api,reason=quota}", 1),
        ]
    );
}

#[test]
fn ten_thousand_hostile_requests_add_no_series() {
    let traffic = |many: usize, hostile: bool| {
        recorded(async move || {
            let quota = RateLimit::builder("20/h")
                .quota("100/d")
                .name("api")
                .key((header("x-key"), by_path()))
                .build()
                .unwrap();
            let narrow = RateLimit::builder("1/h")
                .name("narrow")
                .key(header("x-key"))
                .build()
                .unwrap();
            let layer = AdmitLayer::around(all((quota, narrow, room())));
            let service = layer.layer(service_fn(ok));
            let mut random = fastrand::Rng::with_seed(9);
            for i in 0..many {
                let mut word = || match hostile {
                    true => std::iter::repeat_with(|| random.alphanumeric())
                        .take(24)
                        .collect(),
                    false => String::from("word"),
                };
                let priority = if i < 8 || !hostile {
                    (i % 8).to_string()
                } else {
                    word()
                };
                let request = Request::builder()
                    .method(&*word())
                    .uri(format!("http://{}/{}?{}", word(), word(), word()))
                    // Some keys come twice, so that every kind of decision is made.
                    .header(
                        "x-key",
                        if i % 2 == 0 {
                            word()
                        } else {
                            "word".to_owned()
                        },
                    )
                    .header("x-priority", priority)
                    .header("user-agent", word())
                    .header("x-forwarded-for", word())
                    .body(Body::empty())
                    .unwrap();
                drop(service.clone().oneshot(request).await.unwrap());
            }
        })
    };
    let tame = traffic(16, false);
    let hostile = traffic(10_000, true);
    // What is possible at all: eight classes, a few decisions; known before anybody calls.
    let possible: usize = 3 * 8 * 3 + 2 * 8 + 10;
    assert!(hostile.0.len() <= possible, "{} series", hostile.0.len());
    for name in tame.0.keys() {
        assert!(hostile.0.contains_key(name), "{name}");
    }
    for name in hostile.0.keys() {
        let (_, labels) = name.trim_end_matches('}').split_once('{').unwrap();
        for label in labels.split(',') {
            let (key, value) = label.split_once('=').unwrap();
            let known: &[&str] = match key {
                "layer" => &["rate_limit", "concurrency"],
                "policy" => &["api", "narrow", "room"],
                "class" => &["0", "1", "2", "3", "4", "5", "6", "7"],
                "decision" => &["admit", "refuse"],
                "reason" => &["none", "quota"],
                other => panic!("nobody knows a label {other}"),
            };
            assert!(known.contains(&value), "{label} in {name}");
        }
    }
}

#[test]
fn every_series_is_described_with_its_unit() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        describe_metrics();
        block_on(async {
            let limit = room();
            limit.handle().publish();
            let held = limit.admit(&head("3"), &Now::unread()).await.unwrap();
            assert!(limit.admit(&head("3"), &Now::unread()).await.is_err());
            drop(held);
            let service = QueueLatencyLayer::new().layer(service_fn(ok));
            service.oneshot(floodwall_tests::blank()).await.unwrap();
        });
    });
    let mut seen = Vec::new();
    for (key, unit, about, _) in snapshotter.snapshot().into_vec() {
        let name = key.key().name().to_owned();
        assert!(
            about.is_some_and(|about| about.len() > 10),
            "{name} says nothing"
        );
        let unit = unit.map(|unit| unit.as_str());
        let wanted = if name.ends_with("_seconds") {
            "seconds"
        } else {
            "count"
        };
        assert_eq!(unit, Some(wanted), "{name}");
        seen.push(name);
    }
    seen.sort();
    seen.dedup();
    assert_eq!(
        seen,
        [
            "floodwall_in_flight",
            "floodwall_limit",
            "floodwall_queue_depth",
            "floodwall_queue_latency_seconds",
            "floodwall_queue_wait_seconds",
            "floodwall_requests_total",
            "floodwall_retry_after_seconds",
        ]
    );
}

#[test]
fn queue_latency_has_a_histogram_for_each_part_and_class() {
    let series = recorded(async || {
        let limit = ConcurrencyLimit::builder(1).layer().unwrap();
        let layer = QueueLatencyLayer::builder()
            .trusting_everyone()
            .priority(header("x-priority").trusting_everyone());
        let layer = layer.build().unwrap();
        let service = layer.layer(limit.layer(service_fn(ok)));
        for (class, age) in [("1", Some(250)), ("7", None)] {
            let held = limit.policy().admit(&head("3"), &Now::unread());
            let held = held.await.unwrap();
            let mut request = floodwall_tests::blank();
            let headers = request.headers_mut();
            headers.insert("x-priority", class.parse().unwrap());
            if let Some(age) = age {
                let stamp = Now::unread().wall().unwrap() - Duration::from_millis(age);
                let stamp = stamp.duration_since(std::time::UNIX_EPOCH).unwrap();
                let stamp = stamp.as_nanos().to_string().parse().unwrap();
                headers.insert("x-request-start", stamp);
            }
            let mut waits = Box::pin(service.clone().oneshot(request));
            assert!(poll_once(waits.as_mut()).is_pending());
            tokio::time::advance(Duration::from_millis(50)).await;
            drop(held);
            waits.await.unwrap();
        }
    });
    let latency = series.0.into_iter();
    let latency = latency.filter(|(name, _)| name.starts_with("floodwall_queue_latency"));
    Series(latency.collect()).are(&[
        (
            "floodwall_queue_latency_seconds{class=1,part=other}",
            &[0.0],
        ),
        (
            "floodwall_queue_latency_seconds{class=1,part=queue}",
            &[0.05],
        ),
        (
            "floodwall_queue_latency_seconds{class=1,part=readiness}",
            &[0.0],
        ),
        (
            "floodwall_queue_latency_seconds{class=1,part=total}",
            &[0.3],
        ),
        (
            "floodwall_queue_latency_seconds{class=1,part=upstream}",
            &[0.25],
        ),
        (
            "floodwall_queue_latency_seconds{class=7,part=other}",
            &[0.0],
        ),
        (
            "floodwall_queue_latency_seconds{class=7,part=queue}",
            &[0.05],
        ),
        (
            "floodwall_queue_latency_seconds{class=7,part=readiness}",
            &[0.0],
        ),
        (
            "floodwall_queue_latency_seconds{class=7,part=total}",
            &[0.05],
        ),
    ]);
}
