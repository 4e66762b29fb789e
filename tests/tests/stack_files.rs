//! Stacks as files: what is written is what is read, and what cannot be is refused with its words.

use std::fmt::Display;

use floodwall::stack::{
    ConcurrencyRules, DeadlineRules, KeyRule, KindRule, PriorityConfig, PriorityRule, QuotaRules,
    ShedBy, StackConfig,
};
use floodwall::{BuildError, Mode, Stack};

const EXAMPLE: &str = include_str!("../../examples/stack.toml");

fn read(text: &str) -> Result<StackConfig, toml::de::Error> {
    toml::from_str(text)
}

#[test]
fn the_example_says_what_it_says() {
    let config = read(EXAMPLE).unwrap();
    assert_eq!(config.trusted.len(), 2);
    assert_eq!(
        config.exempt,
        [KindRule::Path("/healthz".to_owned()), KindRule::Preflight]
    );
    assert_eq!(config.quotas[0].per, KeyRule::ClientAddress);
    assert_eq!(config.quotas[1].only, [KindRule::Path("/login".to_owned())]);
    assert_eq!(config.quotas[2].mode, Mode::Shadow);
    let shed = config.shed.as_ref().unwrap();
    assert_eq!(shed.by, ShedBy::Turns);
    assert_eq!(shed.shares[&6], 0.05);
    assert_eq!(config.concurrency.as_ref().unwrap().limit, 64);
    let told = config.build().unwrap().describe().to_string();
    for says in [
        "20/s burst 40",
        "5000/h",
        "(shadow)",
        "up to 256 wait",
        "64 inside",
    ] {
        assert!(told.contains(says), "`{says}` is missing from:\n{told}");
    }
}

/// A key that the example leaves out would be one that nobody finds.
#[test]
fn the_example_has_every_key() {
    let mut full = read(EXAMPLE).unwrap();
    // What is equal to the default is left out when written, so it is made to differ.
    full.priority.as_mut().unwrap().rfc9218 = true;
    full.deadline.as_mut().unwrap().grpc = true;
    full.shed.as_mut().unwrap().tenant = KeyRule::ClientAddress;
    let queue = full.concurrency.as_mut().unwrap().queue.as_mut().unwrap();
    queue.fair = KeyRule::ClientAddress;
    let written = toml::to_string(&full).unwrap();
    let keys = |text: &str| {
        let mut keys = std::collections::BTreeSet::new();
        gather(&text.parse::<toml::Table>().unwrap(), "", &mut keys);
        keys
    };
    assert_eq!(keys(EXAMPLE), keys(&written));
    // All that a file may say, as serde names it where a key is unknown.
    for (table, text) in [
        ("", "nope = 1"),
        ("priority.", "[priority]\nnope = 1"),
        ("priority.rule.", "[[priority.rule]]\nnope = 1"),
        ("priority.table.", "[priority.table]\nnope = 1"),
        ("deadline.", "[deadline]\nnope = 1"),
        ("quota.", "[[quota]]\nnope = 1"),
        ("shed.", "[shed]\nnope = 1"),
        ("shed.pressure.", "[[shed.pressure]]\nnope = 1"),
        ("concurrency.", "[concurrency]\nnope = 1"),
        (
            "concurrency.queue.",
            "[concurrency]\nlimit = 1\n[concurrency.queue]\nnope = 1",
        ),
    ] {
        let told = read(text).unwrap_err().message().to_owned();
        let known = told.split('`').skip(3).step_by(2);
        for key in known {
            let key = format!("{table}{key}");
            assert!(keys(EXAMPLE).contains(&key), "{key} is not in the example");
        }
    }
}

fn gather(table: &toml::Table, before: &str, to: &mut std::collections::BTreeSet<String>) {
    for (key, value) in table {
        let key = format!("{before}{key}");
        let inside = format!("{key}.");
        match value {
            toml::Value::Table(table) => gather(table, &inside, to),
            toml::Value::Array(list) => {
                for table in list.iter().filter_map(toml::Value::as_table) {
                    gather(table, &inside, to);
                }
            }
            _ => {}
        }
        to.insert(key);
    }
}

