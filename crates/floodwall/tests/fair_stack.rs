//! Turns of tenants in a stack: from code and as data.
#![cfg(feature = "http")]

use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use floodwall::http::{Head, client_address, header};
use floodwall::stack::{ConcurrencyRules, KeyRule, QueueRules, StackConfig};
use floodwall::{Admission, Now, QueueConfig, Reason, Stack};

fn of(tenant: &str) -> Head {
    let request = http::Request::builder().header("x-tenant", tenant);
    request.body(()).unwrap().into_parts().0
}

fn in_code() -> Stack {
    let queue = QueueConfig::builder().capacity(4).newest_first(false);
    Stack::builder()
        .limit(1)
        .queue(queue)
        .fair_by(header(http::HeaderName::from_static("x-tenant")))
        .build()
        .unwrap()
}

fn as_data() -> Stack {
    let mut queue = QueueRules::default();
    queue.capacity = Some(4);
    queue.newest_first = Some(false);
    queue.fair = KeyRule::Header("x-tenant".to_owned());
    let mut config = StackConfig::default();
    let mut limit = ConcurrencyRules::new(1);
    limit.queue = Some(queue);
    config.concurrency = Some(limit);
    config.build().unwrap()
}

fn poll<F: Future + ?Sized>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test(start_paused = true)]
async fn an_elephant_neither_fills_the_queue_nor_goes_before_a_mouse() {
    for stack in [in_code(), as_data()] {
        let admit = |tenant| Box::pin(stack.admit(&of(tenant), &Now::unread()));
        let Poll::Ready(Ok(inside)) = poll(&mut admit("elephant")) else {
            panic!("there is a free place");
        };
        let mut elephants: Vec<_> = (0..4).map(|_| admit("elephant")).collect();
        for elephant in &mut elephants {
            assert!(poll(elephant).is_pending());
        }
        let mut mouse = admit("mouse");
        assert!(poll(&mut mouse).is_pending());
        match poll(&mut elephants[3]) {
            Poll::Ready(Err(refusal)) => assert_eq!(refusal.reason(), Reason::Evicted),
            _ => panic!("it has to leave"),
        }
        // The elephant's oldest was there first; then it is the mouse's turn.
        tokio::time::sleep(Duration::from_millis(10)).await;
        drop(inside);
        let Poll::Ready(Ok(inside)) = poll(&mut elephants[0]) else {
            panic!("it is its turn");
        };
        tokio::time::sleep(Duration::from_millis(10)).await;
        drop(inside);
        assert!(poll(&mut elephants[1]).is_pending());
        assert!(matches!(poll(&mut mouse), Poll::Ready(Ok(_))));
    }
}

#[test]
fn it_says_who_takes_turns() {
    for stack in [in_code(), as_data()] {
        let told = stack.describe().to_string();
        assert!(told.contains("in turns per"), "{told}");
        assert!(told.contains("x-tenant"), "{told}");
    }
    let without = Stack::builder().limit(1).build().unwrap();
    assert!(!without.describe().to_string().contains("turns"));
}

#[test]
fn turns_without_a_queue_are_refused_with_the_fix() {
    let without_limit = Stack::builder()
        .quota("1/s", client_address())
        .fair_by(client_address());
    let without_queue = Stack::builder()
        .limit(1)
        .no_queue()
        .fair_by(client_address());
    for (stack, fix) in [
        (without_limit, "set `limit`, too"),
        (without_queue, "leave `no_queue` out"),
    ] {
        let error = stack.build().unwrap_err();
        assert_eq!(error.field(), "fair_by");
        assert!(error.to_string().ends_with(fix), "{error}");
    }
}
