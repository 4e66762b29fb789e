//! All interleavings of two threads, explored by loom: the cell, and decisions over several.

use loom::sync::Arc;
use loom::thread;

use super::atomic::explore;
use super::{Gcra, Quota, QuotaSet};
use crate::Moment;

fn cell(quota: &str) -> Arc<Gcra> {
    let quota: Quota = quota.parse().unwrap();
    Arc::new(Gcra::new(&quota).unwrap())
}

/// Does the same on two threads, and says how often it came out true.
fn twice<T: Send + Sync + 'static>(
    shared: &Arc<T>,
    act: impl Fn(&T) -> bool + Copy + Send + 'static,
) -> u64 {
    let theirs = Arc::clone(shared);
    let other = thread::spawn(move || act(&theirs));
    let own = act(shared);
    u64::from(own) + u64::from(other.join().unwrap())
}

#[test]
fn two_charges_of_one_cell_are_both_counted() {
    explore(|| {
        let gcra = cell("1/s burst 3");
        let admitted = twice(&gcra, |gcra| gcra.charge(Moment::ZERO, 1).is_ok());
        assert_eq!((admitted, gcra.standing(Moment::ZERO).remaining), (2, 1));
    });
}

#[test]
fn of_two_charges_that_do_not_both_fit_one_gets_in() {
    explore(|| {
        let gcra = cell("1/s burst 3");
        let admitted = twice(&gcra, |gcra| gcra.charge(Moment::ZERO, 2).is_ok());
        assert_eq!((admitted, gcra.standing(Moment::ZERO).remaining), (1, 1));
    });
}

#[test]
fn an_undo_returns_all_or_nothing_whatever_the_other_thread_charges() {
    explore(|| {
        let gcra = cell("1/s burst 2");
        // What stays spent.
        let spent = twice(&gcra, |gcra| match gcra.charge(Moment::ZERO, 1) {
            Ok(charge) => !gcra.undo(&charge, Moment::ZERO),
            Err(_) => false,
        });
        assert_eq!(gcra.standing(Moment::ZERO).remaining, 2 - spent);
    });
}

/// Once the time that a word can tell is nearly over, an old debt looks like a new one; the era
/// says that it is not, and two threads begin the next one at the same time.
#[test]
fn an_era_that_two_threads_begin_forgives_no_charge_and_refuses_none_for_a_ghost() {
    for (cost, expected) in [(2, 1), (1, 2)] {
        explore(move || {
            let gcra = cell("4294967291/s burst 2");
            let (_, unit) = "4294967291/s"
                .parse::<Quota>()
                .unwrap()
                .effective()
                .fraction();
            let _ = gcra.charge(Moment::ZERO, 2).unwrap();
            let round = Moment::from_nanos(u64::MAX / unit);
            let admitted = twice(&gcra, move |gcra| gcra.charge(round, cost).is_ok());
            assert_eq!((admitted, gcra.standing(round).remaining), (expected, 0));
        });
    }
}

#[test]
fn a_racing_decision_over_two_quotas_admits_within_both_and_counts_what_stays_spent() {
    for narrow in [1, 2] {
        explore(move || {
            let quotas = [
                Quota::requests(1)
                    .per_second()
                    .burst(narrow)
                    .build()
                    .unwrap(),
                Quota::requests(1).per_minute().burst(1).build().unwrap(),
            ];
            let set = Arc::new(QuotaSet::shared(&quotas).unwrap());
            let key = set.key("");
            let admitted = twice(&set, move |set| set.charge(key, Moment::ZERO, 1).is_ok());
            assert_eq!(admitted, 1);
            let mut report = crate::Report::default();
            set.report(key, Moment::ZERO, &mut report);
            let remaining: Vec<_> = report.quotas().map(|quota| quota.remaining).collect();
            let unreturned = set.stats(Moment::ZERO).unreturned;
            assert_eq!(remaining, [u64::from(narrow) - admitted - unreturned, 0]);
        });
    }
}
