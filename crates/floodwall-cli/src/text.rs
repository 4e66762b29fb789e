//! Words in lines.

/// As wide as a terminal is at least.
pub(crate) const WIDTH: usize = 80;

/// `words` in lines of 80 columns, all but the first indented; `first` already stands in the first.
pub(crate) fn wrapped(first: &str, words: &str, indent: usize) -> String {
    let mut out = first.to_owned();
    let mut column = first.chars().count();
    let mut fresh = true;
    for word in words.split_whitespace() {
        let length = word.chars().count();
        if !fresh && column + 1 + length > WIDTH {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            column = indent;
        } else if !fresh {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
        fresh = false;
    }
    out.push('\n');
    out
}

/// `1 run`, `2 runs`.
pub(crate) fn many(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_sentences_are_broken_and_keep_their_words() {
        let words = "word ".repeat(40);
        let text = wrapped("name: ", &words, 4);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH));
        assert!(text.lines().skip(1).all(|line| line.starts_with("    w")));
        assert_eq!(text.matches("word").count(), 40);
    }

    #[test]
    fn a_word_that_is_too_long_stands_by_itself() {
        let long = "x".repeat(100);
        assert_eq!(
            wrapped("", &format!("a {long} b"), 2),
            format!("a\n  {long}\n  b\n")
        );
    }
}
