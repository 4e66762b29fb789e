//! Memory is fixed by configuration, whatever the keys. A process of its own: nothing else may run
//! in it while it is measured, so this stays the only test here.
#![cfg(all(target_os = "linux", not(floodwall_loom)))]

use std::fs;

use floodwall_core::Moment;
use floodwall_core::rate::{Quota, QuotaSet, TableConfig};

const KEYS: u64 = 10_000_000;

fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn ten_million_keys_do_not_move_resident_memory() {
    let quota: Quota = "100/s burst 20".parse().unwrap();
    let set = QuotaSet::keyed(&[quota], &TableConfig::new(100_000)).unwrap();
    // What is not the table's: the first file read, the first charge.
    let _ = (resident_kib(), set.charge(set.key(&KEYS), Moment::ZERO, 1));
    let before = resident_kib();
    let mut admitted = 0_u64;
    for key in 0..KEYS {
        let now = Moment::from_nanos(key * 1_000);
        admitted += u64::from(set.charge(set.key(&key), now, 1).is_ok());
    }
    let after = resident_kib();
    assert!(
        after.abs_diff(before) < 1_024,
        "{before} KiB before, {after} KiB after"
    );
    assert!(admitted > 0);
    let stats = set.stats(Moment::from_nanos(KEYS * 1_000));
    let (own, live) = (stats.tables[0].memory_bytes, stats.tables[0].live);
    assert!((8 * 200_000..8 * 210_000).contains(&own), "{own} bytes");
    assert!(live > 0 && live <= stats.tables[0].cells, "{live}");
}
