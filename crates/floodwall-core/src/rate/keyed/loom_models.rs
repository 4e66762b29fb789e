//! All interleavings of two threads in a table of one bucket of two cells, explored by loom.

use std::time::Duration;

use loom::sync::Arc;
use loom::thread;

use super::cell::Word;
use super::plan::Plan;
use super::table::Table;
use super::{KeyHash, TableConfig};
use crate::Moment;
use crate::rate::Quota;
use crate::rate::atomic::explore;

/// Two lines of one cell each.
type Small = Table<1>;

const ALICE: KeyHash = KeyHash::from_raw(1);
const BOB: KeyHash = KeyHash::from_raw(2);
const CAROL: KeyHash = KeyHash::from_raw(3);
const SECOND: Duration = Duration::from_secs(1);

fn table(quota: &str) -> Arc<Small> {
    let quota: Quota = quota.parse().unwrap();
    let config = TableConfig::new(1).skew(SECOND);
    Arc::new(Table::new(
        Plan::new(&quota, &config).unwrap(),
        config.capacity,
    ))
}

fn charge(table: &Small, key: KeyHash, now: Moment, cost: u32) -> bool {
    table.charge(key, now, cost).is_ok()
}

/// Charges one for each of two keys on two threads; how many got in.
fn race(table: &Arc<Small>, own: KeyHash, theirs: KeyHash, now: Moment) -> u64 {
    let shared = Arc::clone(table);
    let other = thread::spawn(move || charge(&shared, theirs, now, 1));
    let own = charge(table, own, now, 1);
    u64::from(own) + u64::from(other.join().unwrap())
}

/// All debts in units of cost, after checking that no key has two cells.
fn debt(table: &Small, now: Moment) -> u64 {
    let words: Vec<_> = table.words().filter(|&word| word != Word::FREE).collect();
    if let [a, b] = words[..] {
        assert_ne!(a.fingerprint(), b.fingerprint(), "a key has one cell");
    }
    let ticks: u64 = words.iter().map(|word| word.debt(table.time(now))).sum();
    ticks / table.ticks_of(1)
}

#[test]
fn two_first_claims_of_one_key_share_a_cell() {
    explore(|| {
        let table = table("1/s burst 1");
        let admitted = race(&table, ALICE, ALICE, Moment::ZERO);
        assert_eq!((admitted, debt(&table, Moment::ZERO)), (1, 1));
    });
}

#[test]
fn two_keys_that_claim_the_same_free_cell_both_get_one() {
    explore(|| {
        let table = table("1/s burst 1");
        let admitted = race(&table, ALICE, BOB, Moment::ZERO);
        assert_eq!((admitted, debt(&table, Moment::ZERO)), (2, 2));
    });
}

#[test]
fn a_cell_that_is_reclaimed_while_its_owner_comes_back_loses_no_debt() {
    explore(|| {
        let table = table("1/s burst 3");
        assert!(charge(&table, ALICE, Moment::ZERO, 1));
        let later = Moment::ZERO + SECOND * 3;
        assert!(charge(&table, BOB, later, 1));
        // Alice's cell has drained long ago, and Carol may have it.
        let admitted = race(&table, ALICE, CAROL, later);
        assert_eq!((admitted, debt(&table, later)), (2, 3));
    });
}

#[test]
fn a_debt_that_is_taken_over_while_its_owner_adds_to_it_is_kept() {
    explore(|| {
        let table = table("1/s burst 3");
        assert!(charge(&table, ALICE, Moment::ZERO, 1));
        assert!(charge(&table, BOB, Moment::ZERO, 2));
        let admitted = race(&table, ALICE, CAROL, Moment::ZERO);
        assert_eq!(debt(&table, Moment::ZERO), 3 + admitted);
        assert!(admitted >= 1);
    });
}

#[test]
fn two_newcomers_to_a_full_bucket_take_over_debts_and_forget_none() {
    explore(|| {
        let table = table("1/s burst 3");
        assert!(charge(&table, ALICE, Moment::ZERO, 1));
        assert!(charge(&table, BOB, Moment::ZERO, 1));
        let admitted = race(&table, CAROL, KeyHash::from_raw(4), Moment::ZERO);
        assert_eq!((admitted, debt(&table, Moment::ZERO)), (2, 4));
    });
}

#[test]
fn a_cell_that_is_swept_while_its_owner_comes_back_loses_no_debt() {
    explore(|| {
        let table = table("1/s burst 3");
        // In the second line, whose turn it is in the first step.
        let alice = KeyHash::from_raw(1 << 63 | 1);
        assert!(charge(&table, alice, Moment::ZERO, 3));
        let later = Moment::ZERO + SECOND * 1_100;
        let admitted = race(&table, alice, alice, later);
        assert_eq!((admitted, debt(&table, later)), (2, 2));
    });
}

#[test]
fn an_undo_in_a_table_returns_all_or_nothing() {
    explore(|| {
        let table = table("1/s burst 2");
        let shared = Arc::clone(&table);
        let other = thread::spawn(move || charge(&shared, ALICE, Moment::ZERO, 1));
        let own = table.charge(ALICE, Moment::ZERO, 1).unwrap();
        let undone = table.undo(ALICE, &own, Moment::ZERO);
        let spent = u64::from(other.join().unwrap()) + u64::from(!undone);
        assert_eq!(debt(&table, Moment::ZERO), spent);
    });
}
