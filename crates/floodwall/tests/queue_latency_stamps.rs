//! `X-Request-Start`: every form that is sent, clocks that differ, and strangers who make things up.
#![cfg(feature = "http")]

mod latency;

use std::convert::Infallible;
use std::time::Duration;

use floodwall::http::{PeerAddr, ReceivedAt, extension, grpc_timeout};
use floodwall::queue_latency::Part;
use floodwall::{ConcurrencyLimit, Now, QueueLatency, QueueLatencyLayer};
use http::Response;
use latency::{PROXY, STRANGER, ago, from, ms, seen, trusting};
use proptest::prelude::*;
use tower::{Layer, ServiceExt, service_fn};

async fn upstream(headers: &[(&str, impl AsRef<[u8]>)]) -> Option<Duration> {
    let trusted = seen(&trusting(), from(PROXY, headers)).await;
    assert_eq!(
        trusted.total(),
        trusted.upstream().unwrap_or_default(),
        "nothing else is waited for"
    );
    // The same from a stranger says nothing at all.
    let stranger = seen(&trusting(), from(STRANGER, headers)).await;
    assert_eq!(stranger.upstream(), None);
    assert_eq!(stranger.total(), Duration::ZERO);
    assert_eq!(stranger.arrival(), Now::unread().instant());
    trusted.upstream()
}

/// 250 ms ago, in whole microseconds, and how old that is exactly.
fn a_while_ago() -> (u128, Duration) {
    let micros = ago(ms(250)).as_micros();
    let told = Duration::from_micros(u64::try_from(micros).unwrap());
    (micros, ago(Duration::ZERO) - told)
}

