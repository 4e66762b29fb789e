//! `--seeds`: a range, or a list of numbers and ranges.

use std::str::FromStr;

/// Every run keeps its report until the end.
const MOST: usize = 1_000;

/// One or more seeds, in ascending order, none of them twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seeds(Vec<u64>);

impl Seeds {
    pub(crate) fn as_slice(&self) -> &[u64] {
        &self.0
    }
}

impl FromStr for Seeds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut seeds = Vec::new();
        for part in text.split(',') {
            let (low, high) = part.split_once("..").unwrap_or((part, part));
            let (low, high) = (number(low)?, number(high)?);
            if low > high {
                return Err(format!("{low}..{high} goes down: write {high}..{low}"));
            }
            // Compared before anything is added, which could overflow.
            if high - low >= MOST as u64 {
                return Err(too_many());
            }
            seeds.extend(low..=high);
            if seeds.len() > MOST {
                return Err(too_many());
            }
        }
        seeds.sort_unstable();
        seeds.dedup();
        Ok(Self(seeds))
    }
}

fn number(text: &str) -> Result<u64, String> {
    text.trim().trim_start_matches('=').parse().map_err(|_| {
        "give a range of whole numbers such as 1..20, or a list such as 1,5,9".to_owned()
    })
}

fn too_many() -> String {
    format!("give {MOST} seeds at most, such as 1..20")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<u64>, String> {
        text.parse().map(|Seeds(seeds)| seeds)
    }

    #[test]
    fn both_ends_of_a_range_count() {
        assert_eq!(parse("1..4"), Ok(vec![1, 2, 3, 4]));
        assert_eq!(parse("7..7"), Ok(vec![7]));
        assert_eq!(parse("7"), Ok(vec![7]));
        assert_eq!(parse(&format!("{0}..{0}", u64::MAX)), Ok(vec![u64::MAX]));
    }

    #[test]
    fn as_rust_writes_an_inclusive_range_is_fine_too() {
        assert_eq!(parse("1..=3"), Ok(vec![1, 2, 3]));
    }

    #[test]
    fn a_list_is_sorted_and_has_nothing_twice() {
        assert_eq!(parse("9,1,5"), Ok(vec![1, 5, 9]));
        assert_eq!(parse("3..5,1,4"), Ok(vec![1, 3, 4, 5]));
    }

    #[test]
    fn nonsense_is_refused_with_what_would_do() {
        for text in [
            "", "x", "1..", "..5", "-1..3", "1...5", "1.5", "1,,2", "1-5",
        ] {
            assert!(parse(text).unwrap_err().contains("1..20"), "{text}");
        }
        assert!(parse("20..1").unwrap_err().contains("write 1..20"));
    }

    #[test]
    fn more_seeds_than_anybody_waits_for_are_refused() {
        assert!(parse("1..1000").is_ok());
        for text in ["1..1001", "0..18446744073709551615", "1..600,1000..1600"] {
            assert!(parse(text).unwrap_err().contains("at most"), "{text}");
        }
    }
}
