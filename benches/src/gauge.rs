//! What another process measures: how it is asked, and what it answers.

use std::process::{Command, Stdio};
use std::sync::Arc;

use floodwall_core::Moment;
use floodwall_core::rate::{HashSecret, KeyedGcra, Quota, TableConfig};
use governor::RateLimiter;
use serde_json::{Map, Value, json};

use crate::case::{Contender, Effort, Work};
use crate::cases;

/// Enough for what happens once in a while to show as a part of one.
const TIMES: u64 = 10_000;

/// How often contenders allocate.
pub(crate) struct Allocations(Value);

impl Allocations {
    /// For doing the work once.
    pub(crate) fn of(&self, case: &str, contender: &str) -> Option<f64> {
        self.0[case][contender].as_f64()
    }
}

/// Asks for the allocations of these cases; `None` if there is nobody to ask.
pub(crate) fn allocations(cases: &[&str]) -> Option<Allocations> {
    let answer = ask(std::iter::once("allocations").chain(cases.iter().copied()))?;
    serde_json::from_str(&answer).ok().map(Allocations)
}

/// Asks for the bytes that so many keys take; `None` if there is nobody to ask.
pub(crate) fn memory(who: &str, keys: usize) -> Option<f64> {
    ask(["memory", who, &keys.to_string()])?.trim().parse().ok()
}

fn ask<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let own = std::env::current_exe().ok()?;
    let gauge = own.with_file_name(format!("gauge{}", std::env::consts::EXE_SUFFIX));
    let output = Command::new(gauge)
        .args(words)
        .stderr(Stdio::inherit())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8(output.stdout).ok())?
}

/// What the other process does.
pub(crate) fn answer(
    words: &[String],
    count: fn(&mut dyn FnMut()) -> u64,
) -> Result<String, String> {
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["allocations", ref names @ ..] => Ok(counted(names, Effort::Whole, count).to_string()),
        ["memory", who, keys] => {
            let keys = keys
                .parse()
                .map_err(|_| format!("`{keys}` is no number of keys"))?;
            fill(who, keys).map(|bytes| bytes.to_string())
        }
        _ => Err("usage: gauge allocations [CASE]... | gauge memory WHO KEYS".to_owned()),
    }
}

fn counted(names: &[&str], effort: Effort, count: fn(&mut dyn FnMut()) -> u64) -> Value {
    let cases = cases::all();
    let wanted = cases.into_iter().filter(|case| names.contains(&case.name));
    // All stay until the last has been asked: one may keep what another needs.
    let of = |mut contenders: Vec<Contender>| -> Map<String, Value> {
        let each = contenders.iter_mut().filter_map(|contender| {
            let made = per_time(contender, count)?;
            Some((contender.name.clone(), json!(made)))
        });
        each.collect()
    };
    let cases: Map<_, _> = wanted
        // A line's points differ in time, and to fill their tables once more takes long.
        .filter(|case| case.axis.is_none())
        .map(|case| (case.name.to_owned(), of(case.contenders(effort)).into()))
        .collect();
    cases.into()
}

/// On one thread, and only where nothing is prepared in between.
fn per_time(contender: &mut Contender, count: fn(&mut dyn FnMut()) -> u64) -> Option<f64> {
    let Work::Repeat(work) = &mut contender.work else {
        return None;
    };
    let [alone] = &mut work[..] else {
        return None;
    };
    if contender.prepares {
        return None;
    }
    // What is made once is made here.
    let _ = alone(TIMES);
    let made = count(&mut || {
        let _ = alone(TIMES);
    });
    Some(made as f64 / TIMES as f64)
}

/// The bytes that are resident more when `who` knows so many keys.
fn fill(who: &str, keys: usize) -> Result<f64, String> {
    let [governor, text, floodwall] = cases::WHO;
    if who == governor {
        let keys = cases::wide(keys);
        let quota = governors();
        Ok(grown(|| {
            let table = RateLimiter::keyed(quota);
            for key in keys.iter() {
                let _ = table.check_key(key);
            }
            table
        }))
    } else if who == text {
        let keys = cases::strings(keys);
        let quota = governors();
        Ok(grown(|| {
            let table = RateLimiter::keyed(quota);
            for key in keys.iter() {
                let _ = table.check_key(key);
            }
            table
        }))
    } else if who == floodwall {
        let keys = cases::wide(keys);
        let quota: Quota = "1/h".parse().map_err(|error| format!("{error}"))?;
        let config = TableConfig::new(keys.len());
        Ok(grown(|| {
            let table = KeyedGcra::new(&quota, &config).map(Arc::new);
            let secret = HashSecret::random();
            for key in keys.iter() {
                let charged = table
                    .as_ref()
                    .map(|table| table.charge(secret.key(key), Moment::ZERO, 1));
                let _ = charged;
            }
            table
        }))
    } else {
        Err(format!(
            "nobody is called `{who}`; there is: {}",
            cases::WHO.join("; ")
        ))
    }
}

fn governors() -> governor::Quota {
    let hour = std::time::Duration::from_secs(3_600);
    governor::Quota::with_period(hour).expect("it is not 0")
}

fn grown<T>(make: impl FnOnce() -> T) -> f64 {
    let before = resident();
    let made = make();
    let after = resident();
    drop(made);
    after - before
}

/// What this process has in memory, in bytes; Linux only.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kibibytes.map_or(f64::NAN, |kibibytes| kibibytes * 1_024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocations_are_told_for_each_contender_and_each_time() {
        // Counts as if every block made 20,000.
        fn count(work: &mut dyn FnMut()) -> u64 {
            work();
            20_000
        }
        let told = Allocations(counted(&["signals_write"], Effort::Small, count));
        assert_eq!(told.of("signals_write", "limit"), Some(2.0));
        assert_eq!(told.of("signals_write", "nobody"), None);
        assert_eq!(told.of("stack", "bare"), None);
    }

    #[test]
    fn whoever_is_asked_wrongly_says_what_can_be_asked() {
        let count = |_: &mut dyn FnMut()| 0;
        let asked = |words: &[&str]| {
            let words: Vec<_> = words.iter().map(|&word| word.to_owned()).collect();
            answer(&words, count).unwrap_err()
        };
        assert!(asked(&["memory", "nobody", "5"]).contains("floodwall"));
        assert!(asked(&["memory", "floodwall", "many"]).contains("`many`"));
        assert!(asked(&[]).contains("usage"));
    }
}
