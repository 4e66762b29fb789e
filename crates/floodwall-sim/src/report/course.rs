use super::pace::{TENTH, Tenth};

/// In tenths of a second: five seconds.
const USUAL: u64 = 50;
/// A long run has longer steps rather than more of them.
const MOST: u64 = 3_600;

/// A run in steps of five seconds: how much was done in each, and how the limit stood in the mean.
///
/// A run of more than five hours has longer steps. It is for programs and in no file.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Course {
    /// How long a step is, in seconds. The last one of a run may be shorter.
    pub step: f64,
    /// Requests.
    pub offered: Vec<u64>,
    /// Answers in time.
    pub good: Vec<u64>,
    /// Refused attempts.
    pub refused: Vec<u64>,
    /// How many could be done, if that is known.
    pub could: Vec<Option<f64>>,
    /// The mean of the limit, of what was seen in each tenth of a second.
    pub limit: Vec<Option<f64>>,
}

/// Makes a [`Course`].
#[derive(Debug)]
pub(super) struct Writer {
    length: u64,
    tenths: u64,
    now: Tenth,
    refused: u64,
    limits: (f64, u64),
    course: Course,
}

impl Writer {
    /// For a run of so many nanoseconds.
    pub(super) fn new(run: u64) -> Self {
        let length = run.div_ceil(TENTH).div_ceil(MOST).max(USUAL);
        Self {
            length,
            tenths: 0,
            now: Tenth::default(),
            refused: 0,
            limits: (0.0, 0),
            course: Course {
                step: length as f64 / 10.0,
                ..Course::default()
            },
        }
    }

    pub(super) fn refused(&mut self) {
        self.refused += 1;
    }

    pub(super) fn tenth(&mut self, tenth: Tenth, limit: Option<f64>) {
        let Tenth { offered, good, .. } = tenth;
        if self.tenths == 0 {
            self.now.capacity = tenth.capacity;
        } else {
            let sum = self.now.capacity.zip(tenth.capacity);
            self.now.capacity = sum.map(|(sum, more)| sum + more);
        }
        self.now.offered += offered;
        self.now.good += good;
        if let Some(limit) = limit {
            self.limits = (self.limits.0 + limit, self.limits.1 + 1);
        }
        self.tenths += 1;
        if self.tenths == self.length {
            self.step();
        }
    }

    fn step(&mut self) {
        let Tenth {
            offered,
            good,
            capacity,
        } = std::mem::take(&mut self.now);
        let (sum, count) = std::mem::take(&mut self.limits);
        self.course.offered.push(offered);
        self.course.good.push(good);
        self.course.refused.push(std::mem::take(&mut self.refused));
        self.course.could.push(capacity);
        let limit = (count > 0).then(|| sum / count as f64);
        self.course.limit.push(limit);
        self.tenths = 0;
    }

    pub(super) fn finish(mut self) -> Course {
        if self.tenths > 0 {
            self.step();
        }
        self.course
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_seconds_become_one_step_with_the_mean_of_the_limit() {
        let mut writer = Writer::new(75 * TENTH);
        for tenth in 0..75 {
            let now = Tenth {
                offered: 2,
                good: 1,
                capacity: Some(3.0),
            };
            let limit = if tenth < 25 { 10.0 } else { 20.0 };
            writer.refused();
            writer.tenth(now, Some(limit));
        }
        let course = writer.finish();
        assert_eq!(course.step, 5.0);
        assert_eq!(course.offered, [100, 50]);
        assert_eq!(course.good, [50, 25]);
        assert_eq!(course.refused, [50, 25]);
        assert_eq!(course.could, [Some(150.0), Some(75.0)]);
        assert_eq!(course.limit, [Some(15.0), Some(20.0)]);
    }

    #[test]
    fn a_long_run_has_no_more_steps_than_that() {
        let days = Writer::new(30 * 86_400 * 10 * TENTH);
        assert_eq!(days.course.step, 720.0);
    }
}
