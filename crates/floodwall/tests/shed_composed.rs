//! Modes and percentages, what is counted and how often, and shedding as a part of one decision.

use std::future::{Ready, ready};
use std::time::Duration;

use floodwall::admit::{AdmitLayer, Error};
use floodwall::extract::priority_fn;
use floodwall::shed::ShedHandle;
use floodwall::{
    Admission, BoxAdmission, ConcurrencyLimit, Now, PolicyName, Priority, QueueConfig, RateLimit,
    Reason, Rejection, Shed, all, conformance, exempt, match_fn,
};
use tower::{Layer, ServiceExt, service_fn};

mod shed_support;
use shed_support::{Clock, Dial, Req, Served, by_class, by_tenant, marked, of, pressed, rounds};

/// Sheds half of class 3 by turns, when asked for a while.
fn half() -> Shed {
    let builder = Shed::builder().at_most(0.5);
    pressed(builder, &Dial::at(1.0)).build().unwrap()
}

/// Arrivals, let in, shed, would have been shed.
fn counted(handle: &ShedHandle) -> [u64; 4] {
    let snapshot = handle.snapshot();
    let counts = snapshot.counts;
    [
        snapshot.arrivals,
        counts.admitted,
        counts.refused_for(Reason::Shed),
        counts.would_refuse_for(Reason::Shed),
    ]
}

#[test]
fn a_percentage_works_inside_of_one_decision_too() {
    let shed = half();
    shed.handle().set_enforce_percent(10).unwrap();
    let policy = all((shed.clone(), ConcurrencyLimit::new(8)));
    rounds(&policy, &mut Clock::new(), 10_000, &[of(3)]);
    let [arrivals, let_in, refused, spared] = counted(&shed.handle());
    assert_eq!([arrivals, let_in + refused + spared], [10_000, 10_000]);
    assert!(refused.abs_diff((refused + spared) / 10) <= 1);
}

fn ping() -> impl floodwall::Matches<Req> + Clone {
    match_fn(|req: &Req| req.tenant == 99)
}

#[test]
fn what_is_exempt_is_never_shed_and_not_counted() {
    let builder = Shed::builder().priority(by_class()).at_most(1.0);
    let shed = pressed(builder, &Dial::at(1.0)).build().unwrap();
    let policy = exempt(ping(), all((shed.clone(), ConcurrencyLimit::new(8))));
    let probe = Req {
        tenant: 99,
        ..of(7)
    };
    let mut clock = Clock::new();
    rounds(&policy, &mut clock, 3_000, &[of(0), probe]);
    let served = rounds(&policy, &mut clock, 1_000, &[of(0), probe]);
    assert_eq!([served[0].let_in, served[1].let_in], [0, 1_000]);
    assert_eq!(shed.handle().snapshot().arrivals, 4_000);
}

/// A limit of which every place is taken, and its queue as well: refuses all.
fn full(clock: &Clock) -> (ConcurrencyLimit, Vec<Box<dyn std::any::Any>>) {
    let limit = ConcurrencyLimit::builder(1).no_queue().build().unwrap();
    let held = clock.ask(&limit, &of(3)).unwrap();
    (limit, vec![Box::new(held)])
}

type Wrap<'a> = &'a dyn Fn(&Shed) -> BoxAdmission<Req>;

