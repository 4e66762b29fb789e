//! Sources of pressure: the highest counts, and one that is dead, mad or gone decides nothing.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::time::Duration;

use floodwall::Shed;
use floodwall::shed::{PressureSource, PushedPressure, SourceStatus};

mod shed_support;
use shed_support::{Clock, Dial, by_class, of, pressed, rounds};

const SECOND: Duration = Duration::from_secs(1);

type Read = Box<dyn Fn() -> Option<f64> + Send + Sync>;

fn with(sources: Vec<(&str, Read)>) -> Shed {
    let mut builder = Shed::builder();
    for (name, read) in sources {
        builder = builder.pressure(name, (0.0, 1.0), read);
    }
    builder.build().unwrap()
}

fn status(shed: &Shed, name: &str) -> SourceStatus {
    let sources = shed.handle().snapshot().sources;
    sources.iter().find(|s| s.name == name).unwrap().status
}

#[test]
fn a_source_that_tells_nothing_or_nonsense_never_sheds_and_never_disables_the_others() {
    for (value, wanted) in [
        (None, SourceStatus::Silent),
        (Some(f64::NAN), SourceStatus::Nonsense),
        (Some(-f64::NAN), SourceStatus::Nonsense),
        (Some(f64::INFINITY), SourceStatus::Nonsense),
        (Some(f64::NEG_INFINITY), SourceStatus::Nonsense),
        (Some(-0.5), SourceStatus::Nonsense),
        (Some(f64::MIN), SourceStatus::Nonsense),
    ] {
        // Alone it sheds nothing.
        let shed = with(vec![("bad", Box::new(move || value))]);
        let mut clock = Clock::new();
        let served = rounds(&shed, &mut clock, 2_000, &[of(3)]);
        assert_eq!(served[0].let_in, 2_000, "{value:?}");
        assert_eq!(status(&shed, "bad"), wanted, "{value:?}");

        // Before and after a good one, it is as if it were not there.
        let alone = with(vec![("good", Box::new(|| Some(0.5)))]);
        let wanted = rounds(&alone, &mut Clock::new(), 2_000, &[of(3)]);
        assert!(wanted[0].share() < 0.9, "the good one sheds");
        for order in [[true, false], [false, true]] {
            let shed = with(
                order
                    .map(|good| -> (_, Read) {
                        if good {
                            ("good", Box::new(|| Some(0.5)))
                        } else {
                            ("bad", Box::new(move || value))
                        }
                    })
                    .into(),
            );
            let served = rounds(&shed, &mut Clock::new(), 2_000, &[of(3)]);
            assert_eq!(served, wanted, "{value:?}, {order:?}");
            assert_eq!(status(&shed, "good"), SourceStatus::Told(0.5));
        }
    }
}

#[test]
fn a_source_that_falls_ill_while_it_sheds_lets_go_within_a_second() {
    for ill in [f64::NAN, f64::NEG_INFINITY, f64::INFINITY, -1.0] {
        let dial = Dial::at(1.0);
        let shed = pressed(Shed::builder(), &dial).build().unwrap();
        let mut clock = Clock::new();
        assert!(rounds(&shed, &mut clock, 5_000, &[of(3)])[0].share() < 0.25);
        dial.turn(ill);
        rounds(&shed, &mut clock, 1_000, &[of(3)]);
        assert_eq!(
            rounds(&shed, &mut clock, 500, &[of(3)])[0].let_in,
            500,
            "{ill}"
        );
    }
}

#[test]
fn a_source_that_panics_is_reported_and_out_and_the_others_go_on() {
    let read = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&read);
    let bad = move || -> Option<f64> {
        counted.fetch_add(1, Ordering::Relaxed);
        panic!("the source panics")
    };
    let shed = with(vec![
        ("bad", Box::new(bad)),
        ("good", Box::new(|| Some(1.0))),
    ]);
    assert_eq!(status(&shed, "bad"), SourceStatus::Unread);
    let mut clock = Clock::new();
    let served = rounds(&shed, &mut clock, 3_000, &[of(3)]);
    assert!(served[0].share() < 0.4, "{served:?}");
    assert_eq!(status(&shed, "bad"), SourceStatus::Panicked);
    assert_eq!(status(&shed, "good"), SourceStatus::Told(1.0));
    assert_eq!(read.load(Ordering::Relaxed), 1, "it is not asked again");
}

