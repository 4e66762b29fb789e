use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use floodwall_core::{Outcome, Rejection};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::Now;
use crate::admission::{Admission, End, Permit, Unused};

pin_project! {
    /// The one state machine: admission, readiness of the very clone that will be called, the call.
    #[project = DriveProj]
    pub(crate) enum Drive<S, Req, AF, SF, P: Permit> {
        Admitting {
            #[pin]
            admitting: AF,
            // Both are there until the next state takes them.
            inner: Option<S>,
            request: Option<Req>,
        },
        // In each state the permit comes last: what it stands for dies before it.
        Readying {
            inner: S,
            request: Option<Req>,
            permit: Unused<P>,
        },
        Running {
            #[pin]
            running: SF,
            permit: Option<P>,
        },
        Panicked {
            payload: Option<Box<dyn Any + Send>>,
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
pub(crate) enum Drove<Req, T, E, P> {
    Refused(Req, Rejection),
    NotReady(E),
    Ran(Result<T, E>, P),
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
        match started {
            Ok(admitting) => Self::Admitting {
                admitting,
                inner: Some(inner),
                request: Some(request),
            },
            Err(payload) => Self::Panicked {
                payload: Some(payload),
            },
        }
    }

    /// Drives on; `begin` sees the request and its permit right before the inner call, and `watch`
    /// is told what is waited for.
    ///
    /// # Panics
    ///
    /// When polled after it was ready, and with whatever the policy, the service or `begin` panics.
    pub(crate) fn poll_with<T, E>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        watch: &mut impl Watch,
        begin: impl FnOnce(&mut Req, &mut P),
    ) -> Poll<Drove<Req, T, E, P>>
    where
        S: Service<Req, Response = T, Error = E, Future = SF>,
        SF: Future<Output = Result<T, E>>,
    {
        let mut begin = Some(begin);
        loop {
            match self.as_mut().project() {
                DriveProj::Admitting {
                    admitting,
                    inner,
                    request,
                } => {
                    let Poll::Ready(decision) = admitting.poll(cx) else {
                        watch.waits_for_admission();
                        return Poll::Pending;
                    };
                    let request = request.take().expect(ONCE);
                    match decision {
                        Ok(permit) => {
                            watch.is_admitted();
                            let inner = inner.take().expect(ONCE);
                            let permit = Unused::new(permit);
                            self.set(Self::Readying {
                                inner,
                                request: Some(request),
                                permit,
                            });
                        }
                        Err(refusal) => {
                            self.set(Self::Done);
                            return Poll::Ready(Drove::Refused(request, refusal));
                        }
                    }
                }
                DriveProj::Readying {
                    inner,
                    request,
                    permit,
                } => match inner.poll_ready(cx) {
                    Poll::Pending => {
                        watch.waits_for_readiness();
                        return Poll::Pending;
                    }
                    Poll::Ready(Ok(())) => {
                        // From here on it runs: should `begin` or `call` panic, the permit is
                        // dropped as one whose work had begun.
                        let mut permit = permit.take().expect(ONCE);
                        let mut request = request.take().expect(ONCE);
                        if let Some(begin) = begin.take() {
                            begin(&mut request, &mut permit);
                        }
                        watch.begins();
                        let running = inner.call(request);
                        self.set(Self::Running {
                            running,
                            permit: Some(permit),
                        });
                    }
                    Poll::Ready(Err(error)) => {
                        let permit = permit.take().expect(ONCE);
                        self.set(Self::Done);
                        permit.complete(&End::new(Outcome::Failure));
                        return Poll::Ready(Drove::NotReady(error));
                    }
                },
                DriveProj::Running { running, permit } => {
                    let result = ready!(running.poll(cx));
                    let permit = permit.take().expect(ONCE);
                    // The inner future dies here, before the permit leaves.
                    self.set(Self::Done);
                    return Poll::Ready(Drove::Ran(result, permit));
                }
                DriveProj::Panicked { payload } => {
                    let payload = payload.take().expect(ONCE);
                    self.set(Self::Done);
                    resume_unwind(payload);
                }
                DriveProj::Done => panic!("{ONCE}"),
            }
        }
    }
}

const ONCE: &str = "a response future is polled to its end once";
