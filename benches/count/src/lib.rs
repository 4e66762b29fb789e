//! What is counted: one request through one policy, over and over, beside the peers.
//!
//! `cargo xtask counts` runs these under valgrind and compares with `baseline.json`. Instructions do
//! not depend on what else the machine does, so a change of 2 % is seen where a clock sees noise.

mod cycle;
mod http;
mod limit;
mod quota;
mod stack;
mod times;
mod work;

pub use self::http::{http_admitted, http_fields, http_noop, http_refused};
pub use self::limit::{
    adaptive, limit, noop, queue_full, queue_idle, refused, tower_limit, tower_refused,
};
pub use self::quota::{quota, quota_keyed};
pub use self::stack::{stack, stack_refused};
pub(crate) use self::times::TIMES;
pub use self::work::Work;

#[cfg(test)]
mod tests {
    use super::*;

    /// While it warms up, each case makes sure that it is answered as its name says.
    #[test]
    fn every_case_does_what_its_name_says() {
        let cases: [fn() -> Work; 16] = [
            noop,
            tower_limit,
            limit,
            queue_idle,
            adaptive,
            tower_refused,
            refused,
            queue_full,
            quota,
            quota_keyed,
            http_noop,
            http_admitted,
            http_fields,
            http_refused,
            stack,
            stack_refused,
        ];
        for case in cases {
            case().repeat();
        }
    }
}
