//! What virtual time cannot move ends a run with its reason. Nothing here may hang.

mod support;

use std::convert::Infallible;
use std::time::Duration;

use floodwall_sim::{Attempt, Client, Phase, RunError, Scenario, Simulation};
use support::{ms, secs};
use tower::service_fn;

fn calm() -> Scenario {
    Scenario::new("calm")
        .phase(Phase::new("calm", secs(1)).rate(50.0))
        .client(Client::new("everybody").share(1.0))
}

/// Plays a second of calm against what `handle` does.
fn play<F>(handle: impl Fn(Attempt) -> F + Clone) -> Result<floodwall_sim::Report, RunError>
where
    F: Future<Output = ()>,
{
    let scenario = calm();
    Simulation::new(&scenario).run(|_| {
        service_fn(move |attempt: Attempt| {
            let work = handle(attempt);
            async move {
                work.await;
                Ok::<_, Infallible>(())
            }
        })
    })
}

#[test]
fn spawn_blocking_is_named() {
    let error = play(|_| async {
        let _ = tokio::task::spawn_blocking(|| 1).await;
    })
    .unwrap_err();
    assert_eq!(error, RunError::Blocking);
    assert!(error.to_string().contains("spawn_blocking"), "{error}");
}

#[test]
fn blocking_work_that_never_ends_does_not_hang_the_test() {
    let (_keep, never) = std::sync::mpsc::sync_channel::<()>(0);
    let never = std::sync::Arc::new(std::sync::Mutex::new(never));
    let error = play(move |_| {
        let never = std::sync::Arc::clone(&never);
        async move {
            let wait = move || {
                let _ = never.lock().map(|never| never.recv());
            };
            let _ = tokio::task::spawn_blocking(wait).await;
        }
    })
    .unwrap_err();
    assert_eq!(error, RunError::Blocking);
}

#[test]
fn another_thread_is_named() {
    let error = play(|_| async {
        let (tell, told) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || tell.send(()));
        let _ = told.await;
    })
    .unwrap_err();
    // Which of the two is seen first is a matter of real time; both name the thread.
    assert!(
        matches!(error, RunError::Thread | RunError::Stuck { .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("thread"), "{error}");
}

#[test]
fn input_and_output_are_named() {
    let error = play(|_| async {
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], 9));
        let _ = tokio::net::TcpStream::connect(address).await;
    })
    .unwrap_err();
    assert!(error.to_string().contains("does I/O"), "{error}");
}

#[test]
fn whoever_waits_for_ever_is_counted_and_named() {
    let error = play(|attempt| async move {
        if attempt.id() % 10 == 3 {
            std::future::pending::<()>().await;
        }
    })
    .unwrap_err();
    let RunError::Stuck {
        waiting, client, ..
    } = &error
    else {
        panic!("{error:?}")
    };
    assert!((2..=10).contains(waiting), "{waiting}");
    assert_eq!(client, "everybody");
}

#[test]
fn a_panic_ends_the_run_with_what_it_said() {
    let error = play(|attempt| async move {
        assert!(attempt.id() < 20, "number {}", attempt.id());
    })
    .unwrap_err();
    assert!(error.to_string().contains("number 20"), "{error}");
}

#[test]
fn a_clock_that_the_service_moves_is_seen() {
    let error = play(|_| async {
        tokio::time::advance(ms(7)).await;
    })
    .unwrap_err();
    assert_eq!(error, RunError::ClockMoved);
}

#[test]
fn within_a_runtime_it_says_how_to_call_it() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let error = runtime.block_on(async { play(|_| async {}) }).unwrap_err();
    assert!(error.to_string().contains("plain `#[test]`"), "{error}");
}

#[test]
fn work_that_takes_longer_than_the_run_is_waited_for() {
    let report = play(|_| tokio::time::sleep(Duration::from_secs(600))).unwrap();
    assert_eq!(report.total.all.unfinished, 0);
    assert_eq!(report.total.all.latency.p50.map(f64::round), Some(600.0));
}

/// What is on the agenda for nobody hides no hang.
#[test]
fn whoever_waits_for_ever_is_named_also_if_something_is_still_to_come() {
    let mut scenario = calm();
    scenario.clients[0] = Client::new("everybody")
        .share(1.0)
        .deadline(secs(7_200))
        .retry(floodwall_sim::Retry::new(1, secs(1)));
    let error = Simulation::new(&scenario)
        .run(|_| {
            service_fn(|_: Attempt| async {
                std::future::pending::<()>().await;
                Ok::<_, Infallible>(())
            })
        })
        .unwrap_err();
    assert!(matches!(error, RunError::Stuck { .. }), "{error:?}");
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "dropped in flight");
    }
}

#[test]
fn a_panic_in_the_drop_of_an_abandoned_request_ends_the_run_too() {
    let mut scenario = calm();
    scenario.clients[0] = Client::new("everybody").share(1.0).patience(ms(10));
    let error = Simulation::new(&scenario)
        .run(|_| {
            service_fn(|_: Attempt| async {
                let bomb = Bomb;
                tokio::time::sleep(secs(5)).await;
                drop(bomb);
                Ok::<_, Infallible>(())
            })
        })
        .unwrap_err();
    assert!(error.to_string().contains("dropped in flight"), "{error}");
}
