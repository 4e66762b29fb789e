use serde_json::{Map, Value};

use super::lines::Lines;
use super::row::{Numbered, Source, TraceRow, class, cost, time};
use crate::scenario::error::Fault;
use crate::scenario::nearest::did_you_mean;

/// Rows that are a JSON object each.
pub(super) struct JsonRows<'a>(Lines<'a>);

impl<'a> JsonRows<'a> {
    pub(super) fn new(from: Source<'a>) -> Self {
        Self(Lines::new(from))
    }

    pub(super) fn advance(&mut self) -> Result<Option<Numbered>, Fault> {
        let Some((line, text)) = self.0.advance()? else {
            return Ok(None);
        };
        let object: Map<String, Value> = serde_json::from_slice(text).map_err(|error| {
            Fault::at_line(
                Some(line),
                format!("no JSON object: {error}"),
                "write one on each line, as in `{\"time\": 1.25, \"class\": 0}`",
            )
        })?;
        row(object, line).map(|row| Some((line, row)))
    }
}

fn row(object: Map<String, Value>, line: usize) -> Result<TraceRow, Fault> {
    let mut row = TraceRow {
        at: 0,
        class: 3,
        key: None,
        cost: 1,
    };
    let mut timed = false;
    for (name, value) in object {
        match (name.as_str(), value) {
            ("time", Value::String(text)) => {
                row.at = time(&text, line)?;
                timed = true;
            }
            ("time", value) => {
                row.at = time(&value.to_string(), line)?;
                timed = true;
            }
            ("class" | "key" | "cost", Value::Null) => {}
            ("class", value) => row.class = class(value.as_u64(), &value.to_string(), line)?,
            ("key", Value::String(key)) => row.key = Some(key),
            ("key", Value::Number(key)) => row.key = Some(key.to_string()),
            ("key", value) => {
                return Err(Fault::at_line(
                    Some(line),
                    format!("{value} is no key"),
                    "write a text or a number",
                ));
            }
            ("cost", value) => row.cost = cost(value.as_u64(), &value.to_string(), line)?,
            (name, _) => {
                return Err(Fault::at_line(
                    Some(line),
                    format!("unknown key `{name}`"),
                    did_you_mean(name, &["time", "class", "key", "cost"]),
                ));
            }
        }
    }
    if timed {
        Ok(row)
    } else {
        time("", line).map(|_| row)
    }
}
