use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use floodwall_core::{Outcome, Rejection};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::slot::Slot;
use crate::Now;
use crate::admission::{Admission, End, Permit};
use crate::seldom::Seldom;

pin_project! {
    /// The one state machine: admission, readiness of the very clone that will be called, the call.
    pub(crate) struct Drive<S, Req, AF, SF, P: Permit> {
        #[pin]
        state: State<AF, SF>,
        // Both stay here until the call: whatever moves them about has to copy them.
        inner: Option<S>,
        request: Option<Req>,
        // Last: what it stands for dies before it.
        permit: Slot<P>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<AF, SF> {
        Admitting {
            #[pin]
            admitting: AF,
        },
        Readying,
        Running {
            #[pin]
            running: SF,
        },
        Panicked {
            payload: Seldom<Box<dyn Any + Send>>,
        },
        Done,
    }
}

/// Is told how far a drive has come, to measure what it waited for.
pub(crate) trait Watch {
    /// It has to wait for its admission; told at each poll.
    fn waits_for_admission(&mut self) {}
    /// It has the permit.
    fn is_admitted(&mut self) {}
    /// It has to wait for the inner service's readiness; told at each poll.
    fn waits_for_readiness(&mut self) {}
    /// The inner service is called next.
    fn begins(&mut self) {}
}

/// Nobody looks.
impl Watch for () {}

impl<W: Watch> Watch for Option<W> {
    fn waits_for_admission(&mut self) {
        if let Some(watch) = self {
            watch.waits_for_admission();
        }
    }
    fn is_admitted(&mut self) {
        if let Some(watch) = self {
            watch.is_admitted();
        }
    }
    fn waits_for_readiness(&mut self) {
        if let Some(watch) = self {
            watch.waits_for_readiness();
        }
    }
    fn begins(&mut self) {
        if let Some(watch) = self {
            watch.begins();
        }
    }
}

/// How a drive ended.
pub(crate) enum Drove<Req, T, E> {
    /// And the refusal is where it was asked for.
    Refused(Req),
    NotReady(E),
    /// The permit is still there, to be [taken](Drive::place) or [completed](Drive::complete): here
    /// it would have to be moved.
    Ran(Result<T, E>),
}

impl<S, Req, AF, SF, P> Drive<S, Req, AF, SF, P>
where
    AF: Future<Output = Result<P, Rejection>>,
    P: Permit,
{
    /// Asks `admission` about what it sees of the request, `head`.
    ///
    /// A closure of the user's that panics must cost this request only, but `call` runs inside the
    /// connection of an HTTP/2 client: so the panic goes on when the future is polled.
    pub(crate) fn start<Head: ?Sized, A>(
        admission: &A,
        head: &Head,
    ) -> Result<AF, Box<dyn Any + Send>>
    where
        A: Admission<Head, Future = AF, Permit = P>,
    {
        catch_unwind(AssertUnwindSafe(|| admission.admit(head, &Now::unread())))
    }

    pub(crate) fn new(started: Result<AF, Box<dyn Any + Send>>, inner: S, request: Req) -> Self {
        let state = match started {
            Ok(admitting) => State::Admitting { admitting },
            Err(payload) => State::Panicked {
                payload: Seldom::new(payload),
            },
        };
        Self {
            state,
            inner: Some(inner),
            request: Some(request),
            permit: Slot::empty(),
        }
    }

    /// Drives on; `decide` is [`Admission::poll_into`], which leaves a refusal in `refused`, `begin` sees
    /// the request and its permit right before the inner call, and `watch` is told what is waited for.
    ///
    /// # Panics
    ///
    /// When polled after it was ready, and with whatever the policy, the service or `begin` panics.
    #[inline]
    pub(crate) fn poll_with<T, E>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        refused: &mut Option<Rejection>,
        watch: &mut impl Watch,
        decide: impl FnOnce(
            Pin<&mut AF>,
            &mut Context<'_>,
            &mut Option<P>,
            &mut Option<Rejection>,
        ) -> Poll<bool>,
        begin: impl FnOnce(&mut Req, &mut P),
    ) -> Poll<Drove<Req, T, E>>
    where
        S: Service<Req, Response = T, Error = E, Future = SF>,
        SF: Future<Output = Result<T, E>>,
    {
        let this = self.project();
        let (mut state, slot) = (this.state, this.permit);
        // From one state to the next, without going back to the top: mostly one poll is all.
        match state.as_mut().project() {
            StateProj::Admitting { admitting } => {
                let Poll::Ready(is_in) = decide(admitting, cx, slot.place(), refused) else {
                    watch.waits_for_admission();
                    return Poll::Pending;
                };
                if !is_in {
                    state.set(State::Done);
                    *this.inner = None;
                    let request = this.request.take().expect(ONCE);
                    return Poll::Ready(Drove::Refused(request));
                }
                state.set(State::Readying);
                watch.is_admitted();
            }
            StateProj::Readying => {}
            StateProj::Running { running } => {
                let result = ready!(running.poll(cx));
                // The inner future dies here, before the permit leaves.
                state.set(State::Done);
                return Poll::Ready(Drove::Ran(result));
            }
            StateProj::Panicked { payload } => {
                let payload = payload.take().expect(ONCE);
                state.set(State::Done);
                resume_unwind(payload);
            }
            StateProj::Done => panic!("{ONCE}"),
        }

        let inner = this.inner.as_mut().expect(ONCE);
        match inner.poll_ready(cx) {
            Poll::Pending => {
                watch.waits_for_readiness();
                return Poll::Pending;
            }
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => {
                state.set(State::Done);
                *this.inner = None;
                *this.request = None;
                slot.complete(&End::new(Outcome::Failure));
                return Poll::Ready(Drove::NotReady(error));
            }
        }
        let running = run(inner, this.request, slot, watch, begin);
        state.set(State::Running { running });
        *this.inner = None;

        let StateProj::Running { running } = state.as_mut().project() else {
            unreachable!("it was set just above");
        };
        let result = ready!(running.poll(cx));
        state.set(State::Done);
        Poll::Ready(Drove::Ran(result))
    }

    /// Where the permit of one that has run is.
    #[cfg(feature = "http")]
    #[inline]
    pub(crate) fn place(self: Pin<&mut Self>) -> &mut Option<P> {
        self.project().permit.place()
    }

    /// Completes the permit of one that has run.
    #[inline]
    pub(crate) fn complete(self: Pin<&mut Self>, end: &End) {
        self.project().permit.complete(end);
    }
}

/// Calls the service. From here on it runs: should `begin` or `call` panic, the permit is dropped at
/// once, as one whose work had begun.
#[inline(always)]
fn run<S, Req, P: Permit>(
    inner: &mut S,
    request: &mut Option<Req>,
    slot: &mut Slot<P>,
    watch: &mut impl Watch,
    begin: impl FnOnce(&mut Req, &mut P),
) -> S::Future
where
    S: Service<Req>,
{
    let mut begun = slot.begin();
    // Where it is: to take it out moves it.
    begin(request.as_mut().expect(ONCE), begun.permit());
    watch.begins();
    let running = inner.call(request.take().expect(ONCE));
    begun.keep();
    running
}

const ONCE: &str = "a response future is polled to its end once";
pub(crate) const REFUSED: &str = "whoever refuses says why";
