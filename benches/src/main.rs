//! What floodwall costs, beside its peers: `cargo xtask bench [NAME] [--json]`.
//!
//! Nanoseconds belong to one machine on one day; the ratios carry over. So every case measures its
//! contenders in turns, a few milliseconds each, and compares only within a turn: what disturbs
//! the machine then disturbs all of them.
#![allow(
    clippy::print_stdout,
    reason = "a program that prints what it measured"
)]

mod case;
mod cases;
mod machine;
mod measure;
mod report;

use std::process::ExitCode;

use case::Case;
use machine::Machine;
use measure::Plan;

fn main() -> ExitCode {
    let (flags, names): (Vec<_>, Vec<_>) = std::env::args()
        .skip(1)
        .partition(|arg| arg.starts_with("--"));
    if let Some(flag) = flags.iter().find(|flag| *flag != "--json") {
        return refuse(&format!("unknown flag `{flag}`; there is `--json`"));
    }
    let cases = match choose(&names, cases::all()) {
        Ok(cases) => cases,
        Err(message) => return refuse(&message),
    };
    let machine = Machine::read();
    let reports: Vec<_> = cases
        .into_iter()
        .map(|case| measure::run(case, &Plan::default()))
        .collect();
    if flags.is_empty() {
        print!("{}", report::table(&machine, &reports));
    } else {
        println!("{}", report::json(&machine, &reports));
    }
    ExitCode::SUCCESS
}

/// All cases, or the named ones.
fn choose(names: &[String], all: Vec<Case>) -> Result<Vec<Case>, String> {
    let known: Vec<_> = all.iter().map(|case| case.name).collect();
    if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(format!("no case `{name}`; there is: {}", known.join(", ")));
    }
    let chosen = |case: &Case| names.is_empty() || names.iter().any(|name| name == case.name);
    Ok(all.into_iter().filter(chosen).collect())
}

fn refuse(message: &str) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::from(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_case_names_the_known_ones() {
        let refused = choose(&["admit_nop".to_owned()], cases::all())
            .err()
            .unwrap();
        assert!(refused.contains("admit_nop"), "{refused}");
        assert!(refused.contains("admit_noop"), "{refused}");
    }

    #[test]
    fn no_name_means_every_case() {
        assert_eq!(choose(&[], cases::all()).unwrap().len(), cases::all().len());
    }
}
