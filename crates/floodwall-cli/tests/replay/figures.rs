//! What a replay finds is what the arithmetic says.

use serde_json::json;

use crate::{Folder, QUOTA, access_log, assert_says, busy_client, json, printed};

/// 40 requests in 10 s at four a second, burst 2, one a second: the first two, and then one each
/// second; spread over the seconds, the last comes at 9.75 s. GCRA lets in 2 + floor(9.75) = 11.
#[test]
fn a_quota_refuses_as_many_as_it_must_and_only_whom_it_should() {
    let folder = Folder::new();
    let log = folder.file("access.log", busy_client());
    let stack = folder.file("stack.toml", QUOTA);
    let told = json(&["replay", &log, "--stack", &stack]);
    assert_eq!(
        told["all"],
        json!({"requests": 340, "admitted": 311, "refused": 29})
    );
    assert_eq!(
        told["refusals"],
        json!([{"policy": "client", "reason": "quota", "requests": 29}])
    );
    assert_eq!(told["quotas"][0]["refused_keys"], 1);
    assert_eq!(told["quotas"][0].get("keys"), None, "nobody asked for keys");
    assert_eq!(
        told["busiest_minute"],
        json!({"start": "2026-01-02T10:02:00Z", "requests": 100, "refused": 29})
    );
    assert_eq!(told["log"]["start"], "2026-01-02T10:00:00Z");
    assert_eq!(told["log"]["whole_seconds"], true);

    let shown = printed(&["replay", &log, "--stack", &stack]);
    assert_says(
        &shown,
        &[
            "340 requests in 4 min 59 s",
            "quota client (1/s burst 2) refused 1 different client\n",
            "refused 29 of 340 requests (8.5 %): 29",
            "(429)",
            "nothing waits behind the stack",
        ],
    );
    assert!(
        !shown.contains("198.51.100.7"),
        "nobody asked for keys:\n{shown}"
    );
    assert!(!shown.contains('\x1b'), "no colours in a pipe");
    let shown = printed(&["replay", &log, "--stack", &stack, "--show-keys"]);
    assert_says(&shown, &["  198.51.100.7 "]);
}

#[test]
fn behind_a_trusted_proxy_the_client_is_whom_the_proxy_names() {
    let rows = (0..20).map(|second| {
        let from = format!("\"198.51.100.{}\" 0.010", second / 4 % 5 + 1);
        (second / 10, "10.0.0.1".to_owned(), "/".to_owned(), from)
    });
    let folder = Folder::new();
    let log = folder.file("access.log", access_log(rows));
    let alone = folder.file("alone.toml", QUOTA);
    let behind = folder.file(
        "behind.toml",
        format!("trusted = [\"10.0.0.0/8\"]\n{QUOTA}"),
    );
    // One client for all of the first second would be the proxy: 2 and 1 of 20 get in.
    assert_eq!(
        json(&["replay", &log, "--stack", &alone])["quotas"][0]["refused_keys"],
        1
    );
    let told = json(&["replay", &log, "--stack", &behind, "--show-keys"]);
    assert_eq!(told["quotas"][0]["refused_keys"], 5, "{told}");
    assert_eq!(told["quotas"][0]["keys"][0]["key"], "198.51.100.1");
}

#[test]
fn headers_of_the_log_are_keys_and_priorities() {
    let mut log = "time,method,path,remote_addr,request_time,x-api-key,x_priority\n".to_owned();
    for n in 0..30 {
        let key = ["a", "b", "c"][n % 3];
        log += &format!(
            "{}.{:02},GET,/,192.0.2.1,0.01,{key},{}\n",
            n / 30,
            n,
            3 + n % 3
        );
    }
    let folder = Folder::new();
    let log = folder.file("access.csv", log);
    let stack = folder.file(
        "stack.toml",
        "[[quota]]\nallow = \"1/s burst 2\"\nper = { header = \"x-api-key\" }\n[concurrency]\nlimit = 8\n[priority]\nheader = \"x-priority\"\n",
    );
    let told = json(&["replay", &log, "--stack", &stack]);
    assert_eq!(told["all"]["admitted"], 6, "{told}");
    assert_eq!(told["quotas"][0]["refused_keys"], 3);
    let classes: Vec<_> = told["classes"].as_array().unwrap().iter().collect();
    assert_eq!(classes.len(), 3);
    assert_eq!(
        *classes[0],
        json!({"class": 3, "requests": 10, "admitted": 2, "refused": 8})
    );
}

