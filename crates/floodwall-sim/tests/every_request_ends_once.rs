//! Whatever the scenario, every request ends in exactly one way, and nothing panics.

mod support;

use floodwall_sim::{
    Arrivals, Call, Change, Client, Contender, Line, Lock, OnCancel, Phase, QueueRule, QuotaRule,
    Retry, Scenario, ShedRule, Stack, Tier, Times,
};
use proptest::prelude::*;
use std::time::Duration;
use support::ms;

fn some_ms(range: std::ops::Range<u64>) -> impl Strategy<Value = Duration> {
    range.prop_map(ms)
}

fn times() -> impl Strategy<Value = Times> {
    prop_oneof![
        some_ms(1..40).prop_map(Times::constant),
        some_ms(1..40).prop_map(Times::exponential),
        (some_ms(1..20), 0.1..1.5).prop_map(|(mean, sigma)| Times::LogNormal { mean, sigma }),
        some_ms(1..20).prop_map(|fast| Times::Bimodal {
            fast,
            slow: 10 * fast,
            slow_share: 0.1
        }),
    ]
}

fn retry() -> impl Strategy<Value = Retry> {
    let budget = prop::option::of(0.0..1.0);
    (
        0..4_u32,
        some_ms(1..200),
        1.0..3.0,
        0.0..1.0,
        any::<bool>(),
        budget,
    )
        .prop_map(|(times, backoff, growth, jitter, honours, budget)| {
            let mut retry = Retry::new(times, backoff).jitter(jitter);
            (retry.growth, retry.honours_retry_after, retry.budget) = (growth, honours, budget);
            retry
        })
}

#[derive(Clone, Debug)]
enum Sends {
    Load(f64),
    Users(u32, Times),
}

fn client() -> impl Strategy<Value = Client> {
    let sends = prop_oneof![
        (0.1..2.0).prop_map(Sends::Load),
        (1..20_u32, times()).prop_map(|(count, think)| Sends::Users(count, think)),
    ];
    let arrivals = prop_oneof![
        Just(None),
        Just(Some(Arrivals::Constant)),
        (1..30_u32).prop_map(|size| Some(Arrivals::Bursts(size))),
    ];
    let times = (
        prop::option::of(some_ms(1..200)),
        prop::option::of(some_ms(1..200)),
        prop::option::of(retry()),
    );
    (
        sends,
        arrivals,
        0..8_u8,
        times,
        1..5_u32,
        0..4_u32,
        0.5..2.0,
    )
        .prop_map(
            |(sends, arrivals, class, (deadline, patience, retry), tenants, cost, work)| {
                let mut client = Client::new("").class(class).tenants(tenants);
                match sends {
                    Sends::Load(load) => {
                        client = client.load(load);
                        client.arrivals = arrivals;
                    }
                    Sends::Users(count, think) => client = client.users(count, think),
                }
                (client.deadline, client.patience, client.retry) = (deadline, patience, retry);
                (client.cost, client.work) = (cost, work);
                client
            },
        )
}

fn change(workers: u32) -> impl Strategy<Value = Change> {
    let kinds = (
        prop::option::of(0.5..4.0),
        any::<bool>(),
        prop::option::of(0.0..1.0),
        prop::option::of(some_ms(1..50)),
        0..=workers,
    );
    (some_ms(0..900), some_ms(1..1_500), kinds).prop_map(
        |(at, lasts, (slow, stall, fail, fail_after, workers))| {
            let mut change = Change::new(at, lasts).workers(workers);
            (change.slow, change.stall, change.fail) = (slow, stall, fail);
            change.fail_after = fail_after.filter(|_| fail.is_some());
            change
        },
    )
}

fn tier(name: &'static str) -> impl Strategy<Value = Tier> {
    (1..8_u32)
        .prop_flat_map(|workers| {
            let lock = (0.0..1.0, 1..3_u32, some_ms(1..20)).prop_map(|(share, count, hold)| Lock {
                share,
                count,
                hold,
            });
            (
                Just(workers),
                times(),
                prop::option::of(0..40_u32),
                prop::option::of(lock),
                prop::option::of(times()),
                any::<bool>(),
                prop::collection::vec(change(workers), 0..3),
            )
        })
        .prop_map(
            move |(workers, service, line, lock, stream, stops, changes)| {
                let mut tier = Tier::new(name, workers, service);
                tier.line = line.map_or(Line::Unbounded, Line::AtMost);
                (tier.lock, tier.stream, tier.changes) = (lock, stream, changes);
                tier.on_cancel = if stops {
                    OnCancel::Stops
                } else {
                    OnCancel::GoesOn
                };
                tier
            },
        )
}

