use std::fmt;

/// A limit that an algorithm has moved, and why.
///
/// ```
/// use floodwall_core::limit::{Cause, Change, Why};
///
/// let change = Change::new(40, 31, Cause::new(Why::ThroughputFlat).latency(1.8));
/// assert_eq!(change.to_string(), "limit 40 -> 31: throughput flat, latency x1.8");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// The limit until then.
    pub from: u32,
    /// The limit from then on.
    pub to: u32,
    /// Why.
    pub cause: Cause,
}

impl Change {
    /// A limit that went from `from` to `to`.
    pub const fn new(from: u32, to: u32, cause: Cause) -> Self {
        Self { from, to, cause }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, cause } = self;
        write!(f, "limit {from} -> {to}: {cause}")
    }
}

/// Why a limit was moved, and what was seen.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Cause {
    /// The reason in one word.
    pub why: Why,
    /// The throughput that was seen, over the one that it was compared with.
    pub throughput: Option<f64>,
    /// The latency that was seen, over the one that it was compared with.
    pub latency: Option<f64>,
}

impl Cause {
    /// A cause without figures.
    pub const fn new(why: Why) -> Self {
        Self {
            why,
            throughput: None,
            latency: None,
        }
    }

    /// The throughput that was seen, over the one that it was compared with.
    #[must_use]
    pub const fn throughput(mut self, ratio: f64) -> Self {
        self.throughput = Some(ratio);
        self
    }

    /// The latency that was seen, over the one that it was compared with.
    #[must_use]
    pub const fn latency(mut self, ratio: f64) -> Self {
        self.latency = Some(ratio);
        self
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why.words())?;
        if let Some(ratio) = self.throughput {
            write!(f, ", throughput x{ratio:.2}")?;
        }
        if let Some(ratio) = self.latency {
            write!(f, ", latency x{ratio:.1}")?;
        }
        Ok(())
    }
}

/// The reason of a change, in one word: the label of the metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Why {
    /// The first climb, before anything was known to be too much.
    SlowStart,
    /// More came out when more was inside.
    ThroughputRose,
    /// More inside brought nothing more out.
    ThroughputFlat,
    /// Less came out when more was inside.
    ThroughputFell,
    /// Requests took longer than before.
    LatencyRose,
    /// Requests took no longer than they do at ease.
    LatencyLow,
    /// Requests took longer than the ceiling that was set.
    LatencyCeiling,
    /// The service pushed back.
    Dropped,
    /// A trial, to see what another limit brings.
    Probe,
    /// A trial is over: back to what was before.
    ProbeOver,
    /// It stood above what the load of late could use.
    Unused,
    /// Set by hand.
    Set,
    /// A reason of another algorithm's, in one word.
    Other(&'static str),
}

impl Why {
    /// In one word, as the label of the metric.
    pub const fn label(self) -> &'static str {
        match self {
            Self::SlowStart => "slow_start",
            Self::ThroughputRose => "throughput_rose",
            Self::ThroughputFlat => "throughput_flat",
            Self::ThroughputFell => "throughput_fell",
            Self::LatencyRose => "latency_rose",
            Self::LatencyLow => "latency_low",
            Self::LatencyCeiling => "latency_ceiling",
            Self::Dropped => "dropped",
            Self::Probe => "probe",
            Self::ProbeOver => "probe_over",
            Self::Unused => "unused",
            Self::Set => "set",
            Self::Other(word) => word,
        }
    }

    /// For people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::SlowStart => "slow start",
            Self::ThroughputRose => "throughput rose",
            Self::ThroughputFlat => "throughput flat",
            Self::ThroughputFell => "throughput fell",
            Self::LatencyRose => "latency rose",
            Self::LatencyLow => "latency low",
            Self::LatencyCeiling => "latency above its ceiling",
            Self::Dropped => "the service pushed back",
            Self::Probe => "trial",
            Self::ProbeOver => "trial over",
            Self::Unused => "unused",
            Self::Set => "set by hand",
            Self::Other(word) => word,
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.words())
    }
}
