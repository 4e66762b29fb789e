use std::sync::PoisonError;
use std::time::Duration;

use crossbeam_utils::CachePadded;

use super::bucket::{Kind, Line, Vacancy, vacancy};
use super::cell::Word;
use super::clock::{Clock, Passed, Reading};
use super::plan::{Cost, Plan, Short};
use super::{KeyHash, TableStats};
use crate::Moment;
use crate::rate::atomic::AtomicU64;
use crate::rate::atomic::Mutex;
use crate::rate::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use crate::rate::{Charge, Denied, Standing};

/// How many locks the first claims share.
const STRIPES: usize = if cfg!(floodwall_loom) { 1 } else { 256 };
/// How often a decision is tried again because others changed what it was about. Each time, one of
/// them got on; a key that loses so often in a row is refused rather than held up for longer.
const TRIES: u32 = if cfg!(floodwall_loom) { 3 } else { 64 };
/// The table is swept once in 2^17 steps, so that a cell is seen at least three times in half a
/// round.
const SWEEP_BITS: u32 = 17;
/// How far ahead turns can be reserved, in ticks.
const LONGEST_WAIT: u64 = 1 << 24;

/// The table with `CELLS` cells to a line: eight, but for the models.
pub(super) struct Table<const CELLS: usize> {
    lines: Box<[Line<CELLS>]>,
    clock: CachePadded<Clock>,
    plan: Plan,
    stripes: Box<[Mutex<()>]>,
    counts: CachePadded<Counts>,
}

struct Counts {
    reclaimed: AtomicU64,
    inherited: AtomicU64,
    contended: AtomicU64,
}

/// What one try came to: a charge, and how many ticks of the slack it took.
type Tried = Result<(Charge, u64), Failed>;

enum Failed {
    Short(Short),
    /// Others changed what it was about; this is there now.
    Changed(Word),
}

impl<const CELLS: usize> Table<CELLS> {
    pub(super) fn new(plan: Plan, capacity: usize) -> Self {
        let buckets = (capacity * 2).div_ceil(2 * CELLS);
        let lines = (0..buckets * 2).map(|_| Line::new()).collect::<Box<[_]>>();
        // Zeroed memory may not be there yet; a write to each line makes it so, and the table then
        // really takes what it ever will.
        for line in &lines {
            line.cells()[0].store(Word::FREE.0, Relaxed);
        }
        Self {
            lines,
            clock: CachePadded::new(Clock::new(plan.tick, plan.limit + plan.skew + LONGEST_WAIT)),
            plan,
            stripes: (0..STRIPES).map(|_| Mutex::new(())).collect(),
            counts: CachePadded::new(Counts {
                reclaimed: AtomicU64::new(0),
                inherited: AtomicU64::new(0),
                contended: AtomicU64::new(0),
            }),
        }
    }

    /// Charges what fits.
    ///
    /// Nearly always the clock is where it was, the key is in its home line, and nobody changes its
    /// cell meanwhile. On that way nothing is called, so that all is kept in registers; what is off
    /// it returns what the whole does.
    #[inline(always)]
    pub(super) fn charge(&self, key: KeyHash, now: Moment, cost: u32) -> Result<Charge, Denied> {
        let Some((now, home)) = self.glance(key, now, cost) else {
            return self.charge_in_time(key, now, cost);
        };
        let fingerprint = key.fingerprint();
        let Some((cell, word)) = home.find(fingerprint) else {
            return self.charge_elsewhere(key, now, cost);
        };
        // A cost above the burst is never within the limit.
        let debt = word.debt(now) + self.plan.ticks(cost);
        if debt > self.plan.limit {
            return self.refuse(word, now, cost);
        }
        let after = Word::new(fingerprint, now + debt).0;
        match cell.compare_exchange(word.0, after, AcqRel, Acquire) {
            Ok(_) => Ok(Charge { after, cost }),
            Err(_) => self.charge_again(key, now, cost),
        }
    }

    /// Table time and the home line of a key; `None` if the clock is in another step, or if there
    /// is nothing to look for.
    #[inline(always)]
    fn glance(&self, key: KeyHash, now: Moment, cost: u32) -> Option<(u64, &Line<CELLS>)> {
        let now = self.clock.glance(now).filter(|_| cost > 0)?;
        let home = self.lines.get(key.line(self.lines.len() as u64))?;
        Some((now, home))
    }

    #[cold]
    fn charge_in_time(&self, key: KeyHash, now: Moment, cost: u32) -> Result<Charge, Denied> {
        if cost == 0 {
            return Ok(Charge::FREE);
        }
        let (charge, _) = self.decide(key, &self.read(now), Cost::at_once(cost))?;
        Ok(charge)
    }

    /// Of a key that is not in its home line.
    #[cold]
    fn charge_elsewhere(&self, key: KeyHash, now: u64, cost: u32) -> Result<Charge, Denied> {
        let (reading, at_once) = (Reading::in_step(now), Cost::at_once(cost));
        let home = key.line(self.lines.len() as u64);
        let tried = match self.lines[home ^ 1].find(key.fingerprint()) {
            Some((cell, word)) => self.charge_owner(cell, word, &reading, at_once),
            None => self.claim(key, &reading, at_once),
        };
        match tried {
            Ok((charge, _)) => Ok(charge),
            Err(Failed::Short(short)) => Err(self.plan.denied(&short, 0)),
            Err(Failed::Changed(_)) => self.charge_again(key, now, cost),
        }
    }