fn stack() -> impl Strategy<Value = Stack> {
    let queue = prop::option::of((0..30_u32, some_ms(1..300), any::<bool>()).prop_map(
        |(capacity, max_wait, newest_first)| QueueRule {
            capacity: Some(capacity),
            max_wait: Some(max_wait),
            newest_first: Some(newest_first),
            ..QueueRule::default()
        },
    ));
    let quota = prop_oneof![
        Just(Vec::new()),
        (1..200_u32).prop_map(|rate| vec![QuotaRule {
            allow: format!("{rate}/s"),
            per: floodwall_sim::Per::Tenant,
        }]),
    ];
    (1..12_u32, queue, quota, any::<bool>(), any::<bool>()).prop_map(
        |(limit, queue, quotas, priority, deadline)| Stack {
            shed: queues(queue.as_ref()).then(ShedRule::default),
            limit: Some(limit),
            adaptive: false,
            queue,
            quotas,
            retry_budget: None,
            priority,
            deadline,
        },
    )
}

/// Shedding watches the queue, so there must be one.
fn queues(queue: Option<&QueueRule>) -> bool {
    queue.is_none_or(|rule| rule.capacity != Some(0))
}

fn scenario() -> impl Strategy<Value = Scenario> {
    let call = (1..3_u32, prop::option::of(3..5_u32), any::<bool>()).prop_map(
        |(times, up_to, parallel)| Call {
            tier: "db".to_owned(),
            times,
            up_to,
            parallel,
        },
    );
    (
        prop::collection::vec(client(), 1..4),
        tier("web"),
        prop::option::of((tier("db"), call)),
        stack(),
        some_ms(901..2_050),
    )
        .prop_map(|(clients, mut web, db, stack, length)| {
            let calls = db.as_ref().map(|(_, call)| call.clone());
            web.calls.extend(calls);
            let mut scenario = Scenario::new("any")
                .capacity(200.0)
                .phase(Phase::new("one", length).settle(ms(100)))
                .phase(Phase::new("two", ms(333)))
                .stack(stack)
                .tier(web);
            if let Some((db, _)) = db {
                scenario = scenario.tier(db);
                scenario.protect = vec!["web".to_owned(), "db".to_owned()];
            }
            for (n, mut client) in clients.into_iter().enumerate() {
                client.name = format!("c{n}");
                scenario = scenario.client(client);
            }
            scenario
        })
}

const CONTENDERS: [Contender; 8] = [
    Contender::Bare,
    Contender::Floodwall,
    Contender::Tower(None),
    Contender::Fifo(5),
    Contender::Codel,
    Contender::CodelLifo,
    Contender::Ordered(5),
    Contender::Dagor,
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_request_ends_in_exactly_one_way(
        scenario in scenario(),
        contender in prop::sample::select(&CONTENDERS[..]),
        seed in 0..1_000_u64,
    ) {
        scenario.validate().unwrap();
        let report = contender.play(&scenario, seed).unwrap();
        for phase in report.phases.iter().chain([&report.total]) {
            for group in phase.clients.iter().chain(&phase.classes).chain([&phase.all]) {
                let ends = group.succeeded + group.late + group.refused + group.failed
                    + group.abandoned + group.unfinished;
                prop_assert_eq!(group.offered, ends, "{:?}", group);
                // All changes end within two seconds, so nothing waits for ever.
                prop_assert_eq!(group.unfinished, 0);
                prop_assert_eq!(group.attempts, group.admitted + group.all_refusals());
                prop_assert!(group.attempts >= group.offered);
                prop_assert_eq!(group.latency.count, group.succeeded);
                prop_assert_eq!(group.refusal.count, group.all_refusals());
            }
            if let Some(index) = phase.fairness {
                prop_assert!(index > 0.0 && index <= 1.0 + 1e-9, "{}", index);
            }
            for tier in &phase.tiers {
                prop_assert!(tier.mean_wait.is_none_or(|wait| wait >= 0.0));
            }
        }
        let offered: u64 = report.phases.iter().map(|phase| phase.all.offered).sum();
        prop_assert!(offered <= report.total.all.offered);
        // Nobody retries but those who do.
        for (client, group) in scenario.clients.iter().zip(&report.total.clients) {
            let most = u64::from(client.retry.map_or(0, |retry| retry.times)) + 1;
            prop_assert!(group.attempts <= most * group.offered);
            if client.patience.is_none() {
                prop_assert_eq!(group.abandoned, 0);
            }
            if client.retry.is_none() {
                // Whoever tries again does not wait for what it gave up.
                prop_assert_eq!(group.wasted, group.late);
            }
            if client.deadline.is_none() {
                prop_assert_eq!(group.late, 0);
            }
        }
        let again = contender.play(&scenario, seed).unwrap();
        prop_assert_eq!(report, again);
    }
}
