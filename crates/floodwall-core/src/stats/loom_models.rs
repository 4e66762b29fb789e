//! What threads share, in every order in which they could meet.

use loom::sync::Arc;
use loom::thread;

use super::cell::Cell;

#[test]
fn two_who_count_in_a_new_turn_are_both_counted() {
    loom::model(|| {
        let cell = Arc::new(Cell::new());
        cell.add(1);
        let theirs = Arc::clone(&cell);
        let other = thread::spawn(move || theirs.add(17));
        assert!(cell.add(17));
        assert!(other.join().unwrap());
        assert_eq!(cell.get(17), 2);
    });
}

#[test]
fn one_who_is_late_takes_nothing_from_a_newer_turn() {
    loom::model(|| {
        let cell = Arc::new(Cell::new());
        cell.add(1);
        let theirs = Arc::clone(&cell);
        let other = thread::spawn(move || {
            theirs.add(1);
            theirs.take_back(1);
        });
        cell.add(17);
        other.join().unwrap();
        // Who saw the old turn a moment ago may still add to the word.
        assert!((1..=2).contains(&cell.get(17)));
        assert_eq!(cell.get(1), 0);
    });
}

#[test]
fn the_greatest_of_the_newest_turn_is_kept() {
    loom::model(|| {
        let cell = Arc::new(Cell::new());
        let theirs = Arc::clone(&cell);
        let other = thread::spawn(move || {
            theirs.raise(1, 1_000);
            theirs.raise(2, 5);
        });
        cell.raise(2, 7);
        other.join().unwrap();
        assert_eq!((cell.get(1), cell.get(2)), (0, 7));
    });
}