fn configs() -> Vec<StackConfig> {
    let mut all = vec![StackConfig::default(), read(EXAMPLE).unwrap()];
    let mut keys = StackConfig::default();
    let header = KeyRule::Header("x-api-key".to_owned());
    for (n, per) in [
        KeyRule::All,
        KeyRule::Path,
        KeyRule::Method,
        KeyRule::Route,
        header.clone(),
        KeyRule::Together(vec![header, KeyRule::ClientAddress]),
    ]
    .into_iter()
    .enumerate()
    {
        let mut quota = QuotaRules::new(format!("{}/s", n + 1), per);
        quota.mode = [Mode::Enforce, Mode::Shadow, Mode::Off][n % 3];
        quota.keys = Some(1_000 * (n + 1));
        quota.only = vec![KindRule::PathPrefix("/b".to_owned()); n % 3];
        keys.quotas.push(quota);
    }
    all.push(keys);
    let mut kinds = StackConfig::default();
    kinds.exempt = vec![
        KindRule::Preflight,
        KindRule::Path("/a".to_owned()),
        KindRule::PathPrefix("/b".to_owned()),
        KindRule::Method("HEAD".to_owned()),
    ];
    let mut priority = PriorityConfig::default();
    priority.rules = vec![PriorityRule::new(KindRule::Preflight, 7)];
    kinds.priority = Some(priority);
    let mut deadline = DeadlineRules::default();
    deadline.grpc = true;
    kinds.deadline = Some(deadline);
    kinds.concurrency = Some(ConcurrencyRules::new(5));
    all.push(kinds);
    all
}

#[test]
fn what_is_written_is_what_is_read_in_toml_and_json() {
    for config in configs() {
        let text = toml::to_string(&config).unwrap();
        assert_eq!(read(&text).unwrap(), config, "{text}");
        let text = serde_json::to_string(&config).unwrap();
        let back: StackConfig = serde_json::from_str(&text).unwrap();
        assert_eq!(back, config, "{text}");
    }
}

#[test]
fn toml_and_json_build_the_same_stack() {
    let config = read(EXAMPLE).unwrap();
    let json = serde_json::to_value(&config).unwrap();
    let back: StackConfig = serde_json::from_value(json).unwrap();
    let told = |stack: Stack| serde_json::to_value(stack.describe()).unwrap();
    assert_eq!(told(config.build().unwrap()), told(back.build().unwrap()));
}

#[track_caller]
fn refused<T>(built: Result<T, impl Display>, text: &str, says: &str) {
    let Err(error) = built else {
        panic!("this is taken:\n{text}");
    };
    let told = error.to_string();
    assert!(told.contains(says), "`{says}` is missing from:\n{told}");
}

#[test]
fn what_cannot_be_read_is_refused_with_its_words() {
    for (text, says) in [
        ("limit = 8", "unknown field `limit`"),
        ("[[quota]]", "missing field `allow`"),
        ("[[quota]]\nallow = 5", "expected a string"),
        ("[[quota]]\nallow = \"1/s\"\nper = \"ip\"", "client_address"),
        (
            "[[quota]]\nallow = \"1/s\"\nper = { cookie = \"x\" }",
            "{ header = ",
        ),
        ("[[quota]]\nallow = \"1/s\"\nper = []", "write \"all\""),
        (
            "[[quota]]\nallow = \"1/s\"\nmode = \"on\"",
            "enforce, shadow or off",
        ),
        ("[[quota]]\nallow = \"1/s\"\nkeys = -1", "-1"),
        ("[concurrency]", "missing field `limit`"),
        ("[concurrency]\nlimit = -1", "-1"),
        ("[concurrency]\nlimit = 1.5", "1.5"),
        (
            "[concurrency]\nlimit = 1\nqueue = { max_wait = 50 }",
            "expected a string",
        ),
        (
            "[concurrency]\nlimit = 1\nqueue = { max_wait = \"50\" }",
            "as 50ms",
        ),
        (
            "[concurrency]\nlimit = 1\nqueue = { max_wait = \"-1s\" }",
            "no length of time",
        ),
        ("[shed]\nby = \"user\"", "unknown variant `user`"),
        ("[shed]\nshares = { low = 0.1 }", "low"),
        ("[shed]\nenforce_percent = 300", "300"),
        ("exempt = [\"health\"]", "unknown variant `health`"),
        (
            "exempt = [{ path = \"/a\", method = \"GET\" }]",
            "1 element",
        ),
        (
            "[[priority.rule]]\nwhen = \"preflight\"",
            "missing field `priority`",
        ),
        ("[priority]\notherwise = 300", "300"),
        ("trusted = \"10.0.0.0/8\"", "expected a sequence"),
    ] {
        refused(read(text), text, says);
    }
}

