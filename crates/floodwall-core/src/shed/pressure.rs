use std::time::Duration;

/// A PI rule from pressure to the share to shed.
///
/// The integral holds what a standing pressure needs, and is clamped; it grows while the pressure is
/// above [`REFERENCE`], shrinks below it, and is gone soon after pressure has ended.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PressureRule {
    pub(super) integral: f64,
}

const PROPORTIONAL: f64 = 0.5;
const PER_SECOND: f64 = 0.5;
/// The pressure at which it would settle: a fifth of the way from ease to saturation.
const REFERENCE: f64 = 0.2;
/// How soon the integral forgets once there is no pressure at all.
const RELEASE_SECONDS: f64 = 0.15;

impl PressureRule {
    pub(super) fn share(&mut self, pressure: f64, dt: Duration, at_most: f64) -> f64 {
        // A long silence tells nothing about what was in between.
        let seconds = dt.as_secs_f64().min(1.0);
        if pressure <= 0.0 {
            self.integral *= (-dt.as_secs_f64() / RELEASE_SECONDS).exp();
            if self.integral < 0.01 {
                self.integral = 0.0;
            }
            return self.integral;
        }
        self.integral += PER_SECOND * (pressure - REFERENCE) * seconds;
        self.integral = self.integral.clamp(0.0, at_most);
        (PROPORTIONAL * pressure + self.integral).clamp(0.0, at_most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: Duration = Duration::from_millis(100);

    #[test]
    fn saturation_sheds_as_much_as_it_may_and_no_more() {
        let mut rule = PressureRule::default();
        let first = rule.share(1.0, TICK, 0.9);
        assert!((0.5..0.6).contains(&first), "{first}");
        let last = (0..1_000)
            .map(|_| rule.share(1.0, TICK, 0.9))
            .last()
            .unwrap();
        assert!((last - 0.9).abs() < 1e-9, "{last}");
    }

    #[test]
    fn the_integral_is_clamped_so_that_it_lets_go_at_once() {
        let mut rule = PressureRule::default();
        for _ in 0..100_000 {
            rule.share(1.0, TICK, 0.9);
        }
        let after_a_second = (0..10).map(|_| rule.share(0.0, TICK, 0.9)).last().unwrap();
        assert_eq!(after_a_second, 0.0);
    }

    #[test]
    fn a_service_that_answers_to_shedding_settles_without_oscillation() {
        // Pressure falls in a straight line with what is shed: 0.8 of it would be gone at 0.5.
        let mut rule = PressureRule::default();
        let (mut pressure, mut shares) = (0.8, Vec::new());
        for _ in 0..300 {
            let share = rule.share(pressure, TICK, 0.9);
            shares.push(share);
            pressure = (0.8 - 1.6 * share).max(0.0);
        }
        let last = &shares[200..];
        let spread = last
            .iter()
            .fold(0.0_f64, |most, s| most.max((s - last[0]).abs()));
        assert!(spread < 0.01, "{spread}");
        assert!((pressure - REFERENCE).abs() < 0.01, "{pressure}");
    }

    #[test]
    fn a_long_silence_is_no_reason_to_shed_more() {
        let mut rule = PressureRule::default();
        let share = rule.share(0.5, Duration::from_secs(3_600), 0.9);
        assert!(share < 0.5, "{share}");
        assert_eq!(rule.share(0.0, Duration::from_secs(3_600), 0.9), 0.0);
    }
}
