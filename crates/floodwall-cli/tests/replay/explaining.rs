//! `floodwall explain`.

use serde_json::json;

use crate::{Folder, QUOTA, assert_says, json, printed};

const STACK: &str = r#"
trusted = ["10.0.0.1"]
exempt = [{ path = "/healthz" }]
[priority]
header = "x-priority"
rule = [{ when = { path_prefix = "/pay" }, priority = 1 }, { when = { method = "PUT" }, priority = 6 }]
[deadline]
header_millis = "x-left"
[concurrency]
limit = 8
[shed]
"#;

fn stack(folder: &Folder) -> String {
    folder.file("stack.toml", format!("{STACK}{QUOTA}"))
}

#[test]
fn without_a_path_the_stack_is_described() {
    let folder = Folder::new();
    let shown = printed(&["explain", "--stack", &stack(&folder)]);
    assert_says(
        &shown,
        &["/healthz", "1/s burst 2", "8 inside at once", "x-left (ms)"],
    );
    assert!(!shown.contains("let in"), "{shown}");
    let told = json(&["explain", "--stack", &stack(&folder)]);
    assert_eq!(told["stack"]["parts"][0]["part"], "exempt");
    assert_eq!(told.get("request"), None);
}

#[test]
fn a_request_is_told_its_class_its_key_and_the_verdict() {
    let folder = Folder::new();
    let stack = stack(&folder);
    let base = ["explain", "--stack", &stack];
    let told = |more: &[&str]| json(&[&base[..], more].concat())["request"].clone();
    let pay = told(&[
        "--peer",
        "192.0.2.1",
        "--header",
        "x-left: 250",
        "/pay/42?x=1",
    ]);
    assert_eq!(pay["priority"], 1);
    assert_eq!(pay["level"], 128, "the first cohort of class 1");
    assert_eq!(pay["time_left"], 0.25);
    assert_eq!(pay["exempt"], false);
    assert_eq!(pay["verdict"], json!({"let_in": true}));
    assert_eq!(
        pay["quotas"],
        json!([{"policy": "client", "per": "per client address", "key": "192.0.2.1", "refuses": null}])
    );
    assert_eq!(
        told(&["--peer", "192.0.2.1", "--method", "PUT", "/"])["priority"],
        6
    );
    // A stranger can lower only; a trusted proxy can raise.
    let header = ["--header", "x-priority: 0", "--peer"];
    assert_eq!(
        told(&[&header[..], &["192.0.2.1", "/"]].concat())["priority"],
        3
    );
    assert_eq!(
        told(&[&header[..], &["10.0.0.1", "/"]].concat())["priority"],
        0
    );
    let health = told(&["/healthz"]);
    assert_eq!(
        (&health["exempt"], &health["verdict"]["let_in"]),
        (&json!(true), &json!(true))
    );
    let retry = told(&[
        "--peer",
        "::1",
        "--header",
        "grpc-previous-rpc-attempts: 1",
        "/",
    ]);
    assert_eq!(retry["retry"], true);
}

#[test]
fn a_request_whose_key_is_missing_is_told_what_to_add() {
    let folder = Folder::new();
    let stack = stack(&folder);
    let shown = printed(&["explain", "--stack", &stack, "/"]);
    assert_says(
        &shown,
        &[
            "GET /\n",
            "refused by client: missing_key",
            "--peer 192.0.2.1",
        ],
    );
    let shown = printed(&["explain", "--stack", &stack, "--peer", "192.0.2.1", "/"]);
    assert_says(&shown, &["priority 3", "has room", "let in"]);
    assert!(!shown.contains("--peer"), "{shown}");
}
