//! What people read.

use super::outcome::{MOST_KEYS, Outcome, Row, Wait};
use crate::{
    paint::{Ink, Paint},
    text::wrapped,
};

const WIDTH: usize = 12;

pub(super) fn render(outcome: &Outcome<'_>, name: &str, paint: Paint) -> String {
    let mut text = String::new();
    let first = format!("{} ", paint.with(Ink::Strong, &format!("{name}:")));
    text += &wrapped(&first, &about(outcome), 2);
    text += &wrapped("  the service: ", &service(outcome), 4);
    if !outcome.silent.is_empty() {
        let silent = format!("a log does not tell {}: silent", outcome.silent.join(", "));
        text += &wrapped("  the signals: ", &silent, 4);
    }
    text += "\n";
    text += &table(outcome, paint);
    text += &refusals(outcome, paint);
    text += &keys(outcome);
    text += "\n";
    let wait = &outcome.wait;
    text += &format!("wait in the stack  {}\n", quantiles(wait));
    if outcome.workers.is_some() {
        text += &format!("wait behind it     {}\n", quantiles(&outcome.wait_behind));
    }
    if let Some(busiest) = &outcome.busiest_minute {
        let when = match busiest.start.parse::<u64>() {
            Ok(minute) => format!("the one after {minute} minutes"),
            Err(_) => busiest.start.clone(),
        };
        text += &format!(
            "busiest minute     {when}: {} requests, {} refused\n",
            number(busiest.requests),
            number(busiest.refused)
        );
    }
    text += "\n";
    text += &wrapped("", &outcome.verdict, 0);
    text
}

fn about(outcome: &Outcome<'_>) -> String {
    let log = &outcome.log;
    let mut words = format!(
        "{} requests in {}",
        number(log.requests as u64),
        time(log.seconds)
    );
    if let Some(start) = &log.start {
        words += &format!(" from {start} on");
    }
    if log.whole_seconds {
        words += " (it tells whole seconds, over which its requests are spread)";
    }
    if let Some(bad) = &log.first_bad {
        words += &format!(
            "; {} of {} lines cannot be read, first line {}: {}",
            number(log.bad_lines as u64),
            number(log.lines as u64),
            bad.line,
            bad.why
        );
    }
    words
}

fn service(outcome: &Outcome<'_>) -> String {
    let log = &outcome.log;
    let times = match log.with_service {
        0 => "as long for each request as `--service` says".to_owned(),
        all if all == log.requests => "as long for each request as the log tells".to_owned(),
        some => format!(
            "as long as the log tells for {} requests, and as `--service` says for the others",
            number(some as u64)
        ),
    };
    let workers = match outcome.workers {
        Some(workers) => format!("{} at once", number(workers.into())),
        None => "as many at once as come through, so nothing waits behind the stack \
                 (`--workers` limits it)"
            .to_owned(),
    };
    format!("{times}; {workers}")
}

fn table(outcome: &Outcome<'_>, paint: Paint) -> String {
    let head = line(
        "",
        ["requests", "admitted", "refused", ""].map(str::to_owned),
    );
    let mut text = paint.with(Ink::Faint, &head) + "\n";
    let mut add = |name: &str, row: &Row| {
        let share = percent(row.refused, row.requests);
        let cells = [row.requests, row.admitted, row.refused].map(number);
        let [requests, admitted, refused] = cells;
        text += &line(name, [requests, admitted, refused, share]);
        text += "\n";
    };
    for row in &outcome.classes {
        let class = row
            .class
            .map_or(String::new(), |class| format!("class {class}"));
        add(&class, row);
    }
    if let Some(exempt) = &outcome.exempt {
        add("exempt", exempt);
    }
    add("all", &outcome.all);
    text
}

fn refusals(outcome: &Outcome<'_>, paint: Paint) -> String {
    let mut text = String::new();
    if !(outcome.refusals.is_empty() && outcome.shadow.is_empty()) {
        text += "\n";
        let head = format!("{:<20}{:<20}{:>WIDTH$}", "refused by", "reason", "requests");
        text += &paint.with(Ink::Faint, &head);
        text += "\n";
    }
    for refusal in &outcome.refusals {
        text += &format!(
            "{:<20}{:<20}{:>WIDTH$}\n",
            refusal.policy,
            refusal.reason,
            number(refusal.requests)
        );
    }
    for shadow in &outcome.shadow {
        text += &format!(
            "{:<20}{:<20}{:>WIDTH$}\n",
            shadow.policy,
            "(shadow: would)",
            number(shadow.would_refuse)
        );
    }
    text
}

fn keys(outcome: &Outcome<'_>) -> String {
    let mut text = String::new();
    for quota in outcome.quotas.iter().filter(|quota| quota.refused_keys > 0) {
        let plural = if quota.refused_keys == 1 { "" } else { "s" };
        text += &format!(
            "\nquota {} ({}) refused {} different client{plural}\n",
            quota.policy,
            quota.allow,
            number(quota.refused_keys as u64)
        );
        for key in quota.keys.iter().flatten() {
            // Strangers chose it, and a terminal obeys what it is told.
            let shown: String = key.key.escape_debug().take(60).collect();
            text += &format!("  {shown:<38}{:>WIDTH$}\n", number(key.refused));
        }
        if quota.keys.is_some() && quota.refused_keys > MOST_KEYS {
            text += &format!("  and {} more\n", quota.refused_keys - MOST_KEYS);
        }
    }
    text
}

fn line(name: &str, cells: [String; 4]) -> String {
    let mut line = format!("{name:<10}");
    for cell in cells {
        line += &format!("{cell:>WIDTH$}");
    }
    line.trim_end().to_owned()
}

fn quantiles(wait: &Wait) -> String {
    format!(
        "p50 {}, p99 {}, at most {}",
        time(wait.p50),
        time(wait.p99),
        time(wait.longest)
    )
}

/// With commas between thousands.
pub(super) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

pub(super) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let percent = part as f64 * 100.0 / whole as f64;
    // A few of many are not none.
    if part > 0 && percent < 0.05 {
        return "under 0.1 %".to_owned();
    }
    format!("{percent:.1} %")
}

/// `0`, `12 ms`, `1.5 s`, `2 h 3 min`
pub(super) fn time(seconds: f64) -> String {
    match seconds {
        0.0 => "0".to_owned(),
        ..0.001 => format!("{:.0} µs", seconds * 1e6),
        ..1.0 => format!("{:.0} ms", seconds * 1e3),
        ..60.0 => format!("{seconds:.1} s"),
        ..3_600.0 => format!(
            "{:.0} min {:.0} s",
            (seconds / 60.0).floor(),
            (seconds % 60.0).floor()
        ),
        _ => format!(
            "{:.0} h {:.0} min",
            (seconds / 3_600.0).floor(),
            (seconds % 3_600.0 / 60.0).floor()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_times_and_shares_read_well() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(percent(1, 1_000_000), "under 0.1 %");
        assert_eq!(percent(0, 5), "0.0 %");
        assert_eq!(percent(0, 0), "-");
        assert_eq!(time(0.0), "0");
        assert_eq!(time(0.000_25), "250 µs");
        assert_eq!(time(0.05), "50 ms");
        assert_eq!(time(299.9), "4 min 59 s");
        assert_eq!(time(90_000.0), "25 h 0 min");
    }
}
