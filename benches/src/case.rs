//! A case: one question, and those who answer it.

use std::any::Any;
use std::hint::black_box;
use std::time::Duration;

use crate::bar::Bar;
use crate::stopwatch::time;

/// Contenders that do the same work in different ways.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// The contender whose cost is 1.
    pub(crate) reference: &'static str,
    /// What the figures are in.
    pub(crate) unit: &'static str,
    /// What the contenders differ in, if it is a number: they are points of a line then.
    pub(crate) axis: Option<&'static str>,
    make: Box<dyn FnOnce(Effort) -> Vec<Contender>>,
}

/// How much a case may build: a million keys are too many for a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    Whole,
    #[cfg_attr(not(test), expect(dead_code, reason = "it is what tests ask for"))]
    Small,
}

/// One way to do the work.
pub(crate) struct Contender {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) work: Work,
    pub(crate) bars: Vec<Bar>,
    /// Where it is on the axis.
    pub(crate) x: Option<f64>,
    /// Whether it does more than what is measured.
    pub(crate) prepares: bool,
    /// What must not be dropped while it works: a permit, a runtime.
    kept: Vec<Box<dyn Any>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Ours,
    /// Somebody else's way to do what ours does.
    Peer,
    /// Nobody's: the work without what is measured.
    Bare,
}

pub(crate) enum Work {
    /// Does it so many times and says how long that took; one for each thread.
    Repeat(Vec<Repeat>),
    /// Comes to one figure for a round.
    Once(Box<dyn FnMut() -> f64>),
}

pub(crate) type Repeat = Box<dyn FnMut(u64) -> Duration + Send>;

impl Case {
    /// The contenders are made when it is their turn: some take a hundred megabytes.
    pub(crate) fn new(
        name: &'static str,
        about: &'static str,
        reference: &'static str,
        make: impl FnOnce(Effort) -> Vec<Contender> + 'static,
    ) -> Self {
        Self {
            name,
            about,
            reference,
            unit: "ns",
            axis: None,
            make: Box::new(make),
        }
    }

    pub(crate) fn unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    pub(crate) fn axis(mut self, axis: &'static str) -> Self {
        self.axis = Some(axis);
        self
    }

    pub(crate) fn contenders(self, effort: Effort) -> Vec<Contender> {
        (self.make)(effort)
    }
}

impl Effort {
    /// As many as wanted, or as a test can afford.
    pub(crate) fn many(self, wanted: usize) -> usize {
        match self {
            Self::Whole => wanted,
            Self::Small => wanted.min(500),
        }
    }
}

impl Contender {
    /// `once` does the work once; its result is kept from being optimised away. The loop is
    /// compiled together with it, so that only one dynamic call is made per block.
    pub(crate) fn new<T>(
        name: impl Into<String>,
        once: impl FnMut() -> T + Send + 'static,
    ) -> Self {
        Self::of(name, Work::Repeat(vec![repeat(once)]))
    }

    /// The same on several threads at once, each with what `make` gives it.
    pub(crate) fn on<T, F>(
        threads: usize,
        name: impl Into<String>,
        mut make: impl FnMut(usize) -> F,
    ) -> Self
    where
        F: FnMut() -> T + Send + 'static,
    {
        let work = (0..threads).map(|thread| repeat(make(thread)));
        Self::of(name, Work::Repeat(work.collect()))
    }

    /// `block` does the work so many times.
    pub(crate) fn block(
        name: impl Into<String>,
        mut block: impl FnMut(u64) + Send + 'static,
    ) -> Self {
        let block: Repeat = Box::new(move |times| time(|| block(times)).0);
        Self::of(name, Work::Repeat(vec![block]))
    }

    /// `block` does the work so many times and says how long that took, without what it prepared.
    pub(crate) fn clocked(
        name: impl Into<String>,
        block: impl FnMut(u64) -> Duration + Send + 'static,
    ) -> Self {
        Self {
            prepares: true,
            ..Self::of(name, Work::Repeat(vec![Box::new(block)]))
        }
    }

    /// One figure for a round, however long that takes.
    pub(crate) fn once(name: impl Into<String>, figure: impl FnMut() -> f64 + 'static) -> Self {
        Self::of(name, Work::Once(Box::new(figure)))
    }

    fn of(name: impl Into<String>, work: Work) -> Self {
        Self {
            name: name.into(),
            role: Role::Ours,
            work,
            bars: Vec::new(),
            x: None,
            prepares: false,
            kept: Vec::new(),
        }
    }

    pub(crate) fn peer(mut self) -> Self {
        self.role = Role::Peer;
        self
    }

    pub(crate) fn bare(mut self) -> Self {
        self.role = Role::Bare;
        self
    }

    pub(crate) fn at(mut self, x: usize) -> Self {
        self.x = Some(x as f64);
        self
    }

    pub(crate) fn keep(mut self, what: impl Any) -> Self {
        self.kept.push(Box::new(what));
        self
    }

    /// At most this share of what another contender takes.
    pub(crate) fn share(self, at_most: f64, of: &str) -> Self {
        self.bar(Bar::Share(at_most, of.to_owned()))
    }

    /// At most so much more than another contender takes.
    pub(crate) fn over(self, at_most: f64, of: &str) -> Self {
        self.bar(Bar::Over(at_most, of.to_owned()))
    }

    /// At most so much.
    pub(crate) fn figure(self, at_most: f64) -> Self {
        self.bar(Bar::Figure(at_most))
    }

    /// At most so many allocations; counted on one thread only.
    pub(crate) fn allocations(self, at_most: f64) -> Self {
        if matches!(&self.work, Work::Repeat(threads) if threads.len() > 1) {
            return self;
        }
        self.bar(Bar::Allocations(at_most))
    }

    fn bar(mut self, bar: Bar) -> Self {
        self.bars.push(bar);
        self
    }
}

fn repeat<T>(mut once: impl FnMut() -> T + Send + 'static) -> Repeat {
    Box::new(move |times| {
        time(|| {
            for _ in 0..times {
                black_box(once());
            }
        })
        .0
    })
}
