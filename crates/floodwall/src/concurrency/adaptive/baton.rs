//! Held by the one who does the work of all, while the others only leave theirs.

#[cfg(not(floodwall_loom))]
use crossbeam_queue::ArrayQueue;

#[cfg(floodwall_loom)]
use self::explored::ArrayQueue;

/// What the work is done with goes from hand to hand: whoever finds it takes it, works, and puts it
/// down; who does not find it leaves its work and looks for it once more.
///
/// Whoever puts it down looks whether work was left, and if so for the baton once more. So what was
/// left is seen: who left it did not find the baton after that, so it was put down later, by one who
/// looks. It lies in a queue of one place: to take it and to put it down are one exchange each, and
/// between these and the look at the work, on both sides, is a fence (`SeqCst` in the queue). Were
/// there none, what was left would wait for the next who hands in.
#[derive(Debug)]
pub(super) struct Baton<T>(ArrayQueue<Box<T>>);

impl<T> Baton<T> {
    pub(super) fn new(value: T) -> Self {
        let baton = Self(ArrayQueue::new(1));
        baton.put_down(Box::new(value));
        baton
    }

    /// Takes it if nobody holds it.
    pub(super) fn take(&self) -> Option<Box<T>> {
        self.0.pop()
    }

    /// By the one who took it: so there is room.
    pub(super) fn put_down(&self, value: Box<T>) {
        let _always = self.0.push(value);
    }
}

#[cfg(floodwall_loom)]
mod explored {
    use loom::sync::Mutex;
    use loom::sync::atomic::{AtomicBool, Ordering};

    /// The same in parts that loom can follow. Whoever does not find it touches the flag alone.
    pub(super) struct ArrayQueue<T> {
        is_there: AtomicBool,
        value: Mutex<Option<T>>,
    }

    impl<T> ArrayQueue<T> {
        pub(super) fn new(_room: usize) -> Self {
            Self {
                is_there: AtomicBool::new(false),
                value: Mutex::new(None),
            }
        }

        pub(super) fn pop(&self) -> Option<T> {
            if self.is_there.swap(false, Ordering::AcqRel) {
                self.value.lock().unwrap().take()
            } else {
                None
            }
        }

        pub(super) fn push(&self, value: T) -> Result<(), T> {
            *self.value.lock().unwrap() = Some(value);
            self.is_there.swap(true, Ordering::AcqRel);
            Ok(())
        }
    }

    impl<T> std::fmt::Debug for ArrayQueue<T> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("ArrayQueue")
        }
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
        baton: Baton<()>,
        left: AtomicU32,
        inside: AtomicU32,
        done: AtomicU32,
    }

    impl Shop {
        fn new() -> Arc<Self> {
            Arc::new(Self {
                baton: Baton::new(()),
                left: AtomicU32::new(0),
                inside: AtomicU32::new(0),
                done: AtomicU32::new(0),
            })
        }

        fn hand_in(&self) {
            if let Some(baton) = self.baton.take() {
                self.work(baton, 1);
                return;
            }
            self.left.fetch_add(1, Ordering::Relaxed);
            if let Some(baton) = self.baton.take() {
                self.work(baton, 0);
            }
        }

        fn work(&self, mut baton: Box<()>, mut own: u32) {
            loop {
                assert_eq!(self.inside.swap(1, Ordering::Relaxed), 0, "one at a time");
                // A look, which may be stale where nothing orders it, and not an exchange.
                let others = self.left.load(Ordering::Relaxed);
                self.left.fetch_sub(others, Ordering::Relaxed);
                // Not an addition: two at once would lose one.
                let done = self.done.load(Ordering::Relaxed);
                self.done.store(done + others + own, Ordering::Relaxed);
                own = 0;
                self.inside.store(0, Ordering::Relaxed);
                self.baton.put_down(baton);
                if self.left.load(Ordering::Relaxed) == 0 {
                    return;
                }
                let Some(again) = self.baton.take() else {
                    return;
                };
                baton = again;
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