    #[cold]
    fn charge_again(&self, key: KeyHash, now: u64, cost: u32) -> Result<Charge, Denied> {
        let (charge, _) = self.decide(key, &Reading::in_step(now), Cost::at_once(cost))?;
        Ok(charge)
    }

    #[cold]
    fn refuse<T>(&self, word: Word, now: u64, cost: u32) -> Result<T, Denied> {
        let short = self.plan.short(word.debt(now), cost);
        Err(self.plan.denied(&short, 0))
    }

    /// Charges what fits if the limit were larger by `at_most`; how long to wait for that.
    pub(super) fn reserve(
        &self,
        key: KeyHash,
        now: Moment,
        cost: u32,
        at_most: Duration,
    ) -> Result<(Charge, Duration), Denied> {
        if cost == 0 {
            return Ok((Charge::FREE, Duration::ZERO));
        }
        let slack = self.clock.ticks(Moment::ZERO + at_most).min(LONGEST_WAIT);
        let cost = Cost { units: cost, slack };
        let reading = self.read(now);
        let (charge, excess) = self.decide(key, &reading, cost)?;
        let wait = match excess {
            0 => Duration::ZERO,
            excess => self.plan.time_of(excess + reading.behind),
        };
        Ok((charge, wait))
    }

    /// Tries until it is decided; how many ticks of the slack a charge took.
    fn decide(&self, key: KeyHash, reading: &Reading, cost: Cost) -> Result<(Charge, u64), Denied> {
        for _ in 0..TRIES {
            let tried = match self.find(key) {
                Some((cell, word)) => self.charge_owner(cell, word, reading, cost),
                None => self.claim(key, reading, cost),
            };
            match tried {
                Ok(charged) => return Ok(charged),
                Err(Failed::Short(short)) => return Err(self.plan.denied(&short, reading.behind)),
                Err(Failed::Changed(_)) => {}
            }
        }
        self.counts.contended.fetch_add(1, Relaxed);
        // One tick is enough: it is not the quota that is short.
        let short = Short {
            excess: Some(1),
            debt: self.plan.limit,
        };
        Err(self.plan.denied(&short, reading.behind))
    }

    #[inline]
    pub(super) fn check(&self, key: KeyHash, now: Moment, cost: u32) -> Result<(), Denied> {
        let glance = self.glance(key, now, cost);
        match glance.and_then(|(now, home)| Some((now, home.find(key.fingerprint())?))) {
            Some((now, (_, word))) => {
                if word.debt(now) + self.plan.ticks(cost) <= self.plan.limit {
                    Ok(())
                } else {
                    self.refuse(word, now, cost)
                }
            }
            None => self.check_otherwise(key, now, cost),
        }
    }

    #[cold]
    fn check_otherwise(&self, key: KeyHash, now: Moment, cost: u32) -> Result<(), Denied> {
        if cost == 0 {
            return Ok(());
        }
        let reading = self.clock.peek(now);
        match self.plan.fit(self.debt(key, &reading), Cost::at_once(cost)) {
            Ok(_) => Ok(()),
            Err(short) => Err(self.plan.denied(&short, reading.behind)),
        }
    }

    pub(super) fn undo(&self, key: KeyHash, charge: &Charge, now: Moment) -> bool {
        let Charge { after, cost } = *charge;
        if cost == 0 || Word(after).debt(self.clock.peek(now).now) == 0 {
            return true;
        }
        let before = Word::new(key.fingerprint(), after.wrapping_sub(self.plan.ticks(cost)));
        self.find(key).is_some_and(|(cell, _)| {
            cell.compare_exchange(after, before.0, AcqRel, Acquire)
                .is_ok()
        })
    }

    pub(super) fn standing(&self, key: KeyHash, now: Moment) -> Standing {
        let reading = self.clock.peek(now);
        self.plan.standing(self.debt(key, &reading), reading.behind)
    }

    pub(super) fn tick(&self) -> Duration {
        self.plan.time_of(1)
    }

    /// Looks at every cell.
    pub(super) fn stats(&self, now: Moment) -> TableStats {
        let now = self.clock.peek(now).now;
        let cells = || self.lines.iter().flat_map(Line::cells);
        let live = |word: Word| word != Word::FREE && word.debt(now) > 0;
        TableStats {
            live: cells()
                .filter(|cell| live(Word(cell.load(Relaxed))))
                .count(),
            cells: self.lines.len() * CELLS,
            reclaimed: self.counts.reclaimed.load(Relaxed),
            inherited: self.counts.inherited.load(Relaxed),
            contended: self.counts.contended.load(Relaxed),
            memory_bytes: size_of::<Self>()
                + size_of_val(&*self.lines)
                + size_of_val(&*self.stripes),
        }
    }

