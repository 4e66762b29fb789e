use std::fmt;
use std::sync::OnceLock;

use floodwall_core::Priority;
use metrics::{Histogram, histogram};

use super::{Part, QueueLatency};
use crate::observe::{QUEUE_LATENCY, class_label};

/// A histogram per part and class; each is made when it is first needed, so that a recorder that
/// was installed after the layer was built still sees what happens from then on.
#[derive(Default)]
pub(crate) struct Series([[OnceLock<Histogram>; Part::ALL.len()]; Priority::COUNT]);

impl Series {
    pub(crate) fn record(&self, latency: &QueueLatency) {
        let class = latency.class();
        for (part, histogram) in Part::ALL.into_iter().zip(&self.0[class.index()]) {
            let Some(waited) = latency.part(part) else {
                continue;
            };
            histogram
                .get_or_init(|| {
                    histogram!(
                        QUEUE_LATENCY,
                        "part" => part.as_str(),
                        "class" => class_label(class)
                    )
                })
                .record(waited.as_secs_f64());
        }
    }
}

impl fmt::Debug for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Series")
    }
}
