//! What serde says, in the words of somebody who wants to be helped.

use crate::nearest::nearest;

pub(super) fn reword(message: &str) -> String {
    let message = message.trim_end();
    if let Some(name) = quoted_after(message, "missing field ") {
        return format!("`{name}` is missing: add it");
    }
    for (begins, what) in [("unknown field ", "key"), ("unknown variant ", "word")] {
        let Some(name) = quoted_after(message, begins) else {
            continue;
        };
        let known: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
        return match nearest(name, known.iter().copied()) {
            Some(near) => format!("unknown {what} `{name}`: did you mean `{near}`?"),
            None => format!("unknown {what} `{name}`: there is {}", known.join(", ")),
        };
    }
    message.to_owned()
}

fn quoted_after<'a>(message: &'a str, begins: &str) -> Option<&'a str> {
    message.strip_prefix(begins)?.split('`').nth(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_names_get_the_nearest_or_all() {
        let told = "unknown field `limt`, expected one of `limit`, `queue`, `mode`";
        assert_eq!(reword(told), "unknown key `limt`: did you mean `limit`?");
        let told = "unknown variant `xyz`, expected `a` or `b`";
        assert_eq!(reword(told), "unknown word `xyz`: there is a, b");
        assert_eq!(
            reword("missing field `allow`"),
            "`allow` is missing: add it"
        );
        assert_eq!(reword("something else\n"), "something else");
    }
}
