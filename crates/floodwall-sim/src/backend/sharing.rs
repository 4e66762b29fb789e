use std::collections::BTreeSet;

/// A processor that works for all who want it at the same time: for as many as it has cores at full
/// speed, for more at as much less.
///
/// Everybody is worked for at the same speed, so one measure serves all: how much each has got since the
/// beginning. Whoever comes wants so much more than that.
#[derive(Debug)]
pub(super) struct Sharing {
    cores: f64,
    /// How much each has got, in nanoseconds of a core.
    got: f64,
    /// By when.
    at: u64,
    stalled: bool,
    /// When each has enough, in the bits of what it will have got then: of positive numbers, they have the
    /// order of the numbers.
    wants: BTreeSet<(u64, u32)>,
    /// What is on the agenda counts only with this number.
    round: u32,
}

impl Sharing {
    pub(super) fn new(cores: u32) -> Self {
        Self {
            cores: f64::from(cores),
            got: 0.0,
            at: 0,
            stalled: false,
            wants: BTreeSet::new(),
            round: 0,
        }
    }

    /// `id` wants so many nanoseconds of a core; tells what takes it out again.
    pub(super) fn add(&mut self, now: u64, id: u32, nanos: u64) -> u64 {
        self.advance(now);
        let enough = (self.got + nanos as f64).to_bits();
        self.wants.insert((enough, id));
        enough
    }

    /// Whether it was there.
    pub(super) fn remove(&mut self, now: u64, enough: u64, id: u32) -> bool {
        self.advance(now);
        self.wants.remove(&(enough, id))
    }

    pub(super) fn stall(&mut self, now: u64, stalled: bool) {
        self.advance(now);
        self.stalled = stalled;
    }

    /// Takes out one that has enough.
    pub(super) fn take(&mut self, now: u64) -> Option<u32> {
        self.advance(now);
        let first = *self.wants.first()?;
        // The agenda has whole nanoseconds.
        let has = f64::from_bits(first.0) <= self.got + 0.5;
        has.then(|| {
            self.wants.remove(&first);
            first.1
        })
    }

    /// When the next has enough, if nothing changes until then, and the number with which it counts.
    pub(super) fn next(&mut self) -> Option<(u64, u32)> {
        self.round = self.round.wrapping_add(1) & 0x7fff_ffff;
        let (enough, _) = *self.wants.first()?;
        if self.stalled {
            return None;
        }
        let left = (f64::from_bits(enough) - self.got).max(0.0) / self.speed();
        Some((self.at.saturating_add(left.ceil() as u64), self.round))
    }

    pub(super) const fn counts(&self, round: u32) -> bool {
        self.round == round
    }

    fn speed(&self) -> f64 {
        (self.cores / self.wants.len() as f64).min(1.0)
    }

    fn advance(&mut self, now: u64) {
        if !self.stalled && !self.wants.is_empty() {
            self.got += now.saturating_sub(self.at) as f64 * self.speed();
        }
        self.at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_on_one_core_take_twice_as_long() {
        let mut sharing = Sharing::new(1);
        sharing.add(0, 1, 100);
        sharing.add(0, 2, 300);
        assert_eq!(sharing.next().unwrap().0, 200);
        assert_eq!(sharing.take(200), Some(1));
        assert_eq!(sharing.take(200), None);
        // The other has had 100 of 300, and the core for itself now.
        assert_eq!(sharing.next().unwrap().0, 400);
    }

    #[test]
    fn as_many_as_there_are_cores_do_not_disturb_one_another() {
        let mut sharing = Sharing::new(2);
        sharing.add(0, 1, 100);
        sharing.add(50, 2, 100);
        assert_eq!(sharing.next().unwrap().0, 100);
        assert_eq!(sharing.take(100), Some(1));
        assert_eq!(sharing.next().unwrap().0, 150);
    }

    #[test]
    fn a_stall_takes_nothing_and_gives_nothing() {
        let mut sharing = Sharing::new(1);
        sharing.add(0, 1, 100);
        sharing.stall(40, true);
        assert_eq!(sharing.next(), None);
        sharing.stall(1_000, false);
        assert_eq!(sharing.next().unwrap().0, 1_060);
    }

    #[test]
    fn who_leaves_makes_room_for_the_others() {
        let mut sharing = Sharing::new(1);
        let leaves = sharing.add(0, 1, 100);
        sharing.add(0, 2, 100);
        assert!(sharing.remove(100, leaves, 1));
        assert!(!sharing.remove(100, leaves, 1));
        assert_eq!(sharing.next().unwrap().0, 150);
    }
}