#[test]
fn what_a_full_queue_refuses_is_an_arrival_and_a_quotas_429_is_none() {
    let clock = Clock::new();
    let (limit, _held) = full(&clock);
    let used_up = RateLimit::new("1/d").unwrap();
    clock.ask(&used_up, &of(3)).unwrap();
    let shed = || Shed::builder().build().unwrap();
    let asked = |policy: Wrap<'_>, wanted| {
        let shed = shed();
        let policy = policy(&shed);
        for _ in 0..50 {
            let refusal = clock.ask(&policy, &of(3)).unwrap_err();
            assert_eq!(refusal.reason(), wanted);
        }
        let snapshot = shed.handle().snapshot();
        assert_eq!(snapshot.counts.admitted + snapshot.counts.refused(), 0);
        snapshot.arrivals
    };
    // Behind the shedder, however deep, and whatever wraps it.
    let limit = &limit;
    let free = || RateLimit::new("1000/s").unwrap();
    let wraps: [Wrap<'_>; 6] = [
        &|shed| BoxAdmission::new(all((shed.clone(), limit.clone()))),
        &|shed| BoxAdmission::new(all((shed.clone(), free(), limit.clone()))),
        &|shed| BoxAdmission::new(all((free(), shed.clone(), free(), limit.clone()))),
        &|shed| BoxAdmission::new(exempt(ping(), all((shed.clone(), limit.clone())))),
        &|shed| BoxAdmission::new(all((all((free(), Some(shed.clone()))), limit.clone()))),
        &|shed| {
            let boxed: BoxAdmission<Req> = BoxAdmission::new(shed.clone());
            BoxAdmission::new(all((std::sync::Arc::new(boxed), limit.clone())))
        },
    ];
    for (n, wrap) in wraps.into_iter().enumerate() {
        assert_eq!(asked(wrap, Reason::Full), 50, "{n}");
    }
    let quota = &used_up;
    let quotas: [Wrap<'_>; 3] = [
        &|shed| BoxAdmission::new(all((shed.clone(), quota.clone()))),
        &|shed| BoxAdmission::new(all((quota.clone(), shed.clone()))),
        &|shed| BoxAdmission::new(all((shed.clone(), quota.clone(), limit.clone()))),
    ];
    for (n, wrap) in quotas.into_iter().enumerate() {
        assert_eq!(asked(wrap, Reason::Quota), 0, "{n}");
    }
}

#[test]
fn what_a_quota_refuses_does_not_move_the_cut_off() {
    // Of what may count, class 7 is half, and a little less is shed: class 3 is a flood, but its quota's.
    let spent = RateLimit::new("1/d").unwrap();
    Clock::new().ask(&spent, &of(3)).unwrap();
    let free = match_fn(|req: &Req| req.class != 3);
    let quota = exempt(free, spent).limit(64).unwrap();
    let builder = || Shed::builder().priority(by_class()).at_most(0.45);
    let flood = [of(0), of(0), of(3), of(3), of(3), of(3), of(7), of(7)];
    let look = |ask: &dyn Fn(&mut Clock, u32) -> Vec<Served>, handle: &ShedHandle| {
        let mut clock = Clock::new();
        ask(&mut clock, 5_000);
        let before = counted(handle);
        let let_in = ask(&mut clock, 1_000)
            .iter()
            .map(|s| s.let_in)
            .collect::<Vec<_>>();
        let after = counted(handle);
        assert_eq!(let_in[..6], [1_000, 1_000, 0, 0, 0, 0], "{let_in:?}");
        let last = u64::from(let_in[6] + let_in[7]);
        assert!((100..300).contains(&last), "{let_in:?}");
        assert_eq!(
            after[2] - before[2],
            2_000 - last,
            "class 7 is shed, class 3 is not"
        );
        assert_eq!(after[0] - before[0], 4_000);
    };
    let shed = pressed(builder(), &Dial::at(1.0)).build().unwrap();
    let policy = all((shed.clone(), quota.clone()));
    look(
        &|clock, n| rounds(&policy, clock, n, &flood),
        &shed.handle(),
    );
    let shed = pressed(builder(), &Dial::at(1.0)).build().unwrap();
    let policy = all((quota.clone(), shed.clone()));
    look(
        &|clock, n| rounds(&policy, clock, n, &flood),
        &shed.handle(),
    );
}

/// Refuses at the very last moment.
#[derive(Clone)]
struct No;

