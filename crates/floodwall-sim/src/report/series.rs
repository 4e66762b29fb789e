use serde::Serialize;

/// What happened when: one value for each step of time. Rates are per second.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Series {
    /// How long a step is, in seconds.
    pub step: f64,
    /// Requests.
    pub offered: Vec<f64>,
    /// Attempts: more than requests, if clients retry.
    pub attempts: Vec<f64>,
    /// Answers in time.
    pub goodput: Vec<f64>,
    /// Refused attempts.
    pub refused: Vec<f64>,
    /// Answers that came too late.
    pub wasted: Vec<f64>,
    /// What the service could do.
    pub capacity: Vec<Option<f64>>,
    /// The 99th percentile of the latency of the answers in time, in seconds.
    pub p99: Vec<Option<f64>>,
    /// Answers in time by class.
    pub classes: Vec<ClassSeries>,
    /// How many may be inside at once.
    pub limit: Vec<Option<f64>>,
    /// How many are inside.
    pub in_flight: Vec<Option<f64>>,
    /// How many wait in the queue of the stack.
    pub queue: Vec<Option<f64>>,
    /// From which level on requests are shed.
    pub cut_off: Vec<Option<f64>>,
    /// How hard pressed the service is, 0 to 1.
    pub pressure: Vec<Option<f64>>,
    /// How many workers are busy, of all tiers.
    pub busy: Vec<Option<f64>>,
    /// How many wait for a worker, in all tiers: the line behind the stack.
    pub line: Vec<Option<f64>>,
}

/// Answers in time of one class.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ClassSeries {
    /// The class.
    pub class: u8,
    /// Answers in time, per second.
    pub goodput: Vec<f64>,
}
