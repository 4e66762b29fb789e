//! "Did you mean": the word that somebody probably wanted to write.

/// The known word that is nearest to `word`, if one is near.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let (distance, found) = known
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(word, known), known))
        .min_by_key(|(distance, _)| *distance)?;
    // One slip in three letters is a slip, more is another word.
    (distance <= word.chars().count().max(3) / 3).then_some(found)
}

/// Says which word was meant, or which there are.
pub(crate) fn did_you_mean(word: &str, known: &[&str]) -> String {
    if let Some(near) = nearest(word, known.iter().copied()) {
        return format!("did you mean `{near}`?");
    }
    let mut known = known.to_vec();
    known.dedup();
    match known.as_slice() {
        [] => "there is none".to_owned(),
        [only] => format!("there is only `{only}`"),
        [most @ .., last] => format!("there are `{}` and `{last}`", most.join("`, `")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_gets_the_list() {
        let known = ["limit", "queue", "quota"];
        assert_eq!(did_you_mean("limt", &known), "did you mean `limit`?");
        assert_eq!(did_you_mean("qouta", &known), "did you mean `quota`?");
        assert_eq!(
            did_you_mean("bananas", &known),
            "there are `limit`, `queue` and `quota`"
        );
        assert_eq!(did_you_mean("x", &["y"]), "did you mean `y`?");
        assert_eq!(did_you_mean("xxxx", &["y"]), "there is only `y`");
        assert_eq!(did_you_mean("x", &[]), "there is none");
    }
}
