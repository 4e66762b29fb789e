//! Which part of a stack's file a build error is about.
//!
//! The library names the field, and the same field stands in several places. So everything is taken
//! away that can go without another error: what is left is the culprit (delta debugging, after Zeller
//! and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002). That holds for parts
//! of a stack that are yet to come, too.

use std::collections::BTreeSet;

use floodwall::{BuildError, stack::StackConfig};
use serde::Deserialize;
use toml::{Table, Value};

use super::places::Step;

/// So many values are looked at: each costs a build.
const MOST: usize = 500;

type Place = Vec<Step>;

/// The place that `error` is about, if the file says anything.
pub(super) fn place_of(text: &str, error: &BuildError) -> Option<Place> {
    let root = Value::Table(text.parse::<Table>().ok()?);
    let wanted = error.to_string();
    let mut all = Vec::new();
    walk(&root, &mut Vec::new(), &mut all);
    // Whole parts first: what goes with them need not be tried.
    all.sort_by_key(Vec::len);
    let mut gone = BTreeSet::new();
    for place in all.iter().take(MOST) {
        if is_in(place, &gone) {
            continue;
        }
        gone.insert(place.clone());
        if fails(&root, &gone).as_deref() != Some(&wanted) {
            gone.remove(place);
        }
    }
    all.retain(|place| !is_in(place, &gone));
    let leaves = all.iter().filter(|place| {
        let inside = |other: &&Place| other.len() > place.len() && other.starts_with(place);
        !all.iter().any(|other| inside(&other))
    });
    // Of equals the last, as of two quotas with one name the second.
    leaves
        .max_by_key(|place| points(place, &root, error, &wanted))
        .cloned()
}

/// How well a value fits to what the error says.
fn points(place: &Place, root: &Value, error: &BuildError, wanted: &str) -> u8 {
    let named = place.iter().any(|step| match step {
        Step::Key(key) => {
            key.trim_end_matches('s') == error.field().trim_end_matches('s')
                || error.field().starts_with(&**key)
        }
        Step::Index(_) => false,
    });
    let quoted = match at(root, place) {
        Some(Value::String(text)) => text.len() > 1 && wanted.contains(text.as_str()),
        Some(Value::Integer(n)) => wanted.contains(&n.to_string()),
        Some(Value::Float(n)) => wanted.contains(&n.to_string()),
        _ => false,
    };
    u8::from(named) + 2 * u8::from(quoted)
}

fn fails(root: &Value, gone: &BTreeSet<Place>) -> Option<String> {
    let left = without(root, &mut Vec::new(), gone);
    let config = StackConfig::deserialize(left).ok()?;
    config.build().err().map(|error| error.to_string())
}

fn is_in(place: &Place, gone: &BTreeSet<Place>) -> bool {
    (1..=place.len()).any(|length| gone.contains(&place[..length]))
}

fn without(value: &Value, here: &mut Place, gone: &BTreeSet<Place>) -> Value {
    let mut kept = |step: Step, value: &Value| {
        here.push(step);
        let kept = (!gone.contains(here)).then(|| without(value, here, gone));
        here.pop();
        kept
    };
    match value {
        Value::Table(table) => {
            let mut left = Table::new();
            for (key, value) in table {
                if let Some(value) = kept(Step::Key(key.clone()), value) {
                    left.insert(key.clone(), value);
                }
            }
            Value::Table(left)
        }
        Value::Array(list) => {
            let all = list.iter().enumerate();
            Value::Array(
                all.filter_map(|(n, value)| kept(Step::Index(n), value))
                    .collect(),
            )
        }
        other => other.clone(),
    }
}

fn walk(value: &Value, here: &mut Place, to: &mut Vec<Place>) {
    let mut into = |step: Step, value: &Value| {
        here.push(step);
        to.push(here.clone());
        walk(value, here, to);
        here.pop();
    };
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                into(Step::Key(key.clone()), value);
            }
        }
        Value::Array(list) => {
            for (n, value) in list.iter().enumerate() {
                into(Step::Index(n), value);
            }
        }
        _ => {}
    }
}

fn at<'a>(root: &'a Value, place: &Place) -> Option<&'a Value> {
    place.iter().try_fold(root, |value, step| match step {
        Step::Key(key) => value.get(key.as_str()),
        Step::Index(n) => value.get(*n),
    })
}