/// One place, 100 ms each, ten requests in one second, evenly: each comes as the one before ends.
/// At 150 ms each, every one waits 50 ms longer than the one before, up to the 200 ms that a wait
/// may last.
#[test]
fn waits_are_those_of_the_queue_and_service_times_those_of_the_log() {
    let rows = |service: &str| {
        let row = |_| {
            (
                0,
                "192.0.2.1".to_owned(),
                "/".to_owned(),
                service.to_owned(),
            )
        };
        access_log((0..10).map(row))
    };
    let folder = Folder::new();
    let stack = folder.file(
        "stack.toml",
        "[concurrency]\nlimit = 1\nqueue = { capacity = 5, max_wait = \"200ms\", newest_first = false }\n",
    );
    let fast = folder.file("fast.log", rows("0.099"));
    let told = json(&["replay", &fast, "--stack", &stack]);
    assert_eq!(told["wait"]["longest"], 0.0, "{told}");
    assert_eq!(told["all"]["refused"], 0);
    assert_says(
        told["verdict"].as_str().unwrap(),
        &["let everything in", "nobody"],
    );

    let slow = folder.file("slow.log", rows("0.150"));
    let told = json(&["replay", &slow, "--stack", &stack]);
    let (p50, longest) = (&told["wait"]["p50"], &told["wait"]["longest"]);
    assert!((0.09..0.21).contains(&longest.as_f64().unwrap()), "{told}");
    assert!(p50.as_f64() < longest.as_f64(), "{told}");
    assert!(told["all"]["refused"].as_u64().unwrap() > 0, "{told}");

    // The log's own times come before `--service`, and those it lacks are those of `--service`.
    let again = json(&["replay", &slow, "--stack", &stack, "--service", "1ms"]);
    assert_eq!(again["wait"], told["wait"]);
    let silent = folder.file("silent.log", rows(""));
    let said = json(&["replay", &silent, "--stack", &stack, "--service", "150ms"]);
    assert_eq!(said["wait"], told["wait"]);
}

#[test]
fn workers_make_a_line_behind_the_stack() {
    let row = |_| {
        (
            0,
            "192.0.2.1".to_owned(),
            "/".to_owned(),
            "150000".to_owned(),
        )
    };
    let folder = Folder::new();
    let log = folder.file("access.log", access_log((0..10).map(row)));
    let stack = folder.file("stack.toml", "[concurrency]\nlimit = 100\n");
    let args = ["replay", &log, "--stack", &stack];
    let free = json(&args);
    assert_eq!(free["workers"], json!(null));
    assert_eq!(free["wait_behind"]["longest"], 0.0);
    let one = json(&[&args[..], &["--workers", "1"]].concat());
    // The tenth comes at 0.9 s and begins at 1.35 s.
    let longest = one["wait_behind"]["longest"].as_f64().unwrap();
    assert!((longest - 0.45).abs() < 0.001, "{one}");
    assert_eq!(one["wait"]["longest"], 0.0);
    let shown = printed(&[&args[..], &["--workers", "1"]].concat());
    assert_says(&shown, &["1 at once", "wait behind it "]);
}

#[test]
fn exempt_requests_are_counted_apart_and_shadow_refuses_nobody() {
    let row = |n: u32| {
        let path = ["/healthz", "/"][n as usize % 2];
        (
            0,
            "192.0.2.1".to_owned(),
            path.to_owned(),
            "0.001".to_owned(),
        )
    };
    let folder = Folder::new();
    let log = folder.file("access.log", access_log((0..20).map(row)));
    let shadow = format!("exempt = [{{ path = \"/healthz\" }}]\n{QUOTA}mode = \"shadow\"\n");
    let stack = folder.file("stack.toml", shadow);
    let told = json(&["replay", &log, "--stack", &stack]);
    assert_eq!(told["exempt"]["requests"], 10);
    assert_eq!(told["classes"][0]["requests"], 10);
    assert_eq!(told["all"]["refused"], 0);
    assert_eq!(
        told["shadow"],
        json!([{"policy": "client", "would_refuse": 8}])
    );
}

/// Twice as much as can be, from 50 tenants.
#[test]
fn the_same_seed_gives_the_same_bytes() {
    let folder = Folder::new();
    let row = |n: u32| {
        let client = format!("192.0.2.{}", n % 50);
        (n / 20, client, "/".to_owned(), String::new())
    };
    let log = folder.file("access.log", access_log((0..400).map(row)));
    // Which tenants are shed is a keyed hash's choice, so its secret must come from the seed, too.
    let stack = folder.file(
        "stack.toml",
        "[concurrency]\nlimit = 1\nqueue = { max_wait = \"1s\" }\n\
         [shed]\nby = \"tenant\"\ntenant = \"client_address\"\n",
    );
    let args = |seed| {
        let service = "{ exponential = \"100ms\" }";
        let fixed = ["replay", &log, "--stack", &stack, "--service", service];
        printed(&[&fixed[..], &["--json", "--seed", seed]].concat())
    };
    assert!(args("7") == args("7"), "twice the same is not the same");
    assert!(args("7") != args("8"), "the seed changes nothing");
    assert_says(&args("7"), &["\"reason\":\"shed\""]);
}