#[test]
fn a_source_that_hangs_holds_up_its_own_request_and_no_other() {
    let entered = Arc::new(Barrier::new(2));
    // It goes on when the sender is gone, even if that is because the test has failed.
    let (leave, left) = mpsc::sync_channel::<()>(0);
    let bad = {
        let (entered, left, hangs) = (
            Arc::clone(&entered),
            Mutex::new(left),
            AtomicBool::new(true),
        );
        move || {
            if hangs.swap(false, Ordering::SeqCst) {
                entered.wait();
                let _ = left.lock().unwrap().recv();
            }
            Some(1.0)
        }
    };
    let dial = Dial::at(0.0);
    let shed = Shed::builder()
        .pressure("bad", (0.0, 1.0), bad)
        .pressure("dial", (0.0, 1.0), dial.source())
        .build()
        .unwrap();
    let mut clock = Clock::new();
    clock.pass(SECOND);
    let first = clock.now().clone().instant();
    std::thread::scope(|threads| {
        let leave = leave;
        threads.spawn(|| {
            // What becomes of it does not matter: by the time it goes on, others have decided.
            let _ = Clock::at(first).ask(&shed, &of(3));
        });
        entered.wait();
        // While it hangs, nobody else reads it, and the cut-off stays as it is.
        assert_eq!(rounds(&shed, &mut clock, 900, &[of(3)])[0].let_in, 900);
        assert_eq!(dial.read.load(Ordering::Relaxed), 0);
        // Then the others decide without it.
        dial.turn(0.7);
        clock.pass(SECOND);
        let served = rounds(&shed, &mut clock, 1_000, &[of(3)]);
        assert!(served[0].share() < 0.9, "{served:?}");
        assert_eq!(status(&shed, "bad"), SourceStatus::Silent);
        assert_eq!(status(&shed, "dial"), SourceStatus::Told(0.7));
        drop(leave);
    });
    // It answers again, and is asked again.
    clock.pass(SECOND);
    rounds(&shed, &mut clock, 10, &[of(3)]);
    assert_eq!(status(&shed, "bad"), SourceStatus::Told(1.0));
}

#[test]
fn of_several_sources_the_highest_counts_whatever_their_order() {
    for order in [[0.1, 0.8, 0.4], [0.8, 0.4, 0.1], [0.1, 0.4, 0.8]] {
        let named = ["a", "b", "c"].into_iter().zip(order);
        let shed = with(
            named
                .map(|(name, value)| -> (_, Read) { (name, Box::new(move || Some(value))) })
                .collect(),
        );
        let mut clock = Clock::new();
        clock.pass(SECOND);
        clock.ask(&shed, &of(3)).ok();
        let pressure = shed.handle().snapshot().state.pressure;
        assert!((pressure - 0.8).abs() < 1e-9, "{order:?}: {pressure}");
    }
}

#[test]
fn bounds_scale_a_signal_up_or_down() {
    for (bounds, reading, wanted) in [
        ((70.0, 95.0), 60.0, 0.0),
        ((70.0, 95.0), 82.5, 0.5),
        ((70.0, 95.0), 1e300, 1.0),
        ((20.0, 2.0), 30.0, 0.0),
        ((20.0, 2.0), 11.0, 0.5),
        ((20.0, 2.0), 0.0, 1.0),
    ] {
        let dial = Dial::at(reading);
        let shed = Shed::builder()
            .pressure("x", bounds, dial.source())
            .build()
            .unwrap();
        let mut clock = Clock::new();
        clock.pass(SECOND);
        clock.ask(&shed, &of(3)).ok();
        let told = shed.handle().snapshot().sources[0].status;
        assert_eq!(told, SourceStatus::Told(wanted), "{bounds:?} {reading}");
    }
}

