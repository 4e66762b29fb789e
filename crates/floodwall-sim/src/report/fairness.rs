/// Jain's index (Jain, Chiu and Hawe 1984) over what each got of its max-min fair share of all that
/// was got: 1 is fair, 1/n is one with everything. `None` if nobody got anything.
pub(crate) fn jain(wanted_and_got: &[(u64, u64)]) -> Option<f64> {
    let asked: Vec<_> = wanted_and_got
        .iter()
        .filter(|(wanted, _)| *wanted > 0)
        .collect();
    let total: u64 = asked.iter().map(|(_, got)| got).sum();
    if total == 0 {
        return None;
    }
    let level = fair_level(asked.iter().map(|(wanted, _)| *wanted), total);
    let (mut sum, mut squares) = (0.0, 0.0);
    for (wanted, got) in &asked {
        let part = *got as f64 / level.min(*wanted as f64);
        sum += part;
        squares += part * part;
    }
    Some(sum * sum / (asked.len() as f64 * squares))
}

/// The most that anybody gets when `total` is shared max-min fairly among those who want so much.
fn fair_level(wanted: impl Iterator<Item = u64>, total: u64) -> f64 {
    let mut wanted: Vec<_> = wanted.collect();
    wanted.sort_unstable();
    let mut left = total as f64;
    for (index, wish) in wanted.iter().enumerate() {
        let level = left / (wanted.len() - index) as f64;
        if *wish as f64 >= level {
            return level;
        }
        left -= *wish as f64;
    }
    wanted.last().map_or(0.0, |wish| *wish as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of Kubernetes' API priority and fairness (fairAlloc).
    #[test]
    fn shares_are_max_min_fair() {
        for (wanted, total, level) in [
            (vec![47, 0], 42, 42.0),
            (vec![1, 47], 42, 41.0),
            (vec![3, 7, 9, 1], 14, 5.0),
        ] {
            assert_eq!(fair_level(wanted.into_iter(), total), level);
        }
    }

    #[test]
    fn whoever_wants_little_and_gets_it_all_is_treated_fairly() {
        assert_eq!(jain(&[(10, 10), (100, 45), (100, 45)]), Some(1.0));
    }

    #[test]
    fn one_with_everything_is_unfair() {
        let index = jain(&[(100, 100), (100, 0), (100, 0), (100, 0)]).unwrap();
        assert!((index - 0.25).abs() < 1e-12);
        assert_eq!(jain(&[(5, 0), (0, 0)]), None);
        assert_eq!(jain(&[]), None);
    }
}
