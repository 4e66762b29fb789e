use std::str::FromStr;
use std::time::Duration;

use super::error::Problem;
use super::{Quota, QuotaError};

impl FromStr for Quota {
    type Err = QuotaError;

    fn from_str(text: &str) -> Result<Self, QuotaError> {
        let mut reader = Reader { text, at: 0 };
        reader
            .quota()
            .map_err(|(problem, at)| QuotaError::at(problem, text, at))
    }
}

impl TryFrom<&str> for Quota {
    type Error = QuotaError;

    fn try_from(text: &str) -> Result<Self, QuotaError> {
        text.parse()
    }
}

impl TryFrom<String> for Quota {
    type Error = QuotaError;

    fn try_from(text: String) -> Result<Self, QuotaError> {
        text.parse()
    }
}

/// What is wrong, and at which byte.
type Wrong = (Problem, usize);

/// Reads `NUMBER/[NUMBER]UNIT [burst NUMBER]`, with spaces wherever they do no harm.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn quota(&mut self) -> Result<Quota, Wrong> {
        let count_at = self.skip_spaces();
        let count = self.number(Problem::NoNumber)?;
        self.skip_spaces();
        if !self.eat("/") {
            return Err((Problem::Slash, self.at));
        }
        let period_at = self.skip_spaces();
        let period = self.period()?;
        let burst_at = self.skip_spaces();
        let burst = self.burst()?;
        Quota::check(count, period, burst.unwrap_or(count), None).map_err(|problem| {
            let at = match problem {
                Problem::ZeroRequests | Problem::Fast => count_at,
                Problem::ZeroBurst => burst_at,
                Problem::LongDebt { .. } if burst.is_some() => burst_at,
                _ => period_at,
            };
            (problem, at)
        })
    }

    fn period(&mut self) -> Result<Duration, Wrong> {
        let start = self.at;
        let many = match self.rest().starts_with(|c: char| c.is_ascii_digit()) {
            true => self.number(Problem::NoNumber)?,
            false => 1,
        };
        let unit_at = self.skip_spaces();
        let word = self.word();
        let size = match word {
            "ns" => Duration::from_nanos(1),
            "us" | "µs" => Duration::from_micros(1),
            "ms" => Duration::from_millis(1),
            "s" | "sec" | "second" | "seconds" => Duration::from_secs(1),
            "m" | "min" | "minute" | "minutes" => Duration::from_secs(60),
            "h" | "hour" | "hours" => Duration::from_secs(3_600),
            "d" | "day" | "days" => Duration::from_secs(86_400),
            "" if self.rest().starts_with('-') => return Err((Problem::Sign, unit_at)),
            "" => return Err((Problem::NoUnit, unit_at)),
            _ => return Err((Problem::Unit, unit_at)),
        };
        size.checked_mul(many).ok_or((Problem::LongPeriod, start))
    }

    fn burst(&mut self) -> Result<Option<u32>, Wrong> {
        let start = self.at;
        if self.rest().is_empty() {
            return Ok(None);
        }
        if self.word() != "burst" {
            return Err((Problem::Trailing, start));
        }
        self.skip_spaces();
        let burst = self.number(Problem::NoBurst)?;
        match self.skip_spaces() {
            end if end == self.text.len() => Ok(Some(burst)),
            more => Err((Problem::Trailing, more)),
        }
    }

    fn number(&mut self, missing: Problem) -> Result<u32, Wrong> {
        let start = self.at;
        let digits = self.take(|c| c.is_ascii_digit());
        let next = self.rest().chars().next();
        match (digits, next) {
            ("", Some('+' | '-')) => Err((Problem::Sign, start)),
            (_, Some('.')) => Err((Problem::Fraction, start)),
            ("", _) => Err((missing, start)),
            (_, Some('_' | ',' | '\'')) => Err((Problem::Separator, start)),
            _ => digits.parse().map_err(|_| (Problem::Number, start)),
        }
    }

    fn word(&mut self) -> &'a str {
        self.take(char::is_alphabetic)
    }

    fn take(&mut self, mut belongs: impl FnMut(char) -> bool) -> &'a str {
        let start = self.at;
        let rest = self.rest();
        self.at += rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        &self.text[start..self.at]
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    fn skip_spaces(&mut self) -> usize {
        self.take(|c| c == ' ');
        self.at
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }
}