#[test]
fn sources_are_read_ten_times_a_second_and_not_for_every_request() {
    let dial = Dial::at(0.3);
    let shed = pressed(Shed::builder(), &dial).build().unwrap();
    let mut clock = Clock::new();
    let round = [of(3); 20];
    rounds(&shed, &mut clock, 10_000, &round);
    let read = dial.read.load(Ordering::Relaxed);
    assert!((95..=110).contains(&read), "{read} in 10 s of 20,000/s");
}

#[test]
fn a_step_makes_the_cut_off_anew_before_its_time() {
    let dial = Dial::at(0.0);
    let shed = pressed(Shed::builder(), &dial).build().unwrap();
    let mut clock = Clock::new();
    rounds(&shed, &mut clock, 3_000, &[of(3)]);
    // Just after a cut-off was made.
    let before = dial.read.load(Ordering::Relaxed);
    while dial.read.load(Ordering::Relaxed) == before {
        rounds(&shed, &mut clock, 1, &[of(3)]);
    }
    dial.turn(1.0);
    // Tenfold traffic: 100 ms worth of it is there after 10 ms, and that is seen.
    let after = rounds(&shed, &mut clock, 25, &[of(3); 10]);
    assert!(after.iter().any(|place| place.let_in < 25), "{after:?}");
    assert_eq!(dial.read.load(Ordering::Relaxed), before + 2);
}

#[tokio::test(start_paused = true)]
async fn a_pushed_pressure_falls_silent_at_its_age_limit() {
    let heat = PushedPressure::new(2 * SECOND);
    let shed = Shed::builder()
        .pressure("heat", (0.0, 1.0), heat.clone())
        .build()
        .unwrap();
    let read = || heat.read(&floodwall::Now::unread());
    assert_eq!(read(), None, "nothing was set");
    heat.set(1.0);
    tokio::time::advance(2 * SECOND).await;
    assert_eq!(read(), Some(1.0));
    assert!(
        Clock::new().ask(&shed, &of(3)).is_ok(),
        "the very first has nothing to go by"
    );
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(read(), None, "older than its limit");
    tokio::time::advance(SECOND).await;
    for _ in 0..100 {
        assert!(Clock::new().ask(&shed, &of(3)).is_ok());
        tokio::time::advance(Duration::from_millis(10)).await;
    }
    assert_eq!(status(&shed, "heat"), SourceStatus::Silent);
    heat.set(0.0);
    assert_eq!(read(), Some(0.0), "it is heard again");
}

#[tokio::test(start_paused = true)]
async fn what_was_shed_for_decays_in_real_time_when_nobody_comes() {
    let dial = Dial::at(1.0);
    let build = pressed(Shed::builder().priority(by_class()), &dial).build();
    let shed = build.unwrap();
    let flood = async |seconds: u32| {
        let mut let_in = 0;
        for _ in 0..seconds * 1_000 {
            let_in += u32::from(Clock::new().ask(&shed, &of(3)).is_ok());
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        f64::from(let_in) / f64::from(seconds * 1_000)
    };
    assert!(flood(10).await < 0.25, "a pressure of 1 sheds nearly all");

    // The source is at ease again, and nobody came who could have told the shedder.
    dial.turn(0.0);
    tokio::time::advance(SECOND).await;
    assert!(
        Clock::new().ask(&shed, &of(7)).is_ok(),
        "the first after it is let in"
    );
    assert_eq!(shed.handle().snapshot().state.share, 0.0);

    // With the source still pressed, a pause changes nothing.
    dial.turn(1.0);
    flood(10).await;
    tokio::time::advance(SECOND).await;
    let share = flood(1).await;
    assert!(
        (0.05..0.15).contains(&share),
        "as much as ever is shed: {share}"
    );
}

#[test]
fn nothing_that_a_source_says_can_shed_more_than_at_most() {
    let dial = Dial::at(f64::MAX);
    let shed = pressed(Shed::builder().at_most(0.6), &dial)
        .build()
        .unwrap();
    let mut clock = Clock::new();
    rounds(&shed, &mut clock, 5_000, &[of(3)]);
    let served: Vec<_> = rounds(&shed, &mut clock, 5_000, &[of(3)]);
    assert!((0.39..0.41).contains(&served[0].share()), "{served:?}");
}
