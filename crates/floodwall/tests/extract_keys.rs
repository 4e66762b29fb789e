//! Keys, costs and kinds that are read from a request's head.
#![cfg(feature = "http")]

use std::hash::Hasher;

use floodwall::Matches;
use floodwall::extract::{CostOf, KeyOf};
use floodwall::http::{
    Head, PeerAddr, RouteTemplate, by_method, by_path, client_address, extension, header,
    header_is, method, path, path_prefix, preflight, route, route_costs,
};
use floodwall_core::rate::HashSecret;
use http::{HeaderName, Method, Request};

fn head(method: &str, uri: &str, lines: &[(&str, &str)]) -> Head {
    let request = Request::builder().method(method).uri(uri);
    let (mut head, ()) = request.body(()).unwrap().into_parts();
    for (name, value) in lines {
        let name: HeaderName = name.parse().unwrap();
        head.headers.append(name, value.parse().unwrap());
    }
    head
}

fn key(of: &impl KeyOf<Head>, head: &Head) -> u64 {
    let mut hasher = HashSecret::seeded(1).hasher();
    of.key(head, &mut hasher).unwrap();
    hasher.finish()
}

fn keyed(lines: &[(&str, &str)]) -> u64 {
    key(&header("X-Api-Key"), &head("GET", "/", lines))
}

#[test]
fn a_missing_header_is_a_key_of_its_own() {
    assert_eq!(keyed(&[]), keyed(&[("other", "a")]));
    assert_ne!(keyed(&[]), keyed(&[("x-api-key", "")]));
    assert_ne!(keyed(&[("x-api-key", "")]), keyed(&[("x-api-key", "a")]));
    assert_ne!(keyed(&[("x-api-key", "b")]), keyed(&[("x-api-key", "a")]));
    assert_eq!(keyed(&[("X-API-KEY", "a")]), keyed(&[("x-api-key", "a")]));
}

/// Whoever checks the key reads the first line: a second one must not buy another quota.
#[test]
fn a_second_line_makes_no_other_key() {
    assert_eq!(
        keyed(&[("x-api-key", "a"), ("x-api-key", "b")]),
        keyed(&[("x-api-key", "a")])
    );
}

#[test]
fn where_a_header_is_missing_another_key_can_count() {
    let either = header("x-api-key").or(client_address());
    let from = |peer: [u8; 4], lines| {
        let mut head = head("GET", "/", lines);
        head.extensions.insert(PeerAddr((peer, 1).into()));
        key(&either, &head)
    };
    assert_ne!(from([192, 0, 2, 1], &[]), from([192, 0, 2, 2], &[]));
    let named = &[("x-api-key", "a")][..];
    assert_eq!(from([192, 0, 2, 1], named), from([192, 0, 2, 2], named));

    let mut hasher = HashSecret::seeded(1).hasher();
    assert!(either.key(&head("GET", "/", &[]), &mut hasher).is_err());
    assert!(either.key(&head("GET", "/", named), &mut hasher).is_ok());
}

#[test]
#[should_panic(expected = "this cannot be the name of a header")]
fn a_name_that_no_header_can_have_is_refused() {
    let _ = header("two words");
}

#[test]
fn paths_and_methods_are_keys() {
    let key_of = |method, uri| key(&(by_method(), by_path()), &head(method, uri, &[]));
    assert_eq!(key_of("GET", "/a?x=1"), key_of("GET", "/a?x=2"));
    assert_ne!(key_of("GET", "/a"), key_of("GET", "/b"));
    assert_ne!(key_of("GET", "/a"), key_of("POST", "/a"));
}

#[test]
fn an_extension_is_a_key_and_must_be_there() {
    #[derive(Clone, Hash)]
    struct Tenant(u32);

    let tenant = |tenant| {
        let mut head = head("GET", "/", &[]);
        head.extensions.insert(Tenant(tenant));
        key(&extension::<Tenant>(), &head)
    };
    assert_eq!(tenant(1), tenant(1));
    assert_ne!(tenant(1), tenant(2));

    let mut hasher = HashSecret::seeded(1).hasher();
    let missing = extension::<Tenant>()
        .key(&head("GET", "/", &[]), &mut hasher)
        .unwrap_err();
    assert!(missing.what().ends_with("Tenant"), "{missing}");
    assert!(missing.fix().contains("extensions"), "{missing}");
}

fn on(template: &'static str, uri: &str) -> Head {
    let mut head = head("GET", uri, &[]);
    head.extensions.insert(RouteTemplate::from_static(template));
    head
}

#[test]
fn a_route_is_one_key_whatever_the_path() {
    let item = key(&route(), &on("/items/{id}", "/items/1"));
    assert_eq!(item, key(&route(), &on("/items/{id}", "/items/2")));
    assert_ne!(item, key(&route(), &on("/search", "/search")));
    let none = key(&route(), &head("GET", "/nowhere", &[]));
    assert_ne!(item, none);
    assert_eq!(none, key(&route(), &head("GET", "/elsewhere", &[])));

    let mut shared = head("GET", "/items/3", &[]);
    shared
        .extensions
        .insert(RouteTemplate::from(std::sync::Arc::<str>::from(
            "/items/{id}",
        )));
    assert_eq!(item, key(&route(), &shared));
}

