use super::Stream;

/// Which of `n` tenants a request is of: the k-th as often as 1 / k^skew.
#[derive(Clone, Debug)]
pub(crate) struct Zipf {
    n: u32,
    /// Up to which part of 1 each of them reaches; empty if all are equal.
    reach: Vec<f64>,
}

impl Zipf {
    pub(crate) fn new(n: u32, skew: f64) -> Self {
        let mut reach = Vec::new();
        if skew > 0.0 {
            let mut sum = 0.0;
            for rank in 1..=n {
                sum += libm::pow(f64::from(rank), -skew);
                reach.push(sum);
            }
            for part in &mut reach {
                *part /= sum;
            }
        }
        Self { n, reach }
    }

    pub(crate) fn draw(&self, stream: &mut Stream) -> u32 {
        if self.n <= 1 {
            return 0;
        }
        if self.reach.is_empty() {
            return stream.below(self.n);
        }
        let at = stream.unit();
        let rank = self.reach.partition_point(|reach| *reach <= at);
        (rank as u32).min(self.n - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_come_more_often_the_greater_the_skew() {
        let share_of_first = |skew| {
            let (zipf, mut stream) = (Zipf::new(100, skew), Stream::new(5, "tenants"));
            let hits = (0..100_000).filter(|_| zipf.draw(&mut stream) == 0).count();
            hits as f64 / 100_000.0
        };
        assert!((share_of_first(0.0) - 0.01).abs() < 0.002);
        // 1 / (1 + 1/2 + ... + 1/100)
        assert!((share_of_first(1.0) - 0.1928).abs() < 0.005);
    }
}
