//! What the command line asks for.

use crate::case::Case;

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Choice {
    pub(crate) json: bool,
    pub(crate) save: bool,
    names: Vec<String>,
}

impl Choice {
    pub(crate) fn read(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut choice = Self::default();
        for word in words {
            match word.as_str() {
                "--json" => choice.json = true,
                "--save" => choice.save = true,
                flag if flag.starts_with('-') => {
                    return Err(format!(
                        "unknown flag `{flag}`; there are `--json` and `--save`"
                    ));
                }
                _ => choice.names.push(word),
            }
        }
        if choice.save && choice.json {
            return Err("`--save` writes a page, `--json` prints: choose one".to_owned());
        }
        if choice.save && !choice.names.is_empty() {
            return Err("`--save` writes the page of all cases: leave the name out".to_owned());
        }
        Ok(choice)
    }

    /// All cases, or those that were named: by their names, or by what their names begin with, as
    /// `quota` for `quota_direct`.
    pub(crate) fn of(&self, all: Vec<Case>) -> Result<Vec<Case>, String> {
        let of = |wanted: &str, name: &str| {
            let rest = name.strip_prefix(wanted);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        };
        let known: Vec<_> = all.iter().map(|case| case.name).collect();
        let unknown = |wanted: &&String| !known.iter().any(|name| of(wanted, name));
        if let Some(name) = self.names.iter().find(unknown) {
            return Err(format!(
                "no case `{name}`; there is: {}; and for `cargo xtask bench`: simulator, room, adaptive, wrk",
                known.join(", ")
            ));
        }
        let chosen = |case: &Case| {
            let named = |wanted: &String| of(wanted, case.name);
            self.names.is_empty() || self.names.iter().any(named)
        };
        Ok(all.into_iter().filter(chosen).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Choice, String> {
        Choice::read(line.split_whitespace().map(str::to_owned))
    }

    fn names(line: &str) -> Vec<&'static str> {
        let case = |name| Case::new(name, "", "", |_| Vec::new());
        let cases = vec![case("quota"), case("quota_2"), case("quotas")];
        let chosen = read(line).unwrap().of(cases).unwrap();
        chosen.iter().map(|case| case.name).collect()
    }

    #[test]
    fn no_name_means_every_case() {
        assert_eq!(names(""), ["quota", "quota_2", "quotas"]);
    }

    #[test]
    fn a_name_is_one_case_or_all_that_begin_with_it() {
        assert_eq!(names("quota"), ["quota", "quota_2"]);
        assert_eq!(names("quotas quota_2"), ["quota_2", "quotas"]);
    }

    #[test]
    fn an_unknown_case_names_the_known_ones() {
        let refused = read("admit_nop").unwrap().of(crate::cases::all());
        let refused = refused.err().unwrap();
        assert!(refused.contains("`admit_nop`"), "{refused}");
        assert!(refused.contains("admit_noop"), "{refused}");
    }

    #[test]
    fn an_unknown_flag_names_the_known_ones() {
        let refused = read("--jason").unwrap_err();
        assert!(refused.contains("`--jason`"), "{refused}");
        assert!(refused.contains("`--json`"), "{refused}");
    }

    #[test]
    fn a_page_is_of_all_cases() {
        assert!(read("--save").unwrap().save);
        assert!(read("--save quota").is_err());
        assert!(read("--save --json").is_err());
    }

    #[test]
    fn no_two_cases_have_the_same_name() {
        let mut names: Vec<_> = crate::cases::all().iter().map(|case| case.name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
