//! Run by `cargo xtask counts`, which knows where gungraun's runner is.
#![allow(
    missing_docs,
    unreachable_pub,
    reason = "gungraun's macros make public things"
)]

use floodwall_count as count;
use floodwall_count::Work;
use gungraun::prelude::*;
use gungraun::{Callgrind, Dhat};

// What is given back is dropped outside of the count.
#[library_benchmark]
#[bench::noop(count::noop())]
#[bench::tower(count::tower_limit())]
#[bench::limit(count::limit())]
#[bench::queue_idle(count::queue_idle())]
#[bench::adaptive(count::adaptive())]
#[bench::tower_refused(count::tower_refused())]
#[bench::refused(count::refused())]
#[bench::queue_full(count::queue_full())]
#[bench::quota(count::quota())]
#[bench::quota_keyed(count::quota_keyed())]
#[bench::http_noop(count::http_noop())]
#[bench::http_admitted(count::http_admitted())]
#[bench::http_fields(count::http_fields())]
#[bench::http_refused(count::http_refused())]
#[bench::stack(count::stack())]
#[bench::stack_refused(count::stack_refused())]
fn repeated(mut work: Work) -> Work {
    work.repeat();
    work
}

library_benchmark_group!(name = counts, benchmarks = [repeated]);

main!(
    config = LibraryBenchmarkConfig::default()
        // No caches are simulated: instructions are what is compared.
        .tool(Callgrind::with_args(["--cache-sim=no"]))
        .tool(Dhat::with_args(["--num-callers=64"])),
    library_benchmark_groups = counts
);