#[test]
fn what_cannot_be_built_is_refused_with_the_field_and_the_fix() {
    let limit = "[concurrency]\nlimit = 8\n";
    for (text, field, says) in [
        ("", "stack", "set a limit"),
        ("[concurrency]\nlimit = 0", "limit", "at least 1"),
        (
            "[concurrency]\nlimit = 8\nqueue = { max_wait = \"0s\" }",
            "queue",
            "max_wait",
        ),
        (
            "[concurrency]\nlimit = 8\nqueue.shares = { 9 = 0.1 }",
            "priority",
            "0 (most urgent) to 7",
        ),
        (
            "[concurrency]\nlimit = 8\nqueue.shares = { 7 = 0.9 }",
            "queue",
            "0.5",
        ),
        ("[[quota]]\nallow = \"lots\"", "quota", "lots"),
        ("[[quota]]\nallow = \"\"", "quota", ""),
        ("[[quota]]\nallow = \"1/s,\"", "quota", ""),
        (
            "[[quota]]\nallow = \"1/s\"\nname = \"a b\\u0000\"",
            "name",
            "",
        ),
        (
            "[[quota]]\nallow = \"1/s\"\nper = { header = \"a b\" }",
            "header",
            "letters, digits",
        ),
        (
            "[[quota]]\nallow = \"1/s\"\n[[quota]]\nallow = \"1/s\"",
            "quota",
            "differently",
        ),
        (
            "[priority]\n[[quota]]\nallow = \"1/s\"",
            "priority",
            "set a limit",
        ),
        (
            "[deadline]\ngrpc = true\n[[quota]]\nallow = \"1/s\"",
            "deadline",
            "set `limit`",
        ),
        (
            "[shed]\n[[quota]]\nallow = \"1/s\"",
            "shed",
            "limit with a queue",
        ),
        (&format!("{limit}[deadline]"), "deadline", "`header`"),
        (
            &format!("{limit}[shed]\nby = \"usage\""),
            "shed",
            "`tenant`",
        ),
        (&format!("{limit}[shed]\ntarget = \"0s\""), "target", ""),
        (
            &format!("{limit}[shed]\nenforce_percent = 200"),
            "enforce_percent",
            "100",
        ),
        (
            &format!("exempt_limit = 0\nexempt = [\"preflight\"]\n{limit}"),
            "limit",
            "at least 1",
        ),
        (
            &format!("exempt = [{{ path = \"x\" }}]\n{limit}"),
            "path",
            "begin it",
        ),
        (
            &format!("trusted = [\"proxy\"]\n{limit}"),
            "trusted proxies",
            "proxy",
        ),
        (
            &format!("{limit}[priority]\notherwise = 8"),
            "priority",
            "0 (most urgent) to 7",
        ),
    ] {
        let error = read(text).unwrap().build();
        let told = error.as_ref().map_or_else(BuildError::field, |_| "");
        assert_eq!(told, field, "{text}: {error:?}");
        refused(error, text, says);
    }
}
