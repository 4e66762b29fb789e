use crate::Moment;

/// Slots of time of one length, which follow each other and are numbered from the origin on.
///
/// To divide by the length would take as long as everything else that is done to count one request,
/// so its reciprocal is multiplied with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slots {
    length: u64,
    /// 2 to the 64, divided by the length and rounded up.
    reciprocal: u64,
}

impl Slots {
    /// Of so many nanoseconds each, at least two.
    pub(crate) const fn of(length: u64) -> Self {
        let length = if length < 2 { 2 } else { length };
        Self {
            length,
            reciprocal: u64::MAX / length + 1,
        }
    }

    pub(super) const fn length(self) -> u64 {
        self.length
    }

    /// The number of the slot that `now` lies in.
    pub(super) fn turn(self, now: Moment) -> u32 {
        self.split(now).0
    }

    /// The same, and how many nanoseconds of the slot are over.
    pub(super) fn split(self, now: Moment) -> (u32, u64) {
        let (turn, over) = self.divide(now);
        (u32::try_from(turn).unwrap_or(u32::MAX), over)
    }

    /// The same, however many slots there have been.
    pub(crate) fn divide(self, now: Moment) -> (u64, u64) {
        let nanos = now.as_nanos();
        let product = u128::from(nanos) * u128::from(self.reciprocal);
        // By what the reciprocal was rounded up, it is one too many at most.
        let estimate = (product >> 64) as u64;
        let begins = |turn: u64| turn.checked_mul(self.length).filter(|&at| at <= nanos);
        let (turn, begin) = match begins(estimate) {
            Some(begin) => (estimate, begin),
            None => (estimate - 1, (estimate - 1) * self.length),
        };
        (turn, nanos - begin)
    }
}

#[cfg(all(test, not(floodwall_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_reciprocal_tells_what_a_division_tells() {
        let lengths = [
            2,
            3,
            7,
            1 << 20,
            50_000_001,
            500_000_000,
            1 << 40,
            u64::MAX / 3,
        ];
        for length in lengths {
            let slots = Slots::of(length);
            let around = |nanos: u64| [nanos.saturating_sub(1), nanos, nanos.saturating_add(1)];
            let many = (0..64).flat_map(|bits| around(1 << bits));
            let edges = [1, 2, 3, 1_000, 4_294_967_295].map(|turn| length.saturating_mul(turn));
            let all = many
                .chain(edges.into_iter().flat_map(around))
                .chain(around(u64::MAX / length * length));
            for nanos in all {
                let turn = u32::try_from(nanos / length).unwrap_or(u32::MAX);
                let split = slots.split(Moment::from_nanos(nanos));
                assert_eq!(split, (turn, nanos % length), "{nanos} by {length}");
            }
        }
    }
}