#[tokio::test(start_paused = true)]
async fn every_senders_form_is_read() {
    tokio::time::advance(ms(12_345)).await;
    let (micros, exactly) = a_while_ago();
    let millis = micros / 1_000;
    let below_ms = Duration::from_micros(u64::try_from(micros % 1_000).unwrap());
    let to_the_ms = Some(exactly + below_ms);
    let below_s = Duration::from_micros(u64::try_from(micros % 1_000_000).unwrap());
    let nanos = ago(ms(250)).as_nanos();
    let start = "x-request-start";
    let queue = "x-queue-start";

    for (sender, name, value, wanted) in [
        ("Heroku", start, format!("{millis}"), to_the_ms),
        (
            "nginx",
            start,
            format!("t={}.{:03}", millis / 1_000, millis % 1_000),
            to_the_ms,
        ),
        ("Apache", start, format!("t={micros}"), Some(exactly)),
        ("New Relic", queue, format!("t={micros}"), Some(exactly)),
        ("Render", start, format!("{micros}"), Some(exactly)),
        ("others", start, format!("{nanos}"), Some(ms(250))),
        ("others", queue, format!("t={nanos}"), Some(ms(250))),
        (
            "in seconds",
            start,
            format!("{}", micros / 1_000_000),
            Some(exactly + below_s),
        ),
        (
            "in finer seconds",
            queue,
            format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000),
            Some(exactly),
        ),
        (
            "in finer milliseconds",
            start,
            format!("t={}.{:03}", millis, micros % 1_000),
            Some(exactly),
        ),
    ] {
        assert_eq!(
            upstream(&[(name, &value)]).await,
            wanted,
            "{sender}: {value}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn clocks_that_differ_a_little_count_as_now_and_others_say_nothing() {
    tokio::time::advance(ms(1_000)).await;
    let now = ago(Duration::ZERO);
    let text = |at: Duration| format!("t={}", at.as_nanos());
    for (at, wanted) in [
        (now, Some(Duration::ZERO)),
        (now + ms(1), Some(Duration::ZERO)),
        (now + ms(1_000), Some(Duration::ZERO)),
        (now + ms(1_001), None),
        (now + ms(3_600_000), None),
        (now - ms(1), Some(ms(1))),
        (now - ms(300_000), Some(ms(300_000))),
        (now - ms(300_001), None),
        (now - ms(86_400_000), None),
        (Duration::from_secs(1_000_000_000), None),
        (Duration::from_nanos(u64::MAX), None),
    ] {
        let value = text(at);
        assert_eq!(
            upstream(&[("x-request-start", &value)]).await,
            wanted,
            "{value}"
        );
    }

    let strict = QueueLatencyLayer::builder()
        .trusting_everyone()
        .skew(Duration::ZERO)
        .oldest(ms(100));
    let strict = strict.build().unwrap();
    for (at, wanted) in [
        (now + Duration::from_nanos(1), None),
        (now, Some(Duration::ZERO)),
        (now - ms(100), Some(ms(100))),
        (now - ms(101), None),
    ] {
        let request = from(STRANGER, &[("x-queue-start", text(at))]);
        assert_eq!(seen(&strict, request).await.upstream(), wanted, "{at:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn of_several_stamps_the_earliest_counts_and_junk_says_nothing() {
    let start = "x-request-start";
    let queue = "x-queue-start";
    let at = |age| format!("t={}", ago(ms(age)).as_nanos());
    let junk = "yesterday".to_owned();
    let none = None;
    for (headers, wanted) in [
        (vec![(start, at(20)), (start, at(50))], Some(ms(50))),
        (vec![(start, at(20)), (queue, at(70))], Some(ms(70))),
        (vec![(start, at(90)), (queue, at(70))], Some(ms(90))),
        (vec![(start, junk.clone()), (start, at(50))], Some(ms(50))),
        (
            vec![(start, format!("{},  {}, ,x", at(20), at(60)))],
            Some(ms(60)),
        ),
        // One that is too old, or in the future, does not spoil the others.
        (vec![(start, at(400_000)), (queue, at(5))], Some(ms(5))),
        (
            vec![(start, "t=99999999999".to_owned()), (start, at(5))],
            Some(ms(5)),
        ),
        (vec![(start, junk)], none),
        (vec![(start, String::new())], none),
        (vec![(start, "0".to_owned())], none),
        (vec![(start, "-1".to_owned())], none),
        (vec![(start, "9".repeat(400))], none),
    ] {
        assert_eq!(upstream(&headers).await, wanted, "{headers:?}");
    }
    let not_text: &[u8] = b"t=1764000123\xff\xfe";
    assert_eq!(upstream(&[(start, not_text)]).await, None);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_believed_by_default_and_nobody_without_an_address() {
    let stamp = format!("t={}", ago(ms(250)).as_nanos());
    let headers = [("x-request-start", &stamp)];
    let latency = seen(&QueueLatencyLayer::new(), from(PROXY, &headers)).await;
    assert_eq!((latency.upstream(), latency.total()), (None, ms(0)));

    let mut unknown = from(PROXY, &headers);
    unknown.extensions_mut().remove::<PeerAddr>();
    assert_eq!(seen(&trusting(), unknown).await.upstream(), None);
}

#[tokio::test(start_paused = true)]
async fn the_way_from_the_proxy_ends_where_the_server_had_the_request() {
    tokio::time::advance(ms(100)).await;
    let now = Now::unread().instant();
    for (stamp, received, wanted) in [
        (20, 5, (Some(ms(15)), Some(ms(5)), ms(20))),
        // The connection was accepted before the proxy had the request: not twice the same time.
        (20, 30, (Some(ms(0)), Some(ms(30)), ms(30))),
        // Of an hour ago, though it is the first request: somebody stamps what has no meaning.
        (20, 3_600_000, (Some(ms(20)), None, ms(20))),
    ] {
        let stamp = format!("t={}", ago(ms(stamp)).as_nanos());
        let mut request = from(PROXY, &[("x-request-start", &stamp)]);
        if let Some(at) = now.checked_sub(ms(received)) {
            request.extensions_mut().insert(ReceivedAt(at));
        }
        let latency = seen(&trusting(), request).await;
        let told = (latency.upstream(), latency.accept(), latency.total());
        assert_eq!(told, wanted);
        assert_eq!(latency.arrival(), now - wanted.2);
    }
    let mut request = from::<&str>(PROXY, &[]);
    request.extensions_mut().insert(ReceivedAt(now + ms(5)));
    assert_eq!(seen(&trusting(), request).await.accept(), Some(ms(0)));
}

#[tokio::test(start_paused = true)]
async fn a_stamp_can_only_shorten_what_is_left_and_only_from_a_trusted_peer() {
    let at = |age| format!("t={}", ago(ms(age)).as_nanos());
    let future = format!("t={}", (ago(Duration::ZERO) + ms(900)).as_nanos());
    for (peer, stamp, wanted) in [
        (PROXY, at(0), ms(200)),
        (PROXY, at(30), ms(170)),
        (PROXY, at(250), ms(0)),
        (PROXY, future.clone(), ms(200)),
        (STRANGER, at(30), ms(200)),
        (STRANGER, at(250), ms(200)),
        (STRANGER, future, ms(200)),
    ] {
        let headers = [
            ("grpc-timeout", "200m".to_owned()),
            ("x-request-start", stamp),
        ];
        let latency = seen(&trusting(), from(peer, &headers)).await;
        assert_eq!(latency.left(&Now::unread()), Some(wanted), "{headers:?}");
    }

    // What the service itself knows bounds what anybody asks for.
    let patient = QueueLatencyLayer::builder()
        .trusted(["10.0.0.0/8"])
        .deadline(grpc_timeout())
        .patience(ms(500))
        .build()
        .unwrap();
    for (timeout, wanted) in [
        ("99999999H", 500),
        ("501m", 500),
        ("499m", 499),
        ("0S", 0),
        ("junk", 500),
        ("-1S", 500),
    ] {
        let latency = seen(&patient, from(STRANGER, &[("grpc-timeout", timeout)])).await;
        assert_eq!(latency.left(&Now::unread()), Some(ms(wanted)), "{timeout}");
    }
    let latency = seen(&trusting(), from::<&str>(STRANGER, &[])).await;
    assert_eq!(latency.left(&Now::unread()), None, "nobody said");
}

/// The limit behind it takes the deadline that counts from the arrival.
#[tokio::test(start_paused = true)]
async fn a_limit_refuses_whose_time_the_proxy_used_up() {
    let limit = ConcurrencyLimit::builder(1)
        .deadline(extension::<QueueLatency>())
        .layer()
        .unwrap();
    let handler = service_fn(async |_| Ok::<_, Infallible>(Response::new(String::new())));
    let service = trusting().layer(limit.layer(handler));
    for (peer, age, status) in [
        (PROXY, 99, 200),
        (PROXY, 100, 503),
        (STRANGER, 100, 200),
        (STRANGER, 200_000, 200),
    ] {
        let stamp = format!("t={}", ago(ms(age)).as_nanos());
        let headers = [("grpc-timeout", "100m"), ("x-request-start", &*stamp)];
        let answer = service.clone().oneshot(from(peer, &headers)).await.unwrap();
        assert_eq!(answer.status(), status, "{peer:?}, {age} ms ago");
    }
}

/// What a header says: anything, or a stamp of so many milliseconds ago, in one of the units.
#[derive(Clone, Debug)]
enum Said {
    Bytes(Vec<u8>),
    Ago(i64, u128),
}

impl Said {
    fn text(&self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes.clone(),
            Self::Ago(millis, unit) => {
                let age = i128::from(*millis) * 1_000_000;
                let now = i128::try_from(ago(ms(0)).as_nanos()).unwrap();
                let at = u128::try_from(now - age).unwrap();
                format!("t={}", at / unit).into_bytes()
            }
        }
    }
}

fn headers() -> impl Strategy<Value = Vec<(&'static str, Said)>> {
    let name = prop::sample::select(vec!["x-request-start", "x-queue-start", "grpc-timeout"]);
    let number = "(t=)?-?[0-9]{0,22}(\\.[0-9]{0,22})?[HMSmun]?".prop_map(String::into_bytes);
    let byte = any::<u8>();
    let byte = byte.prop_filter("no header has it", |b| {
        *b == b'\t' || (*b >= 32 && *b != 127)
    });
    let said = prop_oneof![
        number.prop_map(Said::Bytes),
        prop::collection::vec(byte, 0..40).prop_map(Said::Bytes),
        (
            -5_000..400_000_i64,
            prop::sample::select(vec![1, 1_000, 1_000_000, 1_000_000_000])
        )
            .prop_map(|(age, unit)| Said::Ago(age, unit)),
    ];
    prop::collection::vec((name, said), 0..6)
}

proptest! {
    /// Whatever is sent: it does not panic, from a stranger it says nothing, and from a trusted
    /// peer no more than the oldest that is believed.
    #[test]
    fn whatever_is_sent_raises_nothing(headers in headers()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let headers: Vec<_> = headers.iter().map(|(name, said)| (*name, said.text())).collect();
            let stranger = seen(&trusting(), from(STRANGER, &headers)).await;
            for part in Part::ALL {
                prop_assert_eq!(stranger.part(part).unwrap_or_default(), Duration::ZERO);
            }
            let trusted = seen(&trusting(), from(PROXY, &headers)).await;
            prop_assert!(trusted.total() <= Duration::from_secs(300));
            let now = Now::unread();
            if let Some(left) = stranger.left(&now) {
                prop_assert!(trusted.left(&now).unwrap() <= left);
            }
            Ok(())
        })?;
    }
}
