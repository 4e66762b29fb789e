//! Tenants that take turns in the queue of the stack.

use floodwall_sim::{Builtin, Contender, Per, Scenario};

fn elephant() -> Scenario {
    Builtin::find("apf-elephant").unwrap().scenario().unwrap()
}

fn fairness(scenario: &Scenario) -> f64 {
    let report = Contender::Floodwall.play(scenario, 1).unwrap();
    report.phase("steady").unwrap().fairness.unwrap()
}

#[test]
fn turns_are_what_makes_an_elephant_fair() {
    let fair = elephant();
    assert!(fairness(&fair) > 0.9999);
    let mut one_line = fair;
    let stack = one_line.stack.as_mut().unwrap();
    stack.queue.as_mut().unwrap().fair = Per::All;
    assert!(fairness(&one_line) < 0.7);
}

#[test]
fn the_explanation_says_who_takes_turns() {
    let words = |scenario: &Scenario| {
        scenario
            .explain()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert!(words(&elephant()).contains("the tenants in turns"));
    let mut clients = elephant();
    let stack = clients.stack.as_mut().unwrap();
    stack.queue.as_mut().unwrap().fair = Per::Client;
    assert!(words(&clients).contains("the clients in turns"));
}

#[test]
fn turns_without_a_queue_are_refused_with_the_fix() {
    let text = Builtin::find("apf-elephant").unwrap().text();
    let none = text.replace("capacity = 64", "capacity = 0");
    let error = Scenario::parse(&none, "none.toml").unwrap_err().to_string();
    assert!(
        error.contains("where nobody waits nobody takes turns"),
        "{error}"
    );
    assert!(error.contains("leave `fair` out"), "{error}");
}
