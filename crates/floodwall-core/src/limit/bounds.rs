use super::{Cause, Change, LimitError};

/// Where a limit begins, and what it never leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) start: u32,
    pub(super) floor: u32,
    pub(super) ceiling: u32,
}

impl Bounds {
    pub(super) const fn new(start: u32, floor: u32, ceiling: u32) -> Self {
        Self {
            start,
            floor,
            ceiling,
        }
    }

    pub(super) fn check(self) -> Result<Self, LimitError> {
        let Self {
            start,
            floor,
            ceiling,
        } = self;
        if floor == 0 {
            let problem = "0 would let nothing in: set at least 1";
            return Err(LimitError::new("floor", problem));
        }
        if ceiling < floor {
            let problem = format!("{ceiling} is below the floor of {floor}: raise it");
            return Err(LimitError::new("ceiling", problem));
        }
        if !(floor..=ceiling).contains(&start) {
            let problem = format!(
                "{start} is not between the floor {floor} and the ceiling {ceiling}: move one of them"
            );
            return Err(LimitError::new("start", problem));
        }
        Ok(self)
    }

    pub(super) fn clamp(self, limit: u32) -> u32 {
        limit.clamp(self.floor, self.ceiling)
    }

    /// Between the bounds, and a number whatever came in: one that is none gives the floor.
    pub(super) fn clamp_real(self, limit: f64) -> f64 {
        let (floor, ceiling) = (f64::from(self.floor), f64::from(self.ceiling));
        if limit.is_nan() {
            floor
        } else {
            limit.clamp(floor, ceiling)
        }
    }
}

/// A share, a weight, a factor: finite and between two values.
pub(super) fn real_within(
    field: &'static str,
    value: f64,
    least: f64,
    most: f64,
) -> Result<(), LimitError> {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        let problem = format!("{value} is not between {least} and {most}: set one that is");
        Err(LimitError::new(field, problem))
    }
}

/// A change, if it is one.
pub(super) fn change(from: u32, to: u32, cause: impl FnOnce() -> Cause) -> Option<Change> {
    (from != to).then(|| Change::new(from, to, cause()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_is_no_number_is_the_floor() {
        let bounds = Bounds::new(5, 2, 9);
        for (limit, expected) in [
            (f64::NAN, 2.0),
            (f64::INFINITY, 9.0),
            (f64::NEG_INFINITY, 2.0),
            (3.5, 3.5),
        ] {
            assert_eq!(bounds.clamp_real(limit), expected);
        }
    }
}
