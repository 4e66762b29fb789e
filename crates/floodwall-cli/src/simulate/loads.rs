//! `--sweep`: at which loads to run, in multiples of the capacity.

use std::str::FromStr;

/// How many loads a range has that does not say.
const USUAL: usize = 12;
/// As many as a scenario file may list.
const MOST: usize = 1_000;
const FORM: &str = "write load=0.1..6, load=0.1..6/12 (twelve loads) or load=0.5,1,2, in multiples of the capacity";

/// One or more loads above 0, in ascending order, none of them twice.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Loads(Vec<f64>);

impl Loads {
    pub(crate) fn as_slice(&self) -> &[f64] {
        &self.0
    }
}

impl FromStr for Loads {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((what, loads)) = text.split_once('=') else {
            return Err(FORM.to_owned());
        };
        if what != "load" {
            return Err(format!("`{what}` cannot be swept, only `load`: {FORM}"));
        }
        let mut loads = match loads.split_once("..") {
            Some((low, rest)) => range(low, rest)?,
            None => loads.split(',').map(load).collect::<Result<_, _>>()?,
        };
        if loads.len() > MOST {
            return Err(format!("give {MOST} loads at most"));
        }
        loads.sort_by(f64::total_cmp);
        loads.dedup();
        Ok(Self(loads))
    }
}

fn range(low: &str, rest: &str) -> Result<Vec<f64>, String> {
    let (high, count) = match rest.split_once('/') {
        Some((high, count)) => (high, count.parse().map_err(|_| FORM.to_owned())?),
        None => (rest, USUAL),
    };
    let (low, high) = (load(low)?, load(high)?);
    if low >= high {
        return Err(format!(
            "{low}..{high} does not go up: write the lower load first, as in load=0.1..6"
        ));
    }
    if !(2..=MOST).contains(&count) {
        return Err(format!(
            "a range has 2 to {MOST} loads, as in load=0.1..6/12"
        ));
    }
    let step = (high - low) / (count - 1) as f64;
    Ok((0..count)
        .map(|n| match n {
            // Exactly what was asked for.
            0 => low,
            n if n == count - 1 => high,
            n => short(low + n as f64 * step),
        })
        .collect())
}

fn load(text: &str) -> Result<f64, String> {
    let load: f64 = text.parse().map_err(|_| FORM.to_owned())?;
    if load > 0.0 && load.is_finite() {
        Ok(load)
    } else {
        Err(format!("a load is more than 0, not {text}: {FORM}"))
    }
}

/// Four digits, so that people can read it and type it again.
fn short(load: f64) -> f64 {
    format!("{load:.3e}").parse().unwrap_or(load)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<f64>, String> {
        text.parse().map(|Loads(loads)| loads)
    }

    #[test]
    fn a_range_is_cut_evenly_and_keeps_its_ends() {
        assert_eq!(parse("load=1..3/5"), Ok(vec![1.0, 1.5, 2.0, 2.5, 3.0]));
        let usual = parse("load=0.1..6").unwrap();
        assert_eq!((usual.len(), usual[0], usual[11]), (USUAL, 0.1, 6.0));
        assert_eq!(usual[1], 0.6364);
    }

    #[test]
    fn a_list_is_sorted_and_has_nothing_twice() {
        assert_eq!(parse("load=1,0.1,0.5,1"), Ok(vec![0.1, 0.5, 1.0]));
        assert_eq!(parse("load=2"), Ok(vec![2.0]));
    }

    #[test]
    fn nonsense_is_refused_with_what_would_do() {
        for text in [
            "",
            "load",
            "load=",
            "load=x",
            "load=1..",
            "load=..2",
            "load=1,,2",
            "load=1..2/x",
            "load=1..2/0",
            "load=1..2/1",
            "load=1..2/5000",
            "load=2..1",
            "load=1..1",
            "foo=1..2",
            "load=0",
            "load=-1",
            "load=0..2",
            "load=inf",
            "load=nan",
            "load=1..inf",
        ] {
            let told = parse(text).unwrap_err();
            assert!(told.contains("load=0.1..6"), "{text}: {told}");
        }
        assert!(parse("foo=1..2").unwrap_err().contains("`foo`"));
        assert!(parse("load=-1").unwrap_err().contains("more than 0"));
    }
}
