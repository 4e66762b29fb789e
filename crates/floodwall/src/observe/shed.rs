use std::fmt;
use std::sync::OnceLock;

use floodwall_core::PolicyName;
use floodwall_core::shed::ShedState;
use metrics::{Gauge, Unit, describe_gauge, gauge};

const SHARE: &str = "floodwall_shed_share_ratio";
const CUT_OFF: &str = "floodwall_cut_off_level";
const PRESSURE: &str = "floodwall_pressure_ratio";

pub(super) fn describe() {
    describe_gauge!(
        SHARE,
        Unit::Count,
        "The part of the arrivals that is to be shed, 0 to 1"
    );
    describe_gauge!(
        CUT_OFF,
        Unit::Count,
        "From which level on requests are shed, 0 (all) to 1024 (none); 128 levels a class"
    );
    describe_gauge!(
        PRESSURE,
        Unit::Count,
        "The highest pressure of all sources, 0 to 1"
    );
}

/// The gauges of one shedder, published whenever its cut-off is made anew.
pub(crate) struct ShedSeries {
    policy: PolicyName,
    gauges: OnceLock<[Gauge; 3]>,
}

impl ShedSeries {
    pub(crate) const fn new(policy: PolicyName) -> Self {
        Self {
            policy,
            gauges: OnceLock::new(),
        }
    }

    pub(crate) fn publish(&self, state: &ShedState) {
        let made = || {
            [SHARE, CUT_OFF, PRESSURE]
                .map(|name| gauge!(name, "layer" => "shed", "policy" => self.policy.to_string()))
        };
        let [share, cut_off, pressure] = self.gauges.get_or_init(made);
        share.set(state.share);
        cut_off.set(f64::from(state.cut_off.rank()));
        pressure.set(state.pressure);
    }
}

impl fmt::Debug for ShedSeries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShedSeries")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
