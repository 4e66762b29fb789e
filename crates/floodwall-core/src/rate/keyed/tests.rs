//! What cannot be seen from outside: the cells.

use std::time::Duration;

use super::cell::Word;
use super::plan::Plan;
use super::table::Table;
use super::{HashSecret, KeyHash, LINE, TableConfig};
use crate::Moment;
use crate::rate::Quota;

fn table(quota: &str, config: TableConfig) -> Table<LINE> {
    let quota: Quota = quota.parse().unwrap();
    Table::new(Plan::new(&quota, &config).unwrap(), config.capacity)
}

fn total_debt(table: &Table<LINE>, now: Moment) -> u64 {
    let debt = |word: Word| {
        if word == Word::FREE {
            0
        } else {
            word.debt(table.time(now))
        }
    };
    table.words().map(debt).sum()
}

/// Whoever owns a debt in an overfull table, it stays until it has drained: each charge that gets
/// in adds its whole cost to the sum, each refusal leaves the sum alone.
#[test]
fn total_debt_never_falls_however_overfull_the_table() {
    let mut random = fastrand::Rng::with_seed(12);
    let secret = HashSecret::seeded(12);
    let table = table("60/h burst 10", TableConfig::new(64));
    let interval = table.ticks_of(1);
    let (mut admitted, mut refused) = (0, 0);
    for turn in 0..20_000_u64 {
        let now = Moment::from_nanos(turn * 1_000_000);
        let before = total_debt(&table, now);
        let cost = random.u32(1..4);
        match table.charge(secret.key(&random.u64(0..2_000)), now, cost) {
            Ok(_) => {
                admitted += 1;
                assert_eq!(total_debt(&table, now), before + u64::from(cost) * interval);
            }
            Err(_) => {
                refused += 1;
                assert_eq!(total_debt(&table, now), before);
            }
        }
    }
    let stats = table.stats(Moment::ZERO);
    assert!(
        admitted > 500 && refused > 500 && stats.inherited > 100,
        "{stats:?}"
    );
}

#[test]
fn a_full_bucket_gives_its_smallest_debt_with_the_cell_and_a_drained_one_without() {
    let secret = HashSecret::seeded(1);
    let table = table("1/s", TableConfig::new(8));
    let charge = |key: u64, now| table.charge(secret.key(&key), now, 1).is_ok();
    let counts = || {
        (
            table.stats(Moment::ZERO).reclaimed,
            table.stats(Moment::ZERO).inherited,
        )
    };
    // One bucket: sixteen keys fill it.
    assert_eq!((0..16).filter(|&key| charge(key, Moment::ZERO)).count(), 16);
    assert!(
        !charge(100, Moment::ZERO),
        "all are in debt by a whole burst"
    );
    assert_eq!(counts(), (0, 0));
    assert!(charge(100, Moment::ZERO + Duration::from_secs(1)));
    assert_eq!(counts(), (1, 0));
}

#[test]
fn a_cell_is_swept_only_when_no_clock_can_still_see_its_debt() {
    let swept = |skew| {
        let table = table("1/s", TableConfig::new(8).skew(Duration::from_secs(skew)));
        // In the second line, whose turn it is in the first step, after a thousand seconds.
        let key = KeyHash::from_raw(1 << 63 | 1);
        let charge = |at| table.charge(key, Moment::ZERO + Duration::from_secs(at), 1);
        let _ = charge(0).unwrap();
        let other = KeyHash::from_raw(2);
        let later = Moment::ZERO + Duration::from_secs(1_100);
        let _ = table.charge(other, later, 1).unwrap();
        table.words().all(|word| word.fingerprint() != 1)
    };
    assert!(swept(1));
    assert!(swept(1_000));
    assert!(!swept(1_200));
}

#[test]
fn the_same_key_has_one_cell_whichever_cells_are_freed() {
    let secret = HashSecret::seeded(2);
    let table = table("10/s burst 1", TableConfig::new(8));
    let mut random = fastrand::Rng::with_seed(2);
    for turn in 0..50_000 {
        let now = Moment::from_nanos(turn * 7_000_000);
        let key = random.u64(0..40);
        let _ = table.charge(secret.key(&key), now, 1);
        let mut owners: Vec<_> = table
            .words()
            .filter(|&w| w != Word::FREE)
            .map(Word::fingerprint)
            .collect();
        owners.sort_unstable();
        let all = owners.len();
        owners.dedup();
        assert_eq!(owners.len(), all, "turn {turn}");
    }
}
