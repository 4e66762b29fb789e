//! A shedder that watches the queue of the limit behind it, with real waiting in virtual time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use floodwall::{
    Admission, ConcurrencyLimit, Now, QueueConfig, Reason, Shed, all,
    concurrency::ConcurrencyLimitHandle, shed::ShedHandle,
};
use tokio::time::{Instant, sleep, sleep_until};

mod shed_support;
use shed_support::{Req, by_class, of};

const SECOND: Duration = Duration::from_secs(1);
const WORK: Duration = Duration::from_millis(10);

/// Eight at once, 10 ms each: 800 requests a second, unless it stands still until a given time.
struct Server {
    stands_until: Instant,
    shed: ShedHandle,
    limit: ConcurrencyLimitHandle,
    done: Arc<[AtomicU64; 8]>,
}

impl Server {
    /// Offers a request of each class in turn, `per_second` in all, for some seconds; tells how many of
    /// each class were served.
    async fn flood<A>(&self, policy: &A, classes: &[u8], per_second: u32, seconds: u32) -> [u64; 8]
    where
        A: Admission<Req> + Clone + Send + Sync + 'static,
        A::Future: Send,
        A::Permit: Send,
    {
        let before = self.served();
        let mut sent = 0;
        // Timers count whole milliseconds.
        for millis in 1..=u64::from(seconds) * 1_000 {
            while sent < millis * u64::from(per_second) / 1_000 {
                let class = classes[sent as usize % classes.len()];
                self.send(policy.clone(), class);
                sent += 1;
            }
            sleep(Duration::from_millis(1)).await;
        }
        let after = self.served();
        std::array::from_fn(|n| after[n] - before[n])
    }

    fn send<A>(&self, policy: A, class: u8)
    where
        A: Admission<Req> + Send + Sync + 'static,
        A::Future: Send,
        A::Permit: Send,
    {
        let (done, stands) = (Arc::clone(&self.done), self.stands_until);
        #[expect(clippy::disallowed_methods, reason = "these are the clients of a test")]
        tokio::spawn(async move {
            let Ok(_permit) = policy.admit(&of(class), &Now::unread()).await else {
                return;
            };
            sleep(WORK).await;
            sleep_until(stands).await;
            done[usize::from(class)].fetch_add(1, Ordering::Relaxed);
        });
    }

    fn served(&self) -> [u64; 8] {
        std::array::from_fn(|n| self.done[n].load(Ordering::Relaxed))
    }

    fn shed(&self) -> u64 {
        self.shed.snapshot().counts.refused_for(Reason::Shed)
    }
}

fn server() -> (
    Server,
    impl Admission<Req, Future: Send, Permit: Send> + Clone + Send + Sync,
) {
    let queue = QueueConfig::builder()
        .capacity(64)
        .max_wait(Duration::from_millis(100));
    let limit = ConcurrencyLimit::builder(8)
        .queue(queue)
        .priority(by_class())
        .build()
        .unwrap();
    let shed = Shed::builder()
        .priority(by_class())
        .queue(&limit.handle())
        .build()
        .unwrap();
    let server = Server {
        stands_until: Now::unread().instant(),
        shed: shed.handle(),
        limit: limit.handle(),
        done: Arc::default(),
    };
    (server, all((shed, limit)))
}

#[tokio::test(start_paused = true)]
async fn below_its_capacity_nothing_is_shed_and_above_it_the_last_class_is() {
    let (server, policy) = server();
    let classes = [0, 2, 3, 7];
    server.flood(&policy, &classes, 600, 20).await;
    assert_eq!(server.shed(), 0);

    // Twice as much as it can do: classes 0 and 2 are all that there is room for.
    server.flood(&policy, &classes, 1_600, 3).await;
    let served = server.flood(&policy, &classes, 1_600, 10).await;
    let of = |class: usize| served[class] as f64 / 4_000.0;
    assert!(of(0) > 0.99 && of(2) > 0.9, "{served:?}");
    assert!(of(7) < 0.02, "{served:?}");
    let all: u64 = served.iter().sum();
    assert!(all > 7_700, "it works all the time: {all} of 8,000");
    assert!(server.shed() > 5_000, "most is refused before it waits");

    // Back again: within a second nothing is shed any more.
    server.flood(&policy, &classes, 600, 1).await;
    let before = server.shed();
    server.flood(&policy, &classes, 600, 10).await;
    assert_eq!(server.shed(), before);
}

#[tokio::test(start_paused = true)]
async fn after_the_service_stood_still_all_is_served_again_within_two_seconds() {
    for per_second in [40, 600] {
        let (mut server, policy) = server();
        let wanted = u64::from(per_second) * 5;
        server.flood(&policy, &[3], per_second, 5).await;
        server.stands_until = Now::unread().instant() + 5 * SECOND;
        server.flood(&policy, &[3], per_second, 5).await;
        server.flood(&policy, &[3], per_second, 2).await;
        let served = server.flood(&policy, &[3], per_second, 5).await[3];
        let state = server.shed.snapshot().state;
        assert!(
            served * 100 >= wanted * 99,
            "{served} of {wanted}: {state:?}"
        );
        assert_eq!(server.limit.snapshot().waiting, 0);
    }
}
