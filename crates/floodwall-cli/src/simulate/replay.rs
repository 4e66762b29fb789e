//! The command that shows again what failed.

use floodwall_sim::Contender;

use super::outcome::Judged;

/// `compared` if the stacks were named on the command line.
pub(crate) fn command(judged: &Judged<'_>, seeds: &[u64], compared: bool) -> String {
    let mut command = format!("floodwall simulate {}", quoted(&judged.subject.file));
    match (judged.verdict.seed, seeds) {
        (Some(seed), _) => command += &format!(" --seed {seed}"),
        // A mean takes all of them.
        (None, seeds) => command += &format!(" --seeds {}", ranges(seeds)),
    }
    if let Some(load) = judged.load {
        command += &format!(" --sweep load={load}");
    }
    if compared {
        let stack: Contender = judged.contender;
        command += &format!(" --compare {stack}");
    }
    command
}

/// `1..20,25`.
fn ranges(seeds: &[u64]) -> String {
    let next = |one: &u64, other: &u64| one.checked_add(1) == Some(*other);
    let parts: Vec<_> = seeds
        .chunk_by(next)
        .map(|part| match part {
            [first, .., last] => format!("{first}..{last}"),
            part => part.iter().map(ToString::to_string).collect(),
        })
        .collect();
    parts.join(",")
}

/// As a shell needs it.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:+@,".contains(c);
    if text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_written_as_they_are_read() {
        assert_eq!(ranges(&[1, 2, 3, 7, 9, 10]), "1..3,7,9..10");
        assert_eq!(ranges(&[u64::MAX]), u64::MAX.to_string());
    }

    #[test]
    fn a_file_can_be_pasted_into_a_shell() {
        assert_eq!(quoted("a/b-c.toml"), "a/b-c.toml");
        assert_eq!(quoted("it's mine.toml"), r"'it'\''s mine.toml'");
    }
}
