//! What floodwall costs, beside its peers.
//!
//! Nanoseconds belong to one machine on one day; the ratios carry over. So every case measures its
//! contenders in turns, a few milliseconds each, and compares only within a turn: what disturbs
//! the machine then disturbs all of them.
#![allow(
    clippy::print_stdout,
    reason = "programs that print what they measured"
)]

mod bar;
mod case;
mod cases;
mod choice;
mod gauge;
mod machine;
mod measure;
mod progress;
mod report;
mod spread;
mod stopwatch;

use std::process::ExitCode;

use choice::Choice;
use machine::Machine;
use measure::Plan;
use progress::Progress;

/// Measures what the command line names, and prints or saves it.
pub fn bench() -> ExitCode {
    match Choice::read(std::env::args().skip(1)).and_then(|choice| run(&choice)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => refuse(&message),
    }
}

/// Answers what [`bench`] asks another process. `count` tells how often something allocates.
pub fn gauge(count: fn(&mut dyn FnMut()) -> u64) -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).collect();
    match gauge::answer(&words, count) {
        Ok(answer) => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Err(message) => refuse(&message),
    }
}

fn run(choice: &Choice) -> Result<(), String> {
    let cases = choice.of(cases::all())?;
    let machine = Machine::read();
    let names: Vec<_> = cases.iter().map(|case| case.name).collect();
    let allocations = gauge::allocations(&names);
    if allocations.is_none() {
        eprintln!(
            "allocations and memory are not measured: the program `gauge` has failed or is not beside this one; `cargo build --release -p floodwall-benches --bins` builds it"
        );
    }
    let progress = Progress::new(cases.len());
    let reports: Vec<_> = cases
        .into_iter()
        .map(|case| {
            let name = case.name;
            let counted = |contender: &str| allocations.as_ref()?.of(name, contender);
            measure::run(case, &Plan::default(), &progress, counted)
        })
        .collect();
    drop(progress);
    if choice.save {
        let saved = report::save(&machine, &reports)?;
        eprintln!("wrote {}", saved.display());
    } else if choice.json {
        println!("{}", report::json(&machine, &reports));
    } else {
        print!("{}", report::table(&machine, &reports));
    }
    Ok(())
}

fn refuse(message: &str) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::from(2)
}
