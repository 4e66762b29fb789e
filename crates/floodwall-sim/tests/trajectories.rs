//! The course of some runs, kept as text: a change of behaviour shows in the diff, and so would a machine
//! that computes otherwise. `FLOODWALL_BLESS=1` writes them anew.

use std::fs;
use std::path::Path;

use floodwall_sim::{Builtin, Contender, snapshot};

fn check(name: &str, contender: Contender) {
    let scenario = Builtin::find(name).unwrap().scenario().unwrap();
    let report = contender.play(&scenario, 1).unwrap();
    let text = snapshot(&report);
    let file = format!("{name}-{contender}.txt").replace(':', "-");
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/trajectories")
        .join(file);
    if std::env::var_os("FLOODWALL_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        text,
        kept,
        "{}: FLOODWALL_BLESS=1 rewrites it",
        path.display()
    );
}

#[test]
fn a_spike_goes_as_it_went() {
    check("breakwater-spike", Contender::Floodwall);
    check("breakwater-spike", Contender::CodelLifo);
}

#[test]
fn a_retry_storm_goes_as_it_went() {
    check("metastable-retries", Contender::Bare);
    check("metastable-retries", Contender::Floodwall);
}

#[test]
fn two_apis_before_one_backend_go_as_they_went() {
    check("topfull-two-apis", Contender::Dagor);
    check("topfull-two-apis", Contender::Floodwall);
}
