//! The report as one JSON object.

use super::report::Report;

pub(crate) fn render(report: &Report) -> serde_json::Result<String> {
    serde_json::to_string_pretty(report)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::demo::sample;

    #[test]
    fn the_shape_is_what_scripts_rely_on() {
        let value: Value = serde_json::from_str(&render(&sample::report()).unwrap()).unwrap();
        assert_eq!(value["capacity_rps"], json!(700.0));
        assert_eq!(value["runs"][1]["name"], json!("floodwall"));
        let flood = &value["runs"][1]["phases"][1];
        assert_eq!(flood["name"], json!("flood"));
        assert_eq!(flood["statuses"], json!({ "200": 2800, "503": 11_200 }));
        assert_eq!(
            flood["priorities"][0],
            json!({ "priority": 0, "offered": 1400, "succeeded": 1400 })
        );
        for number in [
            "offered_rps",
            "goodput_rps",
            "p50_ms",
            "p99_ms",
            "refusal_p50_ms",
            "timeouts",
            "errors",
        ] {
            assert!(flood[number].is_number(), "{number}");
        }
    }

    #[test]
    fn a_quantile_of_nothing_is_null() {
        let value: Value = serde_json::from_str(&render(&sample::report()).unwrap()).unwrap();
        assert_eq!(value["runs"][0]["phases"][0]["refusal_p50_ms"], Value::Null);
    }
}
