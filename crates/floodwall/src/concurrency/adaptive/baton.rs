#[cfg(floodwall_loom)]
use loom::sync::atomic::{AtomicU8, Ordering};
#[cfg(not(floodwall_loom))]
use std::sync::atomic::{AtomicU8, Ordering};

const FREE: u8 = 0;
const HELD: u8 = 1;
const CALLED: u8 = 2;

/// Held by the one who does the work of all, while the others only leave theirs and call.
///
/// Whoever leaves work calls then; whoever holds it looks for work, and can put it down only if
/// nobody has called since it last looked. So what was left is seen: by the holder, or by its caller,
/// who finds the baton free.
#[derive(Debug)]
pub(super) struct Baton(AtomicU8);

impl Baton {
    pub(super) fn new() -> Self {
        Self(AtomicU8::new(FREE))
    }

    /// Takes it if nobody holds it.
    pub(super) fn take(&self) -> bool {
        self.0
            .compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
    }

    /// Work was left. True if nobody holds it: then it is the caller's.
    pub(super) fn call(&self) -> bool {
        // A change in any case, even if somebody has called before: so that the holder who reads it
        // sees the work of this one, too.
        self.0.swap(CALLED, Ordering::AcqRel) == FREE
    }

    /// By the holder, before it looks for work that others have left.
    pub(super) fn heed(&self) {
        self.0.swap(HELD, Ordering::AcqRel);
    }

    /// False if somebody has called meanwhile: then it is still held.
    pub(super) fn put_down(&self) -> bool {
        self.0
            .compare_exchange(HELD, FREE, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }

    /// Puts it down in any case. Whoever takes it next finds what is left.
    pub(super) fn drop_it(&self) {
        self.0.swap(FREE, Ordering::AcqRel);
    }
}

#[cfg(all(test, floodwall_loom))]
mod loom_models {
    use loom::sync::Arc;
    use loom::sync::atomic::{AtomicU32, Ordering};
    use loom::thread;

    use super::Baton;

    /// Work that is left, and who works: `Relaxed`, so that only the baton orders them.
    struct Shop {
        baton: Baton,
        left: AtomicU32,
        inside: AtomicU32,
        done: AtomicU32,
    }

    impl Shop {
        fn new() -> Arc<Self> {
            Arc::new(Self {
                baton: Baton::new(),
                left: AtomicU32::new(0),
                inside: AtomicU32::new(0),
                done: AtomicU32::new(0),
            })
        }

        fn hand_in(&self) {
            if self.baton.take() {
                self.work(1);
            } else {
                self.left.fetch_add(1, Ordering::Relaxed);
                if self.baton.call() {
                    self.baton.heed();
                    self.work(0);
                }
            }
        }

        fn work(&self, mut own: u32) {
            loop {
                assert_eq!(self.inside.swap(1, Ordering::Relaxed), 0, "one at a time");
                let others = self.left.swap(0, Ordering::Relaxed);
                // Not an addition: two at once would lose one.
                let done = self.done.load(Ordering::Relaxed);
                self.done.store(done + others + own, Ordering::Relaxed);
                own = 0;
                self.inside.store(0, Ordering::Relaxed);
                if self.baton.put_down() {
                    return;
                }
                self.baton.heed();
            }
        }
    }

    #[test]
    fn loom_nothing_that_was_handed_in_is_left_behind() {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = builder.preemption_bound.or(Some(3));
        builder.check(|| {
            let shop = Shop::new();
            let others: Vec<_> = (0..2)
                .map(|_| {
                    let shop = Arc::clone(&shop);
                    thread::spawn(move || shop.hand_in())
                })
                .collect();
            shop.hand_in();
            for other in others {
                other.join().unwrap();
            }
            assert_eq!(shop.left.load(Ordering::Relaxed), 0);
            assert_eq!(shop.done.load(Ordering::Relaxed), 3);
        });
    }
}
