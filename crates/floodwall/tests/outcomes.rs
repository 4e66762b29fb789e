//! What permits are told, and what composition relies on.

use std::cell::Cell;
use std::future::{Future, pending, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use floodwall::admit::{AdmitLayer, classify_fn};
use floodwall::extract::key_fn;
use floodwall::{
    Admission, BoxAdmission, ConcurrencyLimit, End, Now, Outcome, Permit, PolicyName, RateLimit,
    Reason, Rejection, all, conformance, exempt, match_fn,
};
use std::hash::Hash;
use tower::{Layer, ServiceExt, service_fn};

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Tells what each permit was told.
#[derive(Clone, Default)]
struct Recorder(Rc<Cell<Option<Outcome>>>);

struct Recording(Option<Rc<Cell<Option<Outcome>>>>);

impl Permit for Recording {
    fn complete(mut self, end: &End) {
        self.0.take().unwrap().set(Some(end.outcome()));
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if let Some(told) = self.0.take() {
            told.set(Some(Outcome::Cancelled));
        }
    }
}

impl<Req: ?Sized> Admission<Req> for Recorder {
    type Permit = Recording;
    type Future = std::future::Ready<Result<Recording, Rejection>>;
    fn admit(&self, _: &Req, _: &Now) -> Self::Future {
        ready(Ok(Recording(Some(Rc::clone(&self.0)))))
    }
}

#[tokio::test]
async fn a_permit_is_told_how_the_work_ended() {
    let recorder = Recorder::default();
    let layer = AdmitLayer::new(recorder.clone());
    let ok = layer.layer(service_fn(|_: u8| ready(Ok::<_, &str>(()))));
    ok.oneshot(0).await.unwrap();
    assert_eq!(recorder.0.get(), Some(Outcome::Success));

    let fails = layer.layer(service_fn(|_: u8| ready(Err::<(), _>("broken"))));
    fails.oneshot(0).await.unwrap_err();
    assert_eq!(recorder.0.get(), Some(Outcome::Failure));

    let mut left = Box::pin(
        layer
            .layer(service_fn(|_: u8| pending::<Result<(), &str>>()))
            .oneshot(0),
    );
    assert!(poll_once(left.as_mut()).is_pending());
    drop(left);
    assert_eq!(recorder.0.get(), Some(Outcome::Cancelled));

    let classify = classify_fn(|result: Result<&(), &&str>| match result {
        Ok(()) => Outcome::Success,
        Err(_) => Outcome::Overload,
    });
    let busy = layer
        .classify(classify)
        .layer(service_fn(|_: u8| ready(Err::<(), _>("busy"))));
    busy.oneshot(0).await.unwrap_err();
    assert_eq!(recorder.0.get(), Some(Outcome::Overload));
}

#[tokio::test]
async fn what_a_later_policy_refuses_is_told_refused_to_the_earlier() {
    #[derive(Clone)]
    struct Never;
    impl<Req: ?Sized> Admission<Req> for Never {
        type Permit = ();
        type Future = std::future::Ready<Result<(), Rejection>>;
        fn admit(&self, _: &Req, _: &Now) -> Self::Future {
            ready(Err(Rejection::new(
                PolicyName::from_static("never"),
                Reason::Other,
            )))
        }
    }
    let recorder = Recorder::default();
    assert!(
        all((recorder.clone(), Never))
            .admit("a", &Now::unread())
            .await
            .is_err()
    );
    assert_eq!(recorder.0.get(), Some(Outcome::Refused));
    assert!(
        all((recorder.clone(), Some(Never)))
            .admit("a", &Now::unread())
            .await
            .is_err()
    );
    assert!(
        all((recorder, None::<Never>))
            .admit("a", &Now::unread())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn our_own_policies_pass_the_conformance_suite() {
    let word = || "word".to_owned();
    conformance::check(|| ConcurrencyLimit::new(4), word);
    conformance::check(
        || ConcurrencyLimit::builder(4).no_queue().build().unwrap(),
        word,
    );
    conformance::check(|| RateLimit::new("4/h").unwrap(), word);
    let keyed = || {
        RateLimit::builder("4/h")
            .key(key_fn(|word: &String, to| word.hash(to)))
            .build()
            .unwrap()
    };
    conformance::check(keyed, word);
    conformance::check(|| all((keyed(), ConcurrencyLimit::new(3))), word);
    conformance::check(
        || {
            all((
                ConcurrencyLimit::new(9),
                keyed(),
                RateLimit::new("2/h").unwrap(),
            ))
        },
        word,
    );
    conformance::check(|| Some(RateLimit::new("4/h").unwrap()), word);
    conformance::check(|| BoxAdmission::new(ConcurrencyLimit::new(4)), word);
    conformance::check(
        || {
            exempt(
                match_fn(|word: &String| word == "x"),
                ConcurrencyLimit::new(4),
            )
        },
        word,
    );
    conformance::check(|| None::<RateLimit>, word);
}

#[test]
#[should_panic(expected = "a future that is never polled must charge nothing")]
fn the_conformance_suite_bites() {
    struct PerClone(Cell<u8>);
    impl Clone for PerClone {
        fn clone(&self) -> Self {
            Self(Cell::new(0))
        }
    }
    impl<Req: ?Sized> Admission<Req> for PerClone {
        type Permit = ();
        type Future = std::future::Ready<Result<(), Rejection>>;
        fn peek(&self, _: &Req, _: &Now) -> Result<(), Rejection> {
            Ok(())
        }
        fn admit(&self, _: &Req, _: &Now) -> Self::Future {
            let full = Rejection::new(PolicyName::from_static("three"), Reason::Full);
            ready(if self.0.replace(self.0.get() + 1) < 3 {
                Ok(())
            } else {
                Err(full)
            })
        }
    }
    conformance::check(|| PerClone(Cell::new(0)), || ());
}
