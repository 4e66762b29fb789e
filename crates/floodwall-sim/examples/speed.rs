//! How fast simulations are: `cargo xtask bench simulator`.
//!
//! Requests per second of real time on one core, and how the memory of the process grew meanwhile.
#![allow(
    clippy::print_stdout,
    reason = "a program that prints what it measured"
)]

use std::time::{Duration, Instant};

use floodwall_sim::{
    Builtin, Client, Contender, Per, Phase, QueueRule, QuotaRule, Scenario, Stack, Tier, Times,
};

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

struct Row {
    what: String,
    stack: Contender,
    requests: u64,
    seconds: f64,
    /// The most memory that the process ever had, in KiB, where the system tells it.
    peak_kib: Option<u64>,
}

fn main() {
    let json = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--json") => true,
        Some(other) => {
            eprintln!("error: unknown argument `{other}`; there is `--json`");
            std::process::exit(2);
        }
    };
    let mut rows = Vec::new();
    // First, so that the peak of a short and of a long run are those of nothing else.
    let day = Builtin::find("diurnal-day")
        .and_then(|day| day.scenario().ok())
        .expect("it comes with the crate");
    let mut hour = day.clone();
    hour.phases[0].lasts = secs(3_600);
    rows.push(measure(
        "an hour at about 100/s",
        &hour,
        Contender::Floodwall,
    ));
    rows.push(measure("a day at 100/s", &day, Contender::Floodwall));
    for (load, length) in [(0.8, 300), (3.0, 120)] {
        let scenario = wall(load, secs(length));
        for stack in [
            Contender::Bare,
            Contender::Tower(None),
            Contender::Floodwall,
        ] {
            rows.push(measure(
                &format!("10 workers, load {load}"),
                &scenario,
                stack,
            ));
        }
    }
    if json {
        println!("{}", as_json(&rows));
    } else {
        print(&rows);
    }
}

/// A quota, a queue and a limit in the path of each request.
fn wall(load: f64, length: Duration) -> Scenario {
    let queue = QueueRule {
        capacity: Some(64),
        max_wait: Some(Duration::from_millis(40)),
        ..QueueRule::default()
    };
    let quota = QuotaRule {
        allow: "1000000/s".to_owned(),
        per: Per::All,
    };
    let deadline = Duration::from_millis(100);
    Scenario::new("speed")
        .tier(Tier::new(
            "app",
            10,
            Times::exponential(Duration::from_millis(1)),
        ))
        .phase(Phase::new("all", length).load(load))
        .client(Client::new("first").class(1).share(0.3).deadline(deadline))
        .client(Client::new("second").class(4).share(0.7).deadline(deadline))
        .stack(Stack {
            limit: Some(10),
            queue: Some(queue),
            quotas: vec![quota],
            ..Stack::default()
        })
}

fn measure(what: &str, scenario: &Scenario, stack: Contender) -> Row {
    #[allow(clippy::disallowed_methods, reason = "real time is what is measured")]
    let now = Instant::now;
    let start = now();
    let report = stack.play(scenario, 1).expect("it can be simulated");
    Row {
        what: what.to_owned(),
        stack,
        requests: report.total.all.offered,
        seconds: now().duration_since(start).as_secs_f64(),
        peak_kib: peak_kib(),
    }
}

fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn print(rows: &[Row]) {
    println!("simulator: requests played per second of real time, on one core");
    println!(
        "{:<24} {:<10} {:>10} {:>9} {:>11} {:>10}",
        "", "stack", "requests", "seconds", "per second", "peak MiB"
    );
    for row in rows {
        let memory = row
            .peak_kib
            .map_or("-".to_owned(), |kib| format!("{:.1}", kib as f64 / 1_024.0));
        println!(
            "{:<24} {:<10} {:>10} {:>9.2} {:>11.0} {memory:>10}",
            row.what,
            row.stack,
            row.requests,
            row.seconds,
            row.requests as f64 / row.seconds,
        );
    }
}

fn as_json(rows: &[Row]) -> serde_json::Value {
    let row = |row: &Row| {
        serde_json::json!({
            "what": row.what,
            "stack": row.stack.to_string(),
            "requests": row.requests,
            "seconds": row.seconds,
            "per_second": row.requests as f64 / row.seconds,
            "peak_kib": row.peak_kib,
        })
    };
    serde_json::json!({ "simulator": rows.iter().map(row).collect::<Vec<_>>() })
}
