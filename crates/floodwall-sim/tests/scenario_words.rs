//! What a scenario says of itself: in words for people, as a schema for editors.

use std::time::Duration;

use floodwall_sim::{Bound, Expect, Measure, Scenario};
use serde_json::Value;

const GOOD: &str = include_str!("good.toml");

#[test]
fn a_scenario_is_explained_in_words() {
    let text = Scenario::parse(GOOD, "good.toml").unwrap().explain();
    let expected = include_str!("good.txt");
    assert_eq!(text, expected, "\n{text}");
}

#[test]
fn an_explanation_is_80_columns_wide() {
    let long = GOOD.replacen("A good file.", &"words and more words ".repeat(20), 1);
    let text = Scenario::parse(&long, "good.toml").unwrap().explain();
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
        assert_eq!(line, line.trim_end());
    }
}

#[test]
fn nothing_that_can_be_said_panics_when_it_is_explained() {
    let mut scenario = Scenario::parse(GOOD, "good.toml").unwrap();
    scenario.phases[0].lasts = Duration::MAX;
    scenario.phases[1].lasts = Duration::MAX;
    scenario.phases[1].load = Some(f64::NAN);
    scenario.expect[0].at_least = Some(Bound::Seconds(f64::NAN));
    scenario.capacity = None;
    assert!(!scenario.explain().is_empty());
    assert!(!Scenario::default().explain().is_empty());
}

#[test]
fn an_expectation_is_a_sentence() {
    let sentence = |text: &str| -> String {
        let one: Expect = toml::from_str(text).unwrap();
        one.to_string()
    };
    assert_eq!(
        sentence("measure = 'success'\nduring = 'flood'\nclass = 0\nat_least = '99.5 %'"),
        "during flood, class 0: success at least 99.5 %"
    );
    assert_eq!(
        sentence("measure = 'p99'\nclient = 'shoppers'\nat_most = '55ms'\nat_least = '1ms'"),
        "client shoppers: p99 at least 1 ms and at most 55 ms"
    );
    assert_eq!(
        sentence(
            "measure = 'amplification'\nat_most = 1.1\nover = 'mean'\nneeds = 'a retry budget'"
        ),
        "over all: amplification at most 1.1, on average over the seeds \
         (pending, needs a retry budget)"
    );
}

/// Follows references within the schema.
fn resolved<'a>(schema: &'a Value, mut part: &'a Value) -> &'a Value {
    while let Some(to) = part["$ref"].as_str() {
        part = schema.pointer(to.trim_start_matches('#')).unwrap();
    }
    part
}

#[test]
fn the_schema_knows_each_table_and_nothing_else() {
    let schema = Scenario::schema();
    assert_eq!(schema["additionalProperties"], false);
    for (table, keys) in [
        (
            "phase",
            &["name", "for", "load", "rate", "shape", "settle"][..],
        ),
        (
            "client",
            &["name", "class", "share", "load", "users", "retry"],
        ),
        (
            "tier",
            &["name", "workers", "service", "lock", "calls", "change"],
        ),
        (
            "expect",
            &["measure", "during", "at_least", "at_most", "needs"],
        ),
    ] {
        let list = &schema["properties"][table];
        assert_eq!(list["type"], "array", "{table}");
        let one = resolved(&schema, &list["items"]);
        assert_eq!(one["additionalProperties"], false, "{table}");
        assert!(one["description"].is_string(), "{table}");
        for key in keys {
            let described = one["properties"][key]["description"].is_string();
            assert!(described, "{table}.{key}");
        }
    }
}

#[test]
fn the_schema_knows_all_keys_of_a_file_and_all_measures() {
    let schema = Scenario::schema();
    let file: toml::Table = GOOD.parse().unwrap();
    check_keys(&schema, &schema, &toml::Value::Table(file), "");
    let text = schema.to_string();
    for measure in Measure::ALL {
        assert!(text.contains(&format!("\"{measure}\"")), "{measure}");
    }
}

/// What `part` may be, one by one.
fn all_ways<'a>(schema: &'a Value, part: &'a Value, ways: &mut Vec<&'a Value>) {
    let part = resolved(schema, part);
    ways.push(part);
    let any = ["anyOf", "oneOf"]
        .iter()
        .filter_map(|key| part[*key].as_array());
    for way in any.flatten() {
        all_ways(schema, way, ways);
    }
}

/// That each key of `value` is described where a table has a fixed set of keys.
fn check_keys(schema: &Value, part: &Value, value: &toml::Value, path: &str) {
    let part = resolved(schema, part);
    match value {
        toml::Value::Table(table) => {
            let mut ways = Vec::new();
            all_ways(schema, part, &mut ways);
            for (key, value) in table {
                let found = ways.iter().find_map(|way| {
                    let named = &way["properties"][key];
                    let any = &way["additionalProperties"];
                    [named, any].into_iter().find(|part| part.is_object())
                });
                let Some(found) = found else {
                    panic!("{path}.{key} is not in the schema: {part}");
                };
                check_keys(schema, found, value, &format!("{path}.{key}"));
            }
        }
        toml::Value::Array(list) => {
            for value in list {
                check_keys(schema, &part["items"], value, path);
            }
        }
        _ => {}
    }
}
