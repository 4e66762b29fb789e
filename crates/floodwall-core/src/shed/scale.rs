use super::ShedError;

/// A signal between two bounds as a pressure: 0 up to the lower one, 1 from the upper one on, and a
/// straight line between them.
///
/// The scaled trigger of Envoy's overload manager. The upper bound may be the lower number, for
/// signals of which less is worse.
///
/// ```
/// use floodwall_core::shed::Scale;
///
/// let memory = Scale::new(0.85, 0.95)?;
/// assert_eq!(memory.of(0.5), Some(0.0));
/// assert!((memory.of(0.92).unwrap() - 0.7).abs() < 1e-9);
/// assert_eq!(memory.of(f64::NAN), None);
/// # Ok::<(), floodwall_core::shed::ShedError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    at_ease: f64,
    saturated: f64,
}

impl Scale {
    /// Pressure 0 at `at_ease`, 1 at `saturated`.
    ///
    /// # Errors
    ///
    /// If a bound is no finite number, both are the same, or they are too far apart to be subtracted.
    pub fn new(at_ease: f64, saturated: f64) -> Result<Self, ShedError> {
        let finite = at_ease.is_finite() && saturated.is_finite();
        // Bounds so far apart that no number is their distance are none.
        let apart = (saturated - at_ease).is_finite();
        if !finite || !apart || at_ease == saturated {
            return Err(ShedError::Bounds { at_ease, saturated });
        }
        Ok(Self { at_ease, saturated })
    }

    /// The pressure of `value`; `None` if it is no finite number or negative: such a reading
    /// decides nothing.
    pub fn of(&self, value: f64) -> Option<f64> {
        if !value.is_finite() || value < 0.0 {
            return None;
        }
        let part = (value - self.at_ease) / (self.saturated - self.at_ease);
        Some(part.clamp(0.0, 1.0))
    }

    /// Where pressure begins.
    pub const fn at_ease(&self) -> f64 {
        self.at_ease
    }

    /// Where pressure is 1.
    pub const fn saturated(&self) -> f64 {
        self.saturated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envoys_vector_gives_the_same_share() {
        // 92 % between 85 and 95 shrinks 600 s to 181.4 s over a floor of 2 s.
        let pressure = Scale::new(85.0, 95.0).unwrap().of(92.0).unwrap();
        let timeout = 600.0 - (600.0 - 2.0) * pressure;
        assert!((timeout - 181.4).abs() < 1e-9, "{timeout}");
    }

    #[test]
    fn bounds_may_fall_and_nonsense_is_refused() {
        let free = Scale::new(20.0, 5.0).unwrap();
        assert_eq!(free.of(30.0), Some(0.0));
        assert_eq!(free.of(0.0), Some(1.0));
        for (a, b) in [
            (1.0, 1.0),
            (f64::NAN, 1.0),
            (0.0, f64::INFINITY),
            (f64::MIN, f64::MAX),
        ] {
            assert!(Scale::new(a, b).is_err(), "{a} {b}");
        }
    }

    #[test]
    fn readings_that_cannot_be_decide_nothing() {
        let scale = Scale::new(0.0, 1.0).unwrap();
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.001, f64::MIN] {
            assert_eq!(scale.of(value), None, "{value}");
        }
    }
}
