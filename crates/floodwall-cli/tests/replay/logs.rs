//! Which logs are read, and what is said of those that are not.

use crate::{Folder, QUOTA, access_log, assert_says, busy_client, json, refused};

#[test]
fn a_few_bad_lines_are_counted_and_the_first_is_shown() {
    let folder = Folder::new();
    let mut log = busy_client();
    log.insert_str(
        0,
        "\n192.0.2.1 - - [02/Jan/2026:10:00:00 +0000] \"\\x16\\x03\" 400 0\n",
    );
    log += "and this\n";
    let log = folder.file("access.log", log);
    let stack = folder.file("stack.toml", QUOTA);
    let told = json(&["replay", &log, "--stack", &stack]);
    assert_eq!(told["log"]["bad_lines"], 2);
    assert_eq!(told["log"]["lines"], 342, "an empty line is none");
    assert_eq!(told["log"]["first_bad"]["line"], 2);
    assert_says(
        told["log"]["first_bad"]["why"].as_str().unwrap(),
        &["no request"],
    );
    assert_eq!(told["all"]["requests"], 340);
}

#[test]
fn more_than_half_bad_lines_are_no_log() {
    let folder = Folder::new();
    let good = access_log([(0, "192.0.2.1".to_owned(), "/".to_owned(), "0.1".to_owned())]);
    let stack = folder.file("stack.toml", QUOTA);
    let half = folder.file("half.log", format!("junk\n{good}"));
    assert_eq!(
        json(&["replay", &half, "--stack", &stack])["log"]["bad_lines"],
        1
    );
    let most = folder.file("most.log", format!("{good}junk\njunk\n"));
    let told = refused(&["replay", &most, "--stack", &stack]);
    assert_says(
        &told,
        &[
            "most.log:2: no line",
            "2 of 3 lines",
            "combined",
            "CSV",
            "JSON",
        ],
    );
}

#[test]
fn lines_that_servers_wrote_out_of_order_are_put_in_order() {
    let folder = Folder::new();
    let stack = folder.file("stack.toml", QUOTA);
    let mut lines: Vec<_> = busy_client().lines().map(str::to_owned).collect();
    let sorted = folder.file("sorted.log", lines.join("\n"));
    // By the time of their end, say: each block of ten seconds the other way round.
    for block in lines.chunks_mut(10) {
        block.reverse();
    }
    let mixed = folder.file("mixed.log", lines.join("\n"));
    let read = |log: &str| json(&["replay", log, "--stack", &stack])["all"].clone();
    assert_eq!(read(&mixed), read(&sorted));
}

#[test]
fn the_same_requests_in_every_format_are_the_same() {
    let folder = Folder::new();
    let stack = folder.file("stack.toml", QUOTA);
    let (mut csv, mut flat, mut caddy) = (
        "timestamp,request,client,duration_ms\n".to_owned(),
        String::new(),
        String::new(),
    );
    for n in 0..30 {
        let (time, client) = (1_767_348_000.0 + f64::from(n) * 0.25, n % 2 + 1);
        csv += &format!("{time},\"GET /a HTTP/1.1\",192.0.2.{client}:4711,20\n");
        flat += &format!(
            "{{\"time\":{time},\"method\":\"GET\",\"uri\":\"/a\",\"remote_addr\":\"192.0.2.{client}\",\"request_time\":0.02}}\n"
        );
        caddy += &format!(
            "{{\"ts\":{time},\"request\":{{\"remote_ip\":\"192.0.2.{client}\",\"method\":\"GET\",\"uri\":\"/a\",\"headers\":{{\"User-Agent\":[\"x\"]}}}},\"duration\":0.02}}\n"
        );
    }
    let all = [("a.csv", csv), ("b.jsonl", flat), ("c.log", caddy)].map(|(name, text)| {
        let log = folder.file(name, text);
        let mut told = json(&["replay", &log, "--stack", &stack]);
        assert_eq!(told["log"]["with_service"], 30, "{name}");
        told["log"] = serde_json::Value::Null;
        told
    });
    // Each of the two clients asks for 7 s: 2 at once, and 7 more.
    assert_eq!(all[0]["all"]["admitted"], 18, "{}", all[0]);
    assert_eq!(all[0], all[1]);
    assert_eq!(all[0], all[2]);
}

#[test]
fn names_instead_of_addresses_are_clients_too() {
    let row = |n: u32| {
        let client = format!("host-{}", n % 3);
        (0, client, "/".to_owned(), "0.001".to_owned())
    };
    let folder = Folder::new();
    let log = folder.file("access.log", access_log((0..30).map(row)));
    let stack = folder.file("stack.toml", QUOTA);
    let told = json(&["replay", &log, "--stack", &stack, "--show-keys"]);
    assert_eq!(told["all"]["admitted"], 6, "{told}");
    assert_eq!(told["quotas"][0]["refused_keys"], 3);
    assert_eq!(told["quotas"][0]["keys"][0]["key"], "host-0");
}

#[test]
fn what_is_no_log_is_refused_with_what_would_do() {
    let folder = Folder::new();
    let stack = folder.file("stack.toml", QUOTA);
    let read = |log: &str| refused(&["replay", log, "--stack", &stack, "--service", "1ms"]);
    assert_says(
        &read(&folder.file("empty.log", "")),
        &["empty.log", "no requests"],
    );
    assert_says(&read(&folder.file("blank.log", "\n \n")), &["no requests"]);
    assert_says(&read(&folder.file("a.csv", "")), &["no requests"]);
    assert_says(&read(&folder.file("b.csv", "time\n")), &["no requests"]);
    assert_says(
        &read(&folder.file("c.csv", "when,who\n1,2\n")),
        &["no column `time`"],
    );
    assert_says(
        &read(&folder.file("d.csv", "time,path\n1\n")),
        &["d.csv:2: 1 fields", "2 columns"],
    );
    assert_says(
        &read(&folder.file("z.log.gz", [0x1f, 0x8b, 8, 0])),
        &["compressed", "gunzip"],
    );
    assert_says(&read(&folder.path("")), &["directory"]);
    assert_says(
        &read(&folder.path("nothing.log")),
        &["cannot read", "nothing.log"],
    );
    assert_says(
        &read(&folder.file("binary.log", [0_u8, 159, 146, 150, 255, 10, 1])),
        &["lines cannot be read"],
    );
    let long = "x".repeat(200_000);
    assert_says(
        &read(&folder.file("long.log", long)),
        &["long.log:1: longer than 64 KiB"],
    );
    let years = access_log([(0, "a".to_owned(), "/".to_owned(), String::new())]);
    let years = format!("{years}{}", years.replace("/2026", "/2027"));
    assert_says(&read(&folder.file("years.log", years)), &["30 days"]);
}
