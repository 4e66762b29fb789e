use std::hash::Hasher;

use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng;
use siphasher::sip128::{Hasher128, SipHasher24};

/// The random numbers of one entity, named, so that another entity more or less in a scenario does
/// not move them.
///
/// PCG XSL RR 128/64 (O'Neill 2014), seeded by SipHash-2-4-128 of the name under the seed. What is
/// derived from it uses `libm` for logarithms and powers: the platform's own differ in the last bit
/// from one machine to the next.
///
/// ```
/// use floodwall_sim::Stream;
///
/// let mut one = Stream::new(7, "arrivals/mobile");
/// let mut again = Stream::new(7, "arrivals/mobile");
/// assert_eq!(one.unit(), again.unit());
/// assert_ne!(one.unit(), Stream::new(7, "arrivals/web").unit());
/// ```
#[derive(Clone, Debug)]
pub struct Stream(Pcg64);

impl Stream {
    /// The stream of `name` under `seed`.
    #[must_use]
    pub fn new(seed: u64, name: &str) -> Self {
        let part = |which: u64| {
            let mut hasher = SipHasher24::new_with_keys(seed, which);
            hasher.write(name.as_bytes());
            hasher.finish128().as_u128()
        };
        Self(Pcg64::new(part(1), part(2)))
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// At least 0 and below 1.
    pub fn unit(&mut self) -> f64 {
        const STEP: f64 = 1.0 / (1_u64 << 53) as f64;
        (self.bits() >> 11) as f64 * STEP
    }

    /// Whether something of probability `share` happens. Draws nothing for 0 and below.
    pub fn happens(&mut self, share: f64) -> bool {
        share > 0.0 && self.unit() < share
    }

    /// 0 to `n` - 1, each as likely; 0 if `n` is 0.
    pub fn below(&mut self, n: u32) -> u32 {
        // Multiply and shift; the bias is below 2^-32, less than any run of ours can see.
        ((self.bits() >> 32).wrapping_mul(u64::from(n)) >> 32) as u32
    }

    /// Exponentially distributed with mean 1.
    pub fn exponential(&mut self) -> f64 {
        // 1 - u is above 0, so the logarithm is finite.
        -libm::log(1.0 - self.unit())
    }

    /// Normally distributed with mean 0 and deviation 1 (Box and Muller 1958; one of the pair).
    pub fn normal(&mut self) -> f64 {
        let radius = (2.0 * self.exponential()).sqrt();
        radius * libm::cos(2.0 * std::f64::consts::PI * self.unit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If these change, every report in the world changes: that is a breaking release.
    #[test]
    fn the_numbers_are_pinned() {
        let mut stream = Stream::new(1, "arrivals/web");
        let bits: Vec<u64> = (0..3).map(|_| stream.bits()).collect();
        let real: Vec<u64> = [stream.exponential(), stream.normal(), stream.unit()]
            .map(f64::to_bits)
            .to_vec();
        assert_eq!(bits, PINNED_BITS);
        assert_eq!(real, PINNED_REAL);
    }

    const PINNED_BITS: [u64; 3] = [
        3_310_156_408_803_804_016,
        14_351_964_655_988_726_055,
        14_816_792_427_165_100_807,
    ];
    const PINNED_REAL: [u64; 3] = [
        4_612_193_593_296_312_612,
        4_609_075_041_555_638_993,
        4_591_020_306_387_955_240,
    ];

    #[test]
    fn means_are_what_they_should_be() {
        let mut stream = Stream::new(3, "means");
        let n = 200_000;
        let mean =
            |mut draw: Box<dyn FnMut() -> f64>| (0..n).map(|_| draw()).sum::<f64>() / f64::from(n);
        let mut copy = stream.clone();
        assert!((mean(Box::new(move || copy.exponential())) - 1.0).abs() < 0.01);
        let mut copy = stream.clone();
        assert!(mean(Box::new(move || copy.normal())).abs() < 0.01);
        let mut copy = stream.clone();
        assert!((mean(Box::new(move || f64::from(copy.below(7)))) - 3.0).abs() < 0.03);
        assert!((0..1_000).all(|_| stream.unit() < 1.0));
        assert_eq!(stream.below(0), 0);
    }
}
