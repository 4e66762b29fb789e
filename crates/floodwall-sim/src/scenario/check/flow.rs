//! How much comes, phase by phase.

use std::time::Duration;

use super::{Faults, MAX_LENGTH, check_names};
use crate::scenario::place::Place;
use crate::scenario::units::show_duration;
use crate::scenario::{Phase, Scenario, Shape};

impl Scenario {
    pub(super) fn check_flow(&self, faults: &mut Faults) {
        let names = self.phases.iter().map(|phase| phase.name.as_str());
        check_names("phase", names, faults);
        for (n, phase) in self.phases.iter().enumerate() {
            let place = Place::default().key("phase").index(n);
            self.check_phase(phase, &place, faults);
        }
        self.check_length(faults);
        self.check_capacity_is_known(faults);
    }

    fn check_length(&self, faults: &mut Faults) {
        let mut length = Duration::ZERO;
        for (n, phase) in self.phases.iter().enumerate() {
            length = length.saturating_add(phase.lasts);
            if length > MAX_LENGTH {
                faults.add(
                    &Place::default().key("phase").index(n).key("for"),
                    format!("by the end of phase `{}` the run is too long", phase.name),
                    "all phases together last 30 days at most",
                );
                return;
            }
        }
    }

    fn check_phase(&self, phase: &Phase, place: &Place, faults: &mut Faults) {
        let name = &phase.name;
        if phase.lasts.is_zero() {
            faults.add(
                &place.key("for"),
                format!("phase `{name}` lasts no time at all"),
                "write more than 0",
            );
        } else if phase.settle >= phase.lasts {
            faults.add(
                &place.key("settle"),
                format!(
                    "nothing of phase `{name}` is left to count: it lasts {}",
                    show_duration(phase.lasts)
                ),
                "write a shorter `settle` or a longer `for`",
            );
        }
        if phase.load.is_some() && phase.rate.is_some() {
            faults.add(
                &place.key("rate"),
                format!("phase `{name}` has both `load` and `rate`"),
                "keep one of them",
            );
        }
        let peak = phase.shape.map_or(1.0, |shape| {
            self.check_shape(phase, shape, &place.key("shape"), faults)
        });
        if let Some(load) = phase.load {
            let place = place.key("load");
            if faults.zero_or_more(&place, "the load", load) {
                self.check_load(&place, load * peak, faults);
            }
        }
        if let Some(rate) = phase.rate {
            let place = place.key("rate");
            if faults.zero_or_more(&place, "the rate", rate) {
                faults.rate(&place, "the most that comes", rate * peak);
            }
        }
    }

    /// How many times what the phase says comes at the top; 1 where the shape is wrong.
    fn check_shape(&self, phase: &Phase, shape: Shape, place: &Place, faults: &mut Faults) -> f64 {
        if phase.load.is_none() && phase.rate.is_none() && self.sweep.is_empty() {
            faults.add(
                place,
                format!("phase `{}` has a shape and nothing that has it", phase.name),
                "add `load` or `rate`",
            );
        }
        let not_zero = |time: Duration, place: &Place, key: &str, faults: &mut Faults| {
            if time.is_zero() {
                faults.add(
                    &place.key(key),
                    format!("`{key}` is no time at all"),
                    "write more than 0",
                );
            }
        };
        match shape {
            Shape::RampTo(end) => {
                let place = place.key("ramp_to");
                if faults.zero_or_more(&place, "the end of the ramp", end) {
                    if phase.rate.is_some() {
                        faults.rate(&place, "the end of the ramp", end);
                    } else {
                        self.check_load(&place, end, faults);
                    }
                }
                1.0
            }
            Shape::Wave { swing, period } => {
                let place = place.key("wave");
                not_zero(period, &place, "period", faults);
                if faults.share(&place.key("swing"), "the swing", swing) {
                    return 1.0 + swing;
                }
                1.0
            }
            Shape::Crowd {
                peak,
                rise,
                half_life,
            } => {
                let place = place.key("crowd");
                not_zero(rise, &place, "rise", faults);
                not_zero(half_life, &place, "half_life", faults);
                let place = place.key("peak");
                if faults.at_least(&place, "the peak of the crowd", peak, 1.0) {
                    return peak;
                }
                1.0
            }
        }
    }

    /// Whether a multiple of the capacity is still a rate that time can resolve.
    pub(super) fn check_load(&self, place: &Place, load: f64, faults: &mut Faults) {
        // A capacity that is no number has a fault of its own.
        let capacity = self.best_capacity().filter(|all| all.is_finite());
        faults.rate(
            place,
            format_args!("{load} times the capacity"),
            load * capacity.unwrap_or(0.0),
        );
    }

    /// Once for all: the same line would mend each of them.
    fn check_capacity_is_known(&self, faults: &mut Faults) {
        if self.best_capacity().is_some() {
            return;
        }
        let root = Place::default();
        let phases = self.phases.iter().enumerate();
        let of_phases = phases
            .filter(|(_, phase)| phase.load.is_some())
            .map(|(n, _)| root.key("phase").index(n).key("load"));
        let clients = self.clients.iter().enumerate();
        let of_clients = clients
            .filter(|(_, client)| client.load.is_some())
            .map(|(n, _)| root.key("client").index(n).key("load"));
        let of_sweep = self.sweep.iter().take(1).map(|_| root.key("sweep"));
        if let Some(place) = of_phases.chain(of_clients).chain(of_sweep).next() {
            faults.add(
                &place,
                "a load is a multiple of the capacity, which is not known here",
                "add `capacity = \"1000/s\"` or what it is, or write a `rate`",
            );
        }
    }
}
