use clap::ValueEnum;
use serde::Serialize;

/// Who stands in front of the handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Contender {
    Bare,
    /// A quota for each client, a queue and a limit: one decision, and the client is told what is left.
    Floodwall,
    /// The same, and the client is told nothing: what the peers do.
    FloodwallNoFields,
    /// The quota refuses everything, with the whole answer.
    FloodwallRefusing,
    /// tower's concurrency limit.
    TowerLimit,
    /// `tower_governor`, a quota for each client.
    Governor,
    GovernorRefusing,
}

impl Contender {
    /// The bare one first: the others are divided by it.
    pub(super) const ALL: [Self; 7] = [
        Self::Bare,
        Self::Floodwall,
        Self::FloodwallNoFields,
        Self::FloodwallRefusing,
        Self::TowerLimit,
        Self::Governor,
        Self::GovernorRefusing,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Floodwall => "floodwall",
            Self::FloodwallNoFields => "floodwall-no-fields",
            Self::FloodwallRefusing => "floodwall-refusing",
            Self::TowerLimit => "tower-limit",
            Self::Governor => "governor",
            Self::GovernorRefusing => "governor-refusing",
        }
    }

    pub(super) fn refuses(self) -> bool {
        matches!(self, Self::FloodwallRefusing | Self::GovernorRefusing)
    }

    /// What part of the bare server's throughput is asked of it.
    pub(super) fn bar(self) -> Option<f64> {
        match self {
            Self::Floodwall | Self::FloodwallNoFields => Some(0.97),
            Self::FloodwallRefusing => Some(1.0),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_the_command_line_understands() {
        for contender in Contender::ALL {
            assert_eq!(Contender::from_str(contender.name(), false), Ok(contender));
        }
        assert_eq!(Contender::value_variants().len(), Contender::ALL.len());
    }
}
