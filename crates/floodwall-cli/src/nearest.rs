//! "Did you mean": the name that somebody probably wanted to write.

/// The nearest of `names`, if one is near.
pub(crate) fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Half of a long name may be missing, as when somebody knows how it begins.
    let begins = |name: &str| word.len() >= 3 && name.starts_with(word);
    names
        .map(|name| (!begins(name), distance(word, name), name))
        .filter(|(far, distance, name)| !far || *distance <= name.len().div_ceil(4))
        .min()
        .map(|(_, _, name)| name)
}

/// How many letters must be added, removed or changed (Levenshtein 1965).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (above, left) in one.chars().enumerate() {
        let mut corner = row[0];
        row[0] = above + 1;
        for (n, right) in other.chars().enumerate() {
            let changed = corner + usize::from(left != right);
            corner = row[n + 1];
            row[n + 1] = changed.min(corner + 1).min(row[n] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_counted() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("same", "same"), 0);
    }

    #[test]
    fn what_is_near_is_proposed_and_nothing_else() {
        let names = ["breakwater-spike", "steady", "retry-storm"];
        let near = |word| nearest(word, names.into_iter());
        assert_eq!(near("brekwater-spik"), Some("breakwater-spike"));
        assert_eq!(near("retry"), Some("retry-storm"));
        assert_eq!(near("study"), Some("steady"));
        assert_eq!(near("nginx"), None);
        assert_eq!(near(""), None);
    }
}
