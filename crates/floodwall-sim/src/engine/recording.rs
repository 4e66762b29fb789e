use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::Hasher;
use std::time::Duration;

use floodwall::Priority;
use siphasher::sip::SipHasher13;

use super::RunError;
use crate::scenario::{Client, Phase, Scenario, Trace, TraceReader, TraceRow};

/// So many keys of a recording are told apart; more share numbers, so that memory stays bounded.
const KEYS: usize = 100_000;

/// The requests of a recording, one after the other.
pub(super) struct Recording {
    rows: TraceReader<'static>,
    next: Option<TraceRow>,
    keys: HashMap<String, u32>,
}

impl Recording {
    pub(super) fn open(trace: &Trace) -> Result<Self, RunError> {
        let rows = trace
            .rows()
            .map_err(|error| RunError::Trace(error.to_string()))?;
        Ok(Self {
            rows,
            next: None,
            keys: HashMap::new(),
        })
    }

    /// Reads the next request; when it comes.
    pub(super) fn advance(&mut self) -> Result<Option<u64>, RunError> {
        self.next = self
            .rows
            .next()
            .transpose()
            .map_err(|error| RunError::Trace(error.to_string()))?;
        Ok(self.next.as_ref().map(|row| row.at))
    }

    /// The request that was read: its class, its tenant, its cost.
    pub(super) fn take(&mut self) -> Option<(u8, u32, u32)> {
        let row = self.next.take()?;
        let tenant = row.key.map_or(0, |key| self.tenant(key));
        Some((row.class, tenant, row.cost))
    }

    fn tenant(&mut self, key: String) -> u32 {
        if let Some(known) = self.keys.get(&key) {
            return *known;
        }
        if self.keys.len() < KEYS {
            // No key is 0.
            let number = self.keys.len() as u32 + 1;
            self.keys.insert(key, number);
            return number;
        }
        let mut hasher = SipHasher13::new();
        hasher.write(key.as_bytes());
        (hasher.finish() % KEYS as u64) as u32 + 1
    }
}

/// A scenario that was checked, and with a trace as one with clients: one for each class. Without
/// phases, one phase lasts as long as the recording.
pub(super) fn prepared(scenario: &Scenario) -> Result<Cow<'_, Scenario>, RunError> {
    scenario
        .validate()
        .map_err(|error| RunError::Scenario(error.to_string()))?;
    let Some(trace) = &scenario.trace else {
        return Ok(Cow::Borrowed(scenario));
    };
    let mut prepared = scenario.clone();
    prepared.clients = Priority::all()
        .map(|class| {
            let mut client = Client::new(format!("class {class}")).class(class.get());
            (client.deadline, client.patience) = (trace.deadline, trace.patience);
            client
        })
        .collect();
    if prepared.phases.is_empty() {
        let mut recording = Recording::open(trace)?;
        let mut last = 0;
        while let Some(at) = recording.advance()? {
            last = at;
        }
        let length = Duration::from_nanos(last + 1);
        prepared.phases.push(Phase::new("recording", length));
    }
    Ok(Cow::Owned(prepared))
}
