//! A shedder in front keeps the queue short, so that hardly anybody waits: the limit binds all the
//! same.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use floodwall::{Admission, Now, Outcome, Reason, Shed, adaptive};

use super::script::{Script, end, enter, ms, once};

#[tokio::test(start_paused = true)]
async fn who_is_shed_while_the_limit_is_full_was_held_back_by_it() {
    let script = Script::default();
    let limit = adaptive()
        .with_algorithm(script.algorithm(1))
        .build()
        .unwrap();
    let pressed = Arc::new(AtomicBool::new(false));
    let reads = Arc::clone(&pressed);
    let shed = Shed::builder()
        .queue(&limit.handle())
        .pressure("test", (0.2, 0.8), move || {
            Some(f64::from(u8::from(reads.load(Ordering::Relaxed))))
        })
        .build()
        .unwrap();

    pressed.store(true, Ordering::Relaxed);
    let shed_some = async || {
        let mut many = 0;
        for _ in 0..200 {
            tokio::time::advance(ms(20)).await;
            match shed.admit("b", &Now::unread()).await {
                Ok(()) => {}
                Err(refusal) => many += u32::from(refusal.reason() == Reason::Shed),
            }
        }
        many
    };
    assert!(shed_some().await > 0);
    once(&limit).await;
    assert!(
        !script.last().binding,
        "shed for a pressure while the place was free"
    );

    let held = enter(&limit);
    assert!(shed_some().await > 0);
    end(held, Outcome::Success);
    assert!(script.last().binding, "shed while the place was taken");
    once(&limit).await;
    assert!(!script.last().binding, "and nobody since");
}
