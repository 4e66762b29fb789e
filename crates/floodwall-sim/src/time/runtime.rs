use tokio::runtime::Builder;
use tokio::task::unconstrained;

use super::Turn;

/// Runs `main` to its end in a runtime of its own whose clock stands still unless it is moved.
///
/// # Panics
///
/// When called within a runtime, as tokio does: a simulation belongs into a plain `#[test]`.
pub(crate) fn run<F: Future>(main: impl FnOnce(Turn) -> F) -> F::Output {
    let turn = Turn::default();
    let (parks, blocks) = (turn.clone(), turn.clone());
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .max_blocking_threads(1)
        .on_thread_park(move || parks.parks())
        .on_thread_start(move || blocks.blocks())
        .build()
        .expect("a runtime without I/O needs nothing that could be missing");
    // tokio's cooperative budget is for tasks that share a thread; here it would cost a trip
    // through the scheduler each 128 events.
    let output = runtime.block_on(async { unconstrained(main(turn)).await });
    // A blocking task that never ends must not keep the test from ending.
    runtime.shutdown_background();
    output
}
