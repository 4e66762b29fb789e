//! What many figures come to.

/// The middle, and where the middle eight tenths lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) p10: f64,
    pub(crate) p90: f64,
}

impl Spread {
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
        Self {
            median: at(0.5),
            p10: at(0.1),
            p90: at(0.9),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_made_of_values_that_were_seen() {
        let spread = Spread::of((0..=10).rev().map(f64::from).collect());
        let expected = Spread {
            median: 5.0,
            p10: 1.0,
            p90: 9.0,
        };
        assert_eq!(spread, expected);
    }
}
