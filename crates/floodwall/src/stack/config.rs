use std::collections::BTreeMap;
use std::time::Duration;

use super::priority::{DeadlineRules, PriorityRules};
use super::{AdaptiveRules, KeyRule, KindRule, LimitRule, PressureRules};
use crate::Mode;
use crate::concurrency::WaitingRoom;

/// A [`Stack`](super::Stack) as data. Unknown keys, and settings that contradict one another, are
/// refused with the name of the field and the fix.
///
/// ```
/// use floodwall::stack::{KeyRule, QuotaRules, StackConfig};
///
/// let mut config = StackConfig::default();
/// config.quotas.push(QuotaRules::new("100/s burst 50", KeyRule::ClientAddress));
/// config.concurrency = Some(floodwall::stack::ConcurrencyRules::new(64));
/// let stack = config.build()?;
/// # drop(stack);
/// # Ok::<(), floodwall::BuildError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct StackConfig {
    /// The proxies whose word is taken, as addresses or networks: nobody when not said.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub trusted: Vec<String>,
    /// What passes, up to [`exempt_limit`](StackConfig::exempt_limit) at once.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub exempt: Vec<KindRule>,
    /// How many exempt requests may be inside at once: 16 when not said.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub exempt_limit: Option<u32>,
    /// How urgent a request is.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub priority: Option<PriorityRules>,
    /// Until when a caller waits.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub deadline: Option<DeadlineRules>,
    /// Quotas, all of which hold; at most four.
    #[cfg_attr(
        feature = "serde",
        serde(rename = "quota", skip_serializing_if = "Vec::is_empty")
    )]
    pub quotas: Vec<QuotaRules>,
    /// Sheds the least urgent while the queue stands.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub shed: Option<ShedRules>,
    /// How many may be inside at once, and who waits.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub concurrency: Option<ConcurrencyRules>,
}

/// A quota, and whose.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct QuotaRules {
    /// As people say it: `100/s burst 20`. Several on one key are separated by commas.
    pub allow: String,
    /// Whose: one for all when not said.
    #[cfg_attr(feature = "serde", serde(default))]
    pub per: KeyRule,
    /// Its name in answers and metrics.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub name: Option<String>,
    /// The kinds of requests that it counts for: all when not said.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub only: Vec<KindRule>,
    /// How many keys it has room for.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub keys: Option<usize>,
    /// Whether it refuses, only counts, or does nothing.
    #[cfg_attr(feature = "serde", serde(default, with = "super::text::mode"))]
    pub mode: Mode,
}

impl QuotaRules {
    /// A quota with the defaults.
    pub fn new(allow: impl Into<String>, per: KeyRule) -> Self {
        Self {
            allow: allow.into(),
            per,
            name: None,
            only: Vec::new(),
            keys: None,
            mode: Mode::Enforce,
        }
    }
}

/// Shedding; what is not said is as in [`ShedBuilder`](crate::shed::ShedBuilder).
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct ShedRules {
    /// How long the queue shall be while something is shed.
    #[cfg_attr(
        feature = "serde",
        serde(
            with = "super::text::optional_duration",
            skip_serializing_if = "Option::is_none"
        )
    )]
    pub target: Option<Duration>,
    /// How long the queue has to be, without a break, before anything is shed.
    #[cfg_attr(
        feature = "serde",
        serde(
            with = "super::text::optional_duration",
            skip_serializing_if = "Option::is_none"
        )
    )]
    pub start: Option<Duration>,
    /// Who in a class is shed first.
    pub by: ShedBy,
    /// Whose request it is, for all but [`ShedBy::Turns`].
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "KeyRule::is_all"))]
    pub tenant: KeyRule,
    /// By class: the part of what is let in that it keeps.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "BTreeMap::is_empty"))]
    pub shares: BTreeMap<u8, f64>,
    /// Sheds by signals, too.
    #[cfg_attr(
        feature = "serde",
        serde(rename = "pressure", skip_serializing_if = "Vec::is_empty")
    )]
    pub pressures: Vec<PressureRules>,
    /// How many per cent of what is to be shed are shed.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub enforce_percent: Option<u8>,
    /// Whether it refuses, only counts, or does nothing.
    #[cfg_attr(feature = "serde", serde(with = "super::text::mode"))]
    pub mode: Mode,
}

/// Who in a class is shed first; retries go before first attempts in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ShedBy {
    /// Requests take turns.
    #[default]
    Turns,
    /// Some tenants and not others, for an hour.
    Tenant,
    /// The tenants that used most lately, with a half-life of 30 s.
    Usage,
}

/// A limit on how many are inside at once, and the queue in front of it.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct ConcurrencyRules {
    /// How many: a number, or found while it runs.
    pub limit: LimitRule,
    /// Who finds no place waits here: as floodwall's default queue when not said.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub queue: Option<QueueRules>,
    /// For handlers that block their runtime thread: requests that sit in sockets become visible,
    /// ordered and bounded.
    #[cfg_attr(feature = "serde", serde(default))]
    pub waiting_room: RoomRule,
    /// Whether it refuses, only counts, or does nothing.
    #[cfg_attr(feature = "serde", serde(default, with = "super::text::mode"))]
    pub mode: Mode,
}

/// Whether there is a waiting room; see [`WaitingRoom`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum RoomRule {
    /// No.
    #[default]
    Off,
    /// Always.
    On,
    /// While turns of the runtime are long.
    Auto,
}

impl RoomRule {
    pub(super) fn settings(self) -> WaitingRoom {
        match self {
            Self::Off => WaitingRoom::off(),
            Self::On => WaitingRoom::on(),
            Self::Auto => WaitingRoom::auto(),
        }
    }
}

impl ConcurrencyRules {
    /// A limit with the defaults.
    pub const fn new(limit: u32) -> Self {
        Self::with(LimitRule::Fixed(limit))
    }

    /// A limit that finds itself, with the defaults.
    pub const fn adaptive() -> Self {
        Self::with(LimitRule::Adaptive(AdaptiveRules::new()))
    }

    const fn with(limit: LimitRule) -> Self {
        Self {
            limit,
            queue: None,
            waiting_room: RoomRule::Off,
            mode: Mode::Enforce,
        }
    }
}

/// A queue; what is not said is as in [`QueueConfig`](crate::QueueConfig).
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct QueueRules {
    /// How many may wait; 0 is no queue at all.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub capacity: Option<u32>,
    /// How long one may wait.
    #[cfg_attr(
        feature = "serde",
        serde(
            with = "super::text::optional_duration",
            skip_serializing_if = "Option::is_none"
        )
    )]
    pub max_wait: Option<Duration>,
    /// Whether a class whose delay stands is served newest first.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub newest_first: Option<bool>,
    /// By class: the part of the grants that it gets at least while it waits.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "BTreeMap::is_empty"))]
    pub shares: BTreeMap<u8, f64>,
}
