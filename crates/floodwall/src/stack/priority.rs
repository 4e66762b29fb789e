use std::collections::BTreeMap;
use std::sync::Arc;

use floodwall_core::Priority;
use tokio::time::Instant;

use super::KindRule;
use super::key::header_name;
use crate::extract::{DeadlineOf, PriorityOf};
use crate::http::{
    GrpcTimeout, Head, TimeoutHeader, TrustedProxies, grpc_timeout, priority_rules, timeout_header,
};
use crate::{BuildError, Now};

/// How urgent a request is, 0 (most) to 7: the first rule that matches, or else `otherwise`; what a
/// header says can lower that, and raise it only if a trusted proxy sends it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct PriorityRules {
    /// A header that says it: 0 to 7, or `critical`, `high`, `normal`, `low`, `background`.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub header: Option<String>,
    /// A header whose values mean priorities.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub table: Option<HeaderTable>,
    /// Whether the `Priority` header of RFC 9218 is read, which browsers send.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "std::ops::Not::not"))]
    pub rfc9218: bool,
    /// Rules by path or method; the first that matches counts.
    #[cfg_attr(
        feature = "serde",
        serde(rename = "rule", skip_serializing_if = "Vec::is_empty")
    )]
    pub rules: Vec<PriorityRule>,
    /// What a request has that no rule matches: 3 when not said.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub otherwise: Option<u8>,
}

/// A header whose values mean priorities.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct HeaderTable {
    /// Its name.
    pub header: String,
    /// From its value to a priority, 0 to 7.
    pub values: BTreeMap<String, u8>,
}

/// A rule by path or method.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct PriorityRule {
    /// Which requests.
    pub when: KindRule,
    /// How urgent they are, 0 to 7.
    pub priority: u8,
}

impl PriorityRule {
    /// Requests of the kind `when` are as urgent as `priority` says, 0 to 7.
    pub const fn new(when: KindRule, priority: u8) -> Self {
        Self { when, priority }
    }
}

/// Until when a caller waits; of several the earliest counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct DeadlineRules {
    /// Whether `grpc-timeout` is read.
    pub grpc: bool,
    /// A header with a number of seconds, or with a unit (`250ms`).
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub header: Option<String>,
    /// A header with a number of milliseconds.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub header_millis: Option<String>,
}

pub(super) type AnyPriority = Arc<dyn PriorityOf<Head> + Send + Sync>;
pub(super) type AnyDeadline = Arc<dyn DeadlineOf<Head> + Send + Sync>;

pub(super) fn priority(urgency: u8) -> Result<Priority, BuildError> {
    Priority::new(urgency).ok_or_else(|| {
        let problem = format!("{urgency} is none: choose 0 (most urgent) to 7");
        BuildError::new("priority", problem)
    })
}

impl PriorityRules {
    pub(super) fn reader(&self, proxies: &TrustedProxies) -> Result<AnyPriority, BuildError> {
        let mut rules = priority_rules().trusted(proxies.clone())?;
        for rule in &self.rules {
            rules = rules.rule(rule.when.reader()?, priority(rule.priority)?);
        }
        if let Some(name) = &self.header {
            rules = rules.header(header_name(name)?);
        }
        if let Some(table) = &self.table {
            let values: Result<Vec<_>, BuildError> = table
                .values
                .iter()
                .map(|(value, urgency)| Ok((value.clone(), priority(*urgency)?)))
                .collect();
            rules = rules.header_table(header_name(&table.header)?, values?);
        }
        if self.rfc9218 {
            rules = rules.rfc9218();
        }
        if let Some(urgency) = self.otherwise {
            rules = rules.otherwise(priority(urgency)?);
        }
        Ok(Arc::new(rules))
    }

    pub(super) fn words(&self) -> String {
        let mut says = Vec::new();
        for rule in &self.rules {
            says.push(format!("{} for {}", rule.priority, rule.when.words()));
        }
        let otherwise = self.otherwise.unwrap_or(Priority::NORMAL.get());
        says.push(if says.is_empty() {
            format!("{otherwise}")
        } else {
            format!("{otherwise} for all else")
        });
        let mut hints = Vec::new();
        hints.extend(self.header.clone());
        hints.extend(
            self.table
                .as_ref()
                .map(|table| format!("{} (by a table)", table.header)),
        );
        if self.rfc9218 {
            hints.push("priority (RFC 9218)".to_owned());
        }
        if !hints.is_empty() {
            says.push(format!(
                "lowered by {}, raised by it only from trusted proxies",
                hints.join(", ")
            ));
        }
        says.join("; ")
    }
}

impl DeadlineRules {
    pub(super) fn reader(&self) -> Result<AnyDeadline, BuildError> {
        let header = |name: &Option<String>| name.as_deref().map(header_name).transpose();
        let read = Earliest {
            grpc: self.grpc.then(grpc_timeout),
            seconds: header(&self.header)?.map(timeout_header),
            millis: header(&self.header_millis)?.map(|name| timeout_header(name).in_millis()),
        };
        if read.grpc.is_none() && read.seconds.is_none() && read.millis.is_none() {
            let problem = "nothing says where it is: set `grpc`, `header` or `header_millis`";
            return Err(BuildError::new("deadline", problem));
        }
        Ok(Arc::new(read))
    }

    pub(super) fn words(&self) -> String {
        let mut names = Vec::new();
        if self.grpc {
            names.push("grpc-timeout".to_owned());
        }
        names.extend(self.header.clone());
        names.extend(
            self.header_millis
                .as_ref()
                .map(|name| format!("{name} (ms)")),
        );
        format!("the earliest of {}", names.join(", "))
    }
}

struct Earliest {
    grpc: Option<GrpcTimeout>,
    seconds: Option<TimeoutHeader>,
    millis: Option<TimeoutHeader>,
}

impl DeadlineOf<Head> for Earliest {
    fn deadline(&self, head: &Head, now: &Now) -> Option<Instant> {
        let grpc = self.grpc.as_ref().and_then(|one| one.deadline(head, now));
        let seconds = self
            .seconds
            .as_ref()
            .and_then(|one| one.deadline(head, now));
        let millis = self.millis.as_ref().and_then(|one| one.deadline(head, now));
        [grpc, seconds, millis].into_iter().flatten().min()
    }
}