#[test]
fn the_picture_is_drawn() {
    let folder = Folder::new();
    let log = folder.file("access.log", busy_client());
    let stack = folder.file("stack.toml", QUOTA);
    let picture = folder.path("day.svg");
    printed(&["replay", &log, "--stack", &stack, "--svg", &picture]);
    let drawn = std::fs::read_to_string(&picture).unwrap();
    assert!(
        drawn.starts_with("<svg") && drawn.contains("refused"),
        "{drawn}"
    );
}

/// The rate that was broken bears the same name in both quotas; who refused is told apart all the
/// same.
#[test]
fn a_quota_of_some_paths_refuses_there_only_and_is_named() {
    let row = |n: u32| {
        let path = ["/login", "/"][n as usize % 2];
        let client = format!("192.0.2.{}", n % 2 + 1);
        (0, client, path.to_owned(), "0.001".to_owned())
    };
    let folder = Folder::new();
    let log = folder.file("access.log", access_log((0..20).map(row)));
    let stack = folder.file(
        "stack.toml",
        "[[quota]]\nname = \"pages\"\nallow = \"8/h, 1000/d\"\nonly = [{ path = \"/\" }]\n\
         [[quota]]\nname = \"login\"\nallow = \"3/h, 1000/d\"\nonly = [{ path = \"/login\" }]\nper = \"client_address\"\n",
    );
    let told = json(&["replay", &log, "--stack", &stack, "--show-keys"]);
    assert_eq!(told["all"]["refused"], 9, "{told}");
    let names: Vec<_> = told["refusals"].as_array().unwrap().iter().collect();
    assert_eq!(names[0]["policy"], "login (3/h)");
    assert_eq!(
        (&names[0]["requests"], &names[1]["requests"]),
        (&json!(7), &json!(2))
    );
    assert_eq!(names[1]["policy"], "pages (8/h)");
    assert_eq!(told["quotas"][0]["keys"][0]["key"], "all");
    assert_eq!(
        told["quotas"][1]["keys"][0],
        json!({"key": "192.0.2.1", "refused": 7})
    );
}

#[test]
fn a_connection_that_stayed_open_for_hours_keeps_nobody() {
    let row = |n: u32| {
        let service = if n == 0 { "86400.000" } else { "0.001" };
        (
            n,
            "192.0.2.1".to_owned(),
            "/".to_owned(),
            service.to_owned(),
        )
    };
    let folder = Folder::new();
    let log = folder.file("access.log", access_log((0..10).map(row)));
    let stack = folder.file("stack.toml", "[concurrency]\nlimit = 2\n");
    let told = json(&["replay", &log, "--stack", &stack]);
    assert_eq!(told["all"]["admitted"], 10);
    // All workers taken for hours: the others wait, and the end of the log ends that.
    let told = json(&["replay", &log, "--stack", &stack, "--workers", "1"]);
    assert_eq!(told["all"]["requests"], 10);
}

#[test]
fn signals_that_a_log_does_not_tell_are_silent_and_named() {
    let folder = Folder::new();
    let log = folder.file("access.log", busy_client());
    let shed = |signal| {
        format!(
            "[concurrency]\nlimit = 8\n[[shed.pressure]]\nsignal = \"{signal}\"\nfrom = 0.0\nto = 0.000001\n"
        )
    };
    // Under bounds that everything exceeds, whatever speaks sheds.
    let stack = folder.file("memory.toml", shed("memory_pressure_ratio"));
    let told = json(&["replay", &log, "--stack", &stack]);
    assert_eq!(told["all"]["refused"], 0);
    assert_eq!(told["silent"], json!(["memory_pressure_ratio"]));
    let shown = printed(&["replay", &log, "--stack", &stack]);
    assert_says(&shown, &["a log does not tell memory_pressure_ratio"]);

    let stack = folder.file("arrivals.toml", shed("arrivals_per_second"));
    let told = json(&["replay", &log, "--stack", &stack]);
    assert_ne!(told["all"]["refused"], 0);
    assert_eq!(told["silent"], json!([]));
}
