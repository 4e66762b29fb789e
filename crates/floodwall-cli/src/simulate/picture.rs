//! The pictures themselves.

use floodwall_sim::{
    Report,
    plot::{self, SweepCurve, SweepPoint},
};

use super::figures::Figures;

/// So many stacks fit into one picture.
pub(crate) const MOST: usize = 6;

/// How one stack did at several loads.
#[derive(Debug)]
pub(crate) struct Curve {
    pub(crate) stack: String,
    pub(crate) points: Vec<(f64, Figures)>,
}

pub(crate) fn timeline(report: &Report) -> anyhow::Result<String> {
    Ok(plot::timeline(report)?)
}

pub(crate) fn compare(reports: &[&Report]) -> anyhow::Result<String> {
    Ok(plot::compare(reports)?)
}

pub(crate) fn sweep(curves: &[Curve]) -> anyhow::Result<String> {
    let curve = |curve: &Curve| SweepCurve {
        stack: curve.stack.clone(),
        points: curve.points.iter().map(point).collect(),
    };
    let curves: Vec<_> = curves.iter().map(curve).collect();
    Ok(plot::sweep(&curves)?)
}

fn point((load, figures): &(f64, Figures)) -> SweepPoint {
    SweepPoint {
        load: *load,
        goodput: figures.of_capacity,
        // With one class only, it is what the goodput says already.
        success_top: match figures.classes.as_slice() {
            [(_, top), _, ..] => *top,
            _ => None,
        },
        p99: figures.p99,
    }
}
