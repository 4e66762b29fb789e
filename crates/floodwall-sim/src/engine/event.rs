/// What happens in a run, packed into the word that the agenda carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A source sends.
    Arrival(u16),
    /// A user of a closed loop has thought enough.
    Thought {
        /// Which source.
        source: u16,
        user: u32,
    },
    /// A retry's time has come.
    Retry(u32),
    /// The deadline of an attempt has passed.
    Timeout(Attempted),
    /// The caller of an attempt hangs up.
    Leave(Attempted),
    /// A tenth of a second more is over.
    Mark,
    /// A phase begins.
    Phase(u16),
    /// The phase of now is counted from now on.
    Settled,
}

/// An attempt: its slot, and how often the slot was used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attempted {
    pub(super) slot: u32,
    /// 24 bits are kept.
    pub(super) generation: u32,
}

const KIND: u32 = 56;

impl Event {
    pub(super) fn pack(self) -> u64 {
        let (kind, rest) = match self {
            Self::Arrival(source) => (0, u64::from(source)),
            Self::Thought { source, user } => (1, u64::from(source) << 32 | u64::from(user)),
            Self::Retry(index) => (2, u64::from(index)),
            Self::Timeout(attempt) => (3, attempt.pack()),
            Self::Leave(attempt) => (4, attempt.pack()),
            Self::Mark => (5, 0),
            Self::Phase(index) => (6, u64::from(index)),
            Self::Settled => (7, 0),
        };
        kind << KIND | rest
    }

    pub(super) fn unpack(word: u64) -> Self {
        let rest = word & ((1 << KIND) - 1);
        match word >> KIND {
            0 => Self::Arrival(rest as u16),
            1 => Self::Thought {
                source: (rest >> 32) as u16,
                user: rest as u32,
            },
            2 => Self::Retry(rest as u32),
            3 => Self::Timeout(Attempted::unpack(rest)),
            4 => Self::Leave(Attempted::unpack(rest)),
            5 => Self::Mark,
            6 => Self::Phase(rest as u16),
            _ => Self::Settled,
        }
    }
}

impl Attempted {
    fn pack(self) -> u64 {
        u64::from(self.slot) | u64::from(self.generation & 0xff_ffff) << 32
    }

    fn unpack(word: u64) -> Self {
        Self {
            slot: word as u32,
            generation: (word >> 32) as u32,
        }
    }

    /// Whether `generation` is the one that was meant.
    pub(super) fn is(self, generation: u32) -> bool {
        self.generation == generation & 0xff_ffff
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let attempt = Attempted {
            slot: u32::MAX,
            generation: 0xff_ffff,
        };
        for event in [
            Event::Arrival(u16::MAX),
            Event::Thought {
                source: 3,
                user: u32::MAX,
            },
            Event::Retry(u32::MAX),
            Event::Timeout(attempt),
            Event::Leave(attempt),
            Event::Mark,
            Event::Phase(9),
            Event::Settled,
        ] {
            assert_eq!(Event::unpack(event.pack()), event);
        }
    }
}