#[test]
fn routes_have_costs() {
    let costs = route_costs([("/search", 5), ("/items/{id}", 2)]);
    assert_eq!(costs.cost(&on("/search", "/search")), 5);
    assert_eq!(costs.cost(&on("/items/{id}", "/items/1")), 2);
    assert_eq!(costs.cost(&on("/other", "/search")), 1);
    let costs = costs.otherwise(0);
    assert_eq!(costs.cost(&head("GET", "/search", &[])), 0);
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn axum_tells_the_template_of_the_route() {
    use axum::Router;
    use axum::body::Body;
    use axum::response::IntoResponse;
    use axum::routing::get;
    use tower::ServiceExt;

    async fn cost(request: Request<Body>) -> impl IntoResponse {
        let (head, _) = request.into_parts();
        route_costs([("/items/{id}", 7)]).cost(&head).to_string()
    }
    let app: Router = Router::new().route("/items/{id}", get(cost)).fallback(cost);
    for (uri, wanted) in [("/items/4", "7"), ("/nowhere", "1")] {
        let request = Request::get(uri).body(Body::empty()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        let body = axum::body::to_bytes(response.into_body(), 100)
            .await
            .unwrap();
        assert_eq!(body, wanted, "{uri}");
    }
}

#[test]
fn a_path_is_compared_as_it_was_sent() {
    let healthz = path("/healthz");
    for (uri, matches) in [
        ("/healthz", true),
        ("/healthz?x", true),
        ("http://example.org/healthz", true),
        ("/healthz/", false),
        ("//healthz", false),
        ("/%68ealthz", false),
        ("/Healthz", false),
        ("/x/../healthz", false),
    ] {
        assert_eq!(healthz.matches(&head("GET", uri, &[])), matches, "{uri}");
    }
}

#[test]
fn a_prefix_ends_at_a_segment_and_no_dots_lead_out_of_it() {
    for prefix in ["/assets", "/assets/"] {
        for (uri, matches) in [
            ("/assets/", true),
            ("/assets/a/b.css", true),
            ("/assets/..a/...", true),
            ("/assets2", false),
            ("/", false),
            ("/x/assets/", false),
            ("/assets/../admin", false),
            ("/assets/..", false),
            ("/assets/./x", false),
            ("/assets/%2e%2E/admin", false),
            ("/assets/.%2e/admin", false),
            ("/assets/..%2fadmin", false),
            ("/assets/x%5C..%5Cadmin", false),
        ] {
            let matched = path_prefix(prefix).matches(&head("GET", uri, &[]));
            assert_eq!(matched, matches, "{prefix} {uri}");
        }
    }
    assert!(path_prefix("/assets").matches(&head("GET", "/assets", &[])));
    assert!(!path_prefix("/assets/").matches(&head("GET", "/assets", &[])));
}

#[test]
fn a_preflight_is_options_with_both_headers() {
    let both = [
        ("origin", "https://a.example"),
        ("access-control-request-method", "PUT"),
    ];
    assert!(preflight().matches(&head("OPTIONS", "/", &both)));
    assert!(!preflight().matches(&head("GET", "/", &both)));
    assert!(!preflight().matches(&head("OPTIONS", "/", &both[..1])));
    assert!(!preflight().matches(&head("OPTIONS", "/", &both[1..])));
    assert!(method(Method::OPTIONS).matches(&head("OPTIONS", "/", &[])));
    assert!(!method(Method::OPTIONS).matches(&head("GET", "/", &[])));
}

#[test]
fn a_header_matches_only_from_those_who_are_trusted() {
    let probe = header_is("X-Probe", "1").trusted(["10.0.0.0/8"]).unwrap();
    let from = |peer: Option<[u8; 4]>, lines: &[(&str, &str)]| {
        let mut head = head("GET", "/", lines);
        if let Some(peer) = peer {
            head.extensions.insert(PeerAddr((peer, 1).into()));
        }
        head
    };
    let said = &[("x-probe", "1")][..];
    assert!(probe.matches(&from(Some([10, 0, 0, 1]), said)));
    assert!(!probe.matches(&from(Some([192, 0, 2, 1]), said)));
    assert!(!probe.matches(&from(None, said)));
    assert!(!probe.matches(&from(Some([10, 0, 0, 1]), &[("x-probe", "2")])));
    assert!(!probe.matches(&from(Some([10, 0, 0, 1]), &[])));
    assert!(!probe.matches(&from(
        Some([10, 0, 0, 1]),
        &[("x-probe", "1"), ("x-probe", "1")]
    )));
    assert!(
        header_is("x-probe", "1")
            .trusting_everyone()
            .matches(&from(None, said))
    );
    assert!(header_is("x-probe", "1").trusted(["nonsense"]).is_err());
}

fn is_fit<T: Clone + Send + Sync + std::fmt::Debug + 'static>(_: &T) {}

#[test]
fn readers_can_be_kept_cloned_shown_and_sent() {
    struct NotDebug;
    is_fit(&header("a").or(client_address()));
    is_fit(&extension::<NotDebug>());
    is_fit(&route_costs([("/", 1)]));
    is_fit(&(path("/a"), path_prefix("/b"), preflight()));
    is_fit(&header_is("a", "b").trusting_everyone());
    is_fit(&(by_path(), by_method(), route()));
}
