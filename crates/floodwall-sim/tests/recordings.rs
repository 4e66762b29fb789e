//! Recordings as load: each request when it came, faster or slower, with its class, its key and its cost.

mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use floodwall_sim::{
    Answer, Attempt, Contender, Phase, Report, RunError, Scenario, Simulation, Tier, Times, Trace,
};
use support::{Trip, ms, trips};

/// A file that is gone when the test is over, however it ends.
struct Recording(PathBuf);

impl Recording {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("floodwall-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    /// Before plenty of workers that need 10 ms.
    fn scenario(&self, speed: f64) -> Scenario {
        let mut scenario =
            Scenario::new("recorded").tier(Tier::new("many", 100, Times::constant(ms(10))));
        let file = self.0.display().to_string();
        let text = format!("file = {file:?}\nspeed = {speed:?}");
        scenario.trace = Some(toml::from_str::<Trace>(&text).unwrap());
        scenario
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn came(trips: &[Trip]) -> Vec<Duration> {
    trips.iter().map(|trip| trip.came).collect()
}

fn by_class(report: &Report) -> BTreeMap<u8, u64> {
    let classes = report.total.classes.iter();
    classes
        .map(|group| (group.class.unwrap(), group.offered))
        .collect()
}

const TABLE: &str = "time,class,key\n0,0,a\n0.25,7,b\n0.25,7,a\n1.5,,\n2,0,b\n";

#[test]
fn a_table_is_played_at_its_times_with_its_classes() {
    let file = Recording::new("table.csv", TABLE);
    let (report, trips) = trips(&file.scenario(1.0));
    assert_eq!(came(&trips), [0, 250, 250, 1_500, 2_000].map(ms));
    assert_eq!(by_class(&report), BTreeMap::from([(0, 2), (3, 1), (7, 2)]));
    assert_eq!(
        (report.total.all.offered, report.total.all.succeeded),
        (5, 5)
    );
    // It lasts until the last request, and that is in it.
    assert_eq!(report.phases.len(), 1);
    assert_eq!(
        (report.phases[0].name.as_str(), report.seconds),
        ("recording", 2.000_000_001)
    );
    // Only classes that came are shown.
    let names: Vec<_> = report
        .total
        .clients
        .iter()
        .map(|group| group.name.as_str())
        .collect();
    assert_eq!(names, ["class 0", "class 3", "class 7"]);
}

#[test]
fn json_lines_are_played() {
    let text = "{\"time\": 0.1, \"class\": 1}\n{\"time\": \"150ms\", \"key\": 7}\n";
    let file = Recording::new("lines.jsonl", text);
    let (report, trips) = trips(&file.scenario(1.0));
    assert_eq!(came(&trips), [ms(100), ms(150)]);
    assert_eq!(by_class(&report), BTreeMap::from([(1, 1), (3, 1)]));
}

#[test]
fn an_access_log_is_played_spread_over_its_seconds() {
    let line = |host, second| {
        format!("10.0.0.{host} - - [10/Oct/2000:13:55:{second} -0700] \"GET / HTTP/1.1\" 200 12\n")
    };
    let text = [
        line(1, 36),
        line(2, 36),
        line(1, 36),
        line(1, 36),
        line(3, 38),
    ]
    .concat();
    let file = Recording::new("access.log", &text);
    let (report, trips) = trips(&file.scenario(1.0));
    assert_eq!(came(&trips), [0, 250, 500, 750, 2_000].map(ms));
    // Three got all they asked for.
    assert_eq!(report.total.fairness, Some(1.0));
}

#[test]
fn a_recording_can_be_played_faster_and_slower() {
    let file = Recording::new("speed.csv", TABLE);
    let (fast, trips_of_fast) = trips(&file.scenario(2.0));
    assert_eq!(came(&trips_of_fast), [0, 125, 125, 750, 1_000].map(ms));
    assert_eq!(fast.seconds, 1.000_000_001);
    let (_, slow) = trips(&file.scenario(0.5));
    assert_eq!(came(&slow), [0, 500, 500, 3_000, 4_000].map(ms));
}

#[test]
fn phases_cut_a_recording_and_what_comes_after_them_is_left_out() {
    let file = Recording::new("phases.csv", TABLE);
    let scenario = file
        .scenario(1.0)
        .phase(Phase::new("first", ms(250)))
        .phase(Phase::new("second", ms(1_300)));
    let (report, _) = trips(&scenario);
    let offered: Vec<_> = report
        .phases
        .iter()
        .map(|phase| phase.all.offered)
        .collect();
    // What comes at the very start of a phase is of it.
    assert_eq!(offered, [1, 3]);
    assert_eq!(report.total.all.offered, 4);
}

#[test]
fn keys_are_tenants() {
    // Before one worker that is busy for 10 ms, of a and b at the same moment only the first is served.
    let text: String = (0..100).map(|n| format!("{n},a\n{n},b\n")).collect();
    let file = Recording::new("keys.csv", &format!("time,key\n{text}"));
    let mut scenario = file.scenario(100.0);
    scenario.tiers[0].workers = 1;
    scenario.tiers[0].line = floodwall_sim::Line::AtMost(0);
    scenario.tiers[0].service = Times::constant(ms(5));
    let (report, _) = trips(&scenario);
    assert_eq!(
        (report.total.all.succeeded, report.total.all.refused),
        (100, 100)
    );
    assert_eq!(report.total.fairness, Some(0.5));
    scenario.tiers[0].line = floodwall_sim::Line::AtMost(1);
    assert_eq!(trips(&scenario).0.total.fairness, Some(1.0));
}

#[test]
fn costs_are_taken_from_quotas_and_deadlines_and_patience_are_kept() {
    let file = Recording::new("costs.csv", "time,cost\n0,1\n0.1,5\n0.2,3\n0.3,3\n");
    let mut scenario = file.scenario(1.0);
    scenario.stack = Some(floodwall_sim::Stack {
        quotas: vec![floodwall_sim::QuotaRule {
            allow: "1/h burst 10".to_owned(),
            per: floodwall_sim::Per::All,
        }],
        ..Default::default()
    });
    let report = Contender::Floodwall.play(&scenario, 1).unwrap();
    assert_eq!(
        (report.total.all.succeeded, report.total.all.refused),
        (3, 1)
    );
    let trace = scenario.trace.as_mut().unwrap();
    trace.deadline = Some(ms(9));
    assert_eq!(support::bare(&scenario).total.all.late, 4);
    scenario.trace.as_mut().unwrap().patience = Some(ms(8));
    assert_eq!(support::bare(&scenario).total.all.abandoned, 4);
}

#[test]
fn a_broken_recording_is_told_with_its_file_and_line() {
    for (name, text, line) in [
        ("broken.csv", "time,class\n0,1\n1,9\n", 3),
        ("order.csv", "time\n2\n1\n", 3),
        ("broken.jsonl", "{\"time\": 0}\n\n{\"tme\": 1}\n", 3),
        ("broken.log", "nonsense\n", 1),
    ] {
        let file = Recording::new(name, text);
        let at = format!("{}:{line}:", file.0.display());
        // Before it is played when its length is asked for, and while it is played when not.
        let whole = file.scenario(1.0);
        let cut = whole.clone().phase(Phase::new("all", ms(5_000)));
        for scenario in [whole, cut] {
            match Contender::Bare.play(&scenario, 1) {
                Err(RunError::Trace(told)) => assert!(told.starts_with(&at), "{told}"),
                other => panic!("{name}: {other:?}"),
            }
        }
    }
    let mut gone = Recording::new("gone.csv", TABLE).scenario(1.0);
    gone.phases.push(Phase::new("all", ms(5_000)));
    let told = Contender::Bare.play(&gone, 1).unwrap_err();
    assert!(
        matches!(&told, RunError::Trace(told) if told.contains("cannot be read")),
        "{told}"
    );
}

#[test]
fn an_empty_recording_is_a_run_without_requests() {
    let file = Recording::new("empty.csv", "time\n");
    let report = support::bare(&file.scenario(1.0));
    assert_eq!(report.total.all.offered, 0);
    assert_eq!(report.total.all.success(), None);
}

#[test]
fn requests_at_times_come_then_and_bear_their_numbers() {
    let times = [0, 1, 1, 2_500_000_001].map(Duration::from_nanos);
    let scenario = Scenario::new("times").trace(Trace::at_times(times));
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let report = Simulation::new(&scenario)
        .run(|stage| {
            let (seen, world) = (std::sync::Arc::clone(&seen), stage.world().clone());
            tower::service_fn(move |attempt: Attempt| {
                seen.lock().unwrap().push((attempt.id(), world.elapsed()));
                std::future::ready(Ok::<_, std::convert::Infallible>(Answer::GOOD))
            })
        })
        .unwrap();
    let expected: Vec<_> = (0..).zip(times).collect();
    assert_eq!(*seen.lock().unwrap(), expected);
    assert_eq!(report.phases[0].all.offered, 4);
}

#[test]
fn times_that_are_not_in_order_are_refused() {
    let times = [2, 1].map(Duration::from_secs);
    let scenario = Scenario::new("times").trace(Trace::at_times(times));
    let service = tower::service_fn(async |_| Ok::<_, std::convert::Infallible>(Answer::GOOD));
    let error = Simulation::new(&scenario).run(|_| service).unwrap_err();
    assert!(error.to_string().contains("sort the recording"), "{error}");
}