impl Admission<Req> for No {
    type Permit = ();
    type Future = Ready<Result<(), Rejection>>;
    fn admit(&self, _: &Req, _: &Now) -> Self::Future {
        let no = Rejection::new(PolicyName::from_static("no"), Reason::Other);
        ready(Err(no))
    }
}

#[test]
fn who_is_refused_after_it_was_let_in_has_arrived_once() {
    let shed = Shed::builder().build().unwrap();
    let policy = all((shed.clone(), No));
    rounds(&policy, &mut Clock::new(), 100, &[of(3)]);
    assert_eq!(counted(&shed.handle()), [100, 100, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_counted_once_in_three_stacked_layers_and_only_where_it_was_made() {
    let by_class = || priority_fn(|req: &Req| Priority::new(req.class).unwrap());
    let builder = || Shed::builder().priority(by_class()).at_most(1.0);
    let outer = builder().name("outer").build().unwrap();
    let middle = pressed(builder().name("middle"), &Dial::at(1.0))
        .build()
        .unwrap();
    let inner = builder().name("inner").build().unwrap();
    let limit = ConcurrencyLimit::new(4);
    let echo = service_fn(async |req: Req| Ok::<_, std::convert::Infallible>(req));
    let service = AdmitLayer::new(all((outer.clone(), limit.clone())))
        .layer(AdmitLayer::new(middle.clone()).layer(AdmitLayer::new(inner.clone()).layer(echo)));
    let (mut let_in, mut shed) = (0, 0);
    for _ in 0..3_000 {
        match service.clone().oneshot(of(3)).await {
            Ok(_) => let_in += 1,
            Err(Error::Rejected(refusal)) => panic!("the outer one has no reason: {refusal}"),
            Err(Error::Inner(Error::Rejected(refusal))) => {
                assert_eq!(refusal.policy().as_str(), "middle");
                shed += 1;
            }
            Err(Error::Inner(Error::Inner(_))) => panic!("the inner one has no reason"),
        }
        tokio::time::advance(Duration::from_millis(1)).await;
    }
    assert!(let_in > 0 && shed > 1_000);
    assert_eq!(counted(&outer.handle()), [3_000, 3_000, 0, 0]);
    assert_eq!(counted(&middle.handle()), [3_000, let_in, shed, 0]);
    assert_eq!(counted(&inner.handle()), [let_in, let_in, 0, 0]);
    assert_eq!(limit.handle().snapshot().counts.refused(), 0);
}

#[test]
fn a_shed_request_takes_no_quota_and_no_place() {
    let quota = RateLimit::new("2000/d burst 2000").unwrap();
    let limit = ConcurrencyLimit::builder(8)
        .queue(QueueConfig::builder().capacity(8))
        .build()
        .unwrap();
    let builder = Shed::builder().at_most(1.0);
    let shed = pressed(builder, &Dial::at(1.0)).build().unwrap();
    let policy = all((quota.clone(), shed.clone(), limit.clone()));
    let served = rounds(&policy, &mut Clock::new(), 3_000, &[of(3)]);
    let let_in = u64::from(served[0].let_in);
    assert!(let_in < 1_500);
    assert_eq!(quota.handle().snapshot().counts.admitted, let_in);
    assert_eq!(limit.handle().snapshot().counts.admitted, let_in);
}

#[tokio::test]
async fn it_keeps_the_rules_of_composition() {
    conformance::check(|| Shed::builder().build().unwrap(), || of(3));
    conformance::check(
        || {
            let builder = Shed::builder()
                .priority(by_class())
                .tenant(by_tenant())
                .retries(marked());
            pressed(builder, &Dial::at(0.0)).build().unwrap()
        },
        || of(7),
    );
    conformance::check(
        || {
            let limit = ConcurrencyLimit::new(3);
            let shed = Shed::builder().queue(&limit.handle()).build().unwrap();
            all((shed, limit))
        },
        || of(3),
    );
}
