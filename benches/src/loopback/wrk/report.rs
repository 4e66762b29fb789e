//! The same figures for people and for programs.

use std::fmt::Write;

use serde_json::{Value, json};

use super::Plan;
use super::contender::Contender;
use crate::bar::{Bar, at_least};
use crate::footer;
use crate::machine::Machine;
use crate::median::{cell, median};
use crate::process::Pin;

pub(super) struct Figures {
    pub(super) contender: Contender,
    /// Requests in a second, one for each round.
    pub(super) rates: Vec<f64>,
    /// Microseconds of the server's core for a request, the kernel's too, one for each round; empty
    /// where nobody tells.
    pub(super) cpu: Vec<f64>,
    /// Of a request, outside of the kernel.
    pub(super) instructions: Option<f64>,
}

/// The middle one, and from where to where they go.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
struct Spread {
    median: f64,
    least: f64,
    most: f64,
}

impl Figures {
    pub(super) fn of(contender: Contender) -> Self {
        Self {
            contender,
            rates: Vec::new(),
            cpu: Vec::new(),
            instructions: None,
        }
    }

    /// To the other's in the same round.
    fn ratio(&self, to: &Self) -> Spread {
        let pairs = self.rates.iter().zip(&to.rates);
        Spread::of(pairs.map(|(own, other)| own / other).collect())
    }

    /// The throughput that this is to the other's, were the server's core all that matters: what
    /// else there is to do on the machine changes it less.
    fn cpu_ratio(&self, to: &Self) -> f64 {
        let pairs = self.cpu.iter().zip(&to.cpu);
        median(pairs.map(|(own, other)| other / own))
    }
}

impl Spread {
    fn of(figures: Vec<f64>) -> Self {
        Self {
            least: figures.iter().copied().fold(f64::INFINITY, f64::min),
            most: figures.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            median: median(figures),
        }
    }

    fn text(self, digits: usize) -> String {
        let Self {
            median,
            least,
            most,
        } = self;
        format!("{median:.digits$} ({least:.digits$} to {most:.digits$})")
    }
}

fn bars(all: &[Figures]) -> Vec<Bar> {
    let bar = |figures: &Figures| {
        let least = figures.contender.bar()?;
        let name = format!("{}, throughput / bare", figures.contender.name());
        Some(at_least(name, figures.ratio(&all[0]).median, least))
    };
    all.iter().filter_map(bar).collect()
}

pub(super) fn text(machine: &Machine, pin: Pin, plan: &Plan, all: &[Figures]) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "{:20} {:>28} {:>24} {:>7} {:>8} {:>13} {:>10}",
        "hello, world",
        "requests a second",
        "ratio to bare",
        "cpu us",
        "by cpu",
        "instructions",
        "over bare"
    );
    for figures in all {
        let rates = Spread::of(figures.rates.clone()).text(0);
        let ratio = figures.ratio(&all[0]).text(3);
        let over = figures.instructions.zip(all[0].instructions);
        let _ = writeln!(
            text,
            "{:20} {rates:>28} {ratio:>24} {:>7} {:>8} {:>13} {:>10}",
            figures.contender.name(),
            cell(median(figures.cpu.clone()), 2),
            cell(figures.cpu_ratio(&all[0]), 3),
            cell(figures.instructions.unwrap_or(f64::NAN), 0),
            cell(over.map_or(f64::NAN, |(own, bare)| own - bare), 0),
        );
    }
    for bar in bars(all) {
        let _ = writeln!(text, "  {bar}");
    }
    let _ = writeln!(
        text,
        "medians (and range) of {} interleaved rounds of {} s, wrk with {} connections",
        plan.rounds, plan.seconds, plan.connections
    );
    let _ = writeln!(
        text,
        "cpu: what a request takes of the server's core, the kernel's part too, and the throughput that this alone allows"
    );
    let _ = if all[0].instructions.is_some() {
        writeln!(
            text,
            "instructions of a request, the kernel's not counted, by callgrind with 16 connections"
        )
    } else {
        writeln!(
            text,
            "instructions were not counted: it takes valgrind, and no `--no-count`"
        )
    };
    text + &footer::text(machine, pin)
}

/// No number where there is none.
fn known(figure: f64) -> Option<f64> {
    Some(figure).filter(|figure| figure.is_finite())
}

pub(super) fn json(machine: &Machine, pin: Pin, plan: &Plan, all: &[Figures]) -> Value {
    let contenders: Vec<_> = all
        .iter()
        .map(|figures| {
            json!({
                "name": figures.contender,
                "requests_a_second": Spread::of(figures.rates.clone()),
                "ratio_to_bare": figures.ratio(&all[0]),
                "cpu_us": known(median(figures.cpu.clone())),
                "ratio_by_cpu": known(figures.cpu_ratio(&all[0])),
                "instructions": figures.instructions,
                "rates": figures.rates,
            })
        })
        .collect();
    json!({
        "machine": footer::json(machine, pin),
        "rounds": plan.rounds,
        "seconds": plan.seconds,
        "connections": plan.connections,
        "contenders": contenders,
        "bars": bars(all),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(contender: Contender, rates: [f64; 3]) -> Figures {
        Figures {
            rates: rates.to_vec(),
            ..Figures::of(contender)
        }
    }

    #[test]
    fn ratios_are_those_of_the_same_round() {
        // A machine that slows down: the ratio of the medians would be 1.05.
        let all = [
            figures(Contender::Bare, [400.0, 200.0, 100.0]),
            figures(Contender::Floodwall, [380.0, 210.0, 95.0]),
        ];
        let expected = Spread {
            median: 0.95,
            least: 0.95,
            most: 1.05,
        };
        assert_eq!(all[1].ratio(&all[0]), expected);
        let bars = bars(&all);
        assert_eq!((bars.len(), bars[0].holds), (1, false));
    }

    #[test]
    fn what_a_request_takes_of_the_core_is_compared_in_its_round_and_may_be_unknown() {
        let of = |contender, cpu: &[f64]| Figures {
            cpu: cpu.to_vec(),
            ..figures(contender, [100.0; 3])
        };
        let bare = of(Contender::Bare, &[8.0, 10.0, 12.0]);
        let wall = of(Contender::Floodwall, &[10.0, 12.5, 15.0]);
        assert!((wall.cpu_ratio(&bare) - 0.8).abs() < 1e-9);
        assert_eq!(known(of(Contender::Floodwall, &[]).cpu_ratio(&bare)), None);
    }

    #[test]
    fn who_refuses_must_be_as_fast_as_the_bare_server() {
        let all = [
            figures(Contender::Bare, [100.0, 100.0, 100.0]),
            figures(Contender::FloodwallRefusing, [99.0, 100.0, 101.0]),
            figures(Contender::GovernorRefusing, [10.0, 10.0, 10.0]),
        ];
        let bars = bars(&all);
        assert_eq!((bars.len(), bars[0].bound, bars[0].holds), (1, 1.0, true));
    }
}