    fn read(&self, now: Moment) -> Reading {
        let (reading, passed) = self.clock.read(now);
        if let Some(passed) = passed {
            self.sweep(passed, reading.now);
        }
        reading
    }

    /// The cell of a key: in its home line, or else in the other one of its bucket.
    fn find(&self, key: KeyHash) -> Option<(&AtomicU64, Word)> {
        let home = key.line(self.lines.len() as u64);
        let fingerprint = key.fingerprint();
        self.lines[home]
            .find(fingerprint)
            .or_else(|| self.lines[home ^ 1].find(fingerprint))
    }

    fn vacancy(&self, key: KeyHash, now: u64) -> Vacancy<'_> {
        let home = key.line(self.lines.len() as u64);
        vacancy([&self.lines[home], &self.lines[home ^ 1]], now)
    }

    /// What the key owes, or would take over with the cell that it would get.
    fn debt(&self, key: KeyHash, reading: &Reading) -> u64 {
        match self.find(key) {
            Some((_, word)) => word.debt(reading.now),
            None => self.vacancy(key, reading.now).debt(reading.now),
        }
    }

    /// Charges the cell of a key, unless it has gone to another meanwhile.
    #[inline]
    fn charge_owner(
        &self,
        cell: &AtomicU64,
        mut word: Word,
        reading: &Reading,
        cost: Cost,
    ) -> Tried {
        let fingerprint = word.fingerprint();
        loop {
            let owed = word.debt(reading.now);
            match self.write(cell, word, owed, fingerprint, reading, cost) {
                Err(Failed::Changed(other)) if other.fingerprint() == fingerprint => word = other,
                tried => return tried,
            }
        }
    }

    /// Gives the key a cell and charges it. Two threads that claim for the same key take the same
    /// lock, so that a key never has two cells; threads that claim the same cell for different keys
    /// are told apart by its compare-and-swap.
    #[cold]
    fn claim(&self, key: KeyHash, reading: &Reading, cost: Cost) -> Tried {
        let debt = self.vacancy(key, reading.now).debt(reading.now);
        if let Err(short) = self.plan.fit(debt, cost) {
            return Err(Failed::Short(short));
        }
        let fingerprint = key.fingerprint();
        let stripe = &self.stripes[fingerprint as usize % STRIPES];
        // Nothing is behind the lock that a panic could have left half done.
        let _first = stripe.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, word)) = self.find(key) {
            return Err(Failed::Changed(word));
        }
        let vacancy = self.vacancy(key, reading.now);
        let debt = vacancy.debt(reading.now);
        let charged = self.write(vacancy.cell, vacancy.word, debt, fingerprint, reading, cost)?;
        match vacancy.kind {
            Kind::Free => {}
            Kind::Drained => drop(self.counts.reclaimed.fetch_add(1, Relaxed)),
            Kind::Owed => drop(self.counts.inherited.fetch_add(1, Relaxed)),
        }
        Ok(charged)
    }

    /// Adds the cost to a debt and writes it for `fingerprint`, if the cell still holds `word`;
    /// what it holds otherwise.
    #[inline]
    fn write(
        &self,
        cell: &AtomicU64,
        word: Word,
        owed: u64,
        fingerprint: u64,
        reading: &Reading,
        cost: Cost,
    ) -> Tried {
        let debt = match self.plan.fit(owed, cost) {
            Ok(debt) => debt,
            Err(short) => return Err(Failed::Short(short)),
        };
        let after = Word::new(fingerprint, reading.now + debt).0;
        match cell.compare_exchange(word.0, after, AcqRel, Acquire) {
            Ok(_) => {
                let excess = debt.saturating_sub(self.plan.limit);
                let cost = cost.units;
                Ok((Charge { after, cost }, excess))
            }
            Err(other) => Err(Failed::Changed(Word(other))),
        }
    }

    /// Frees the cells, among those whose turn it is, that drained long enough ago.
    #[cold]
    fn sweep(&self, passed: Passed, now: u64) {
        let lines_per_step = self.lines.len().div_ceil(1 << SWEEP_BITS);
        for step in passed.first..passed.first + passed.count {
            let first = (step as usize % (1 << SWEEP_BITS)) * lines_per_step;
            let due = self.lines.iter().skip(first).take(lines_per_step);
            for cell in due.flat_map(Line::cells) {
                let word = Word(cell.load(Acquire));
                if word != Word::FREE && word.ahead(now) < -(self.plan.skew as i64) {
                    // Whoever is faster has just charged it.
                    let _ = cell.compare_exchange(word.0, Word::FREE.0, AcqRel, Acquire);
                }
            }
        }
    }
}

/// For tests, which look at what cannot be seen from outside.
#[cfg(test)]
impl<const CELLS: usize> Table<CELLS> {
    pub(super) fn words(&self) -> impl Iterator<Item = Word> {
        let cells = self.lines.iter().flat_map(Line::cells);
        cells.map(|cell| Word(cell.load(Acquire)))
    }

    pub(super) fn time(&self, now: Moment) -> u64 {
        self.clock.peek(now).now
    }

    pub(super) fn ticks_of(&self, cost: u32) -> u64 {
        u64::from(cost) << self.plan.interval_bits
    }
}
