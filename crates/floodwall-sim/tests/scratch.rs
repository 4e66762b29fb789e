use floodwall_sim::*;
use std::time::{Duration, Instant};
fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}
#[test]
fn speed() {
    let mut s = Scenario::new("x")
        .tier(Tier::new("app", 10, Times::exponential(ms(10))))
        .phase(Phase::new("calm", ms(20_000)).load(0.7))
        .phase(Phase::new("flood", ms(20_000)).load(2.0).settle(ms(2_000)))
        .phase(Phase::new("after", ms(20_000)).load(0.7));
    for c in 0..4 {
        s = s.client(
            Client::new(format!("c{c}"))
                .class(c)
                .share(0.25)
                .deadline(ms(100)),
        );
    }
    s = s.stack(Stack {
        limit: Some(10),
        queue: Some(QueueRule {
            capacity: Some(40),
            max_wait: Some(ms(100)),
            ..Default::default()
        }),
        quotas: vec![QuotaRule {
            allow: "5000/s burst 500".into(),
            per: Per::All,
        }],
        ..Default::default()
    });
    for c in [
        "bare",
        "fifo:100",
        "fifo:20",
        "tower",
        "codel",
        "codel-lifo",
        "ordered:40",
        "dagor",
        "floodwall",
    ] {
        let c: Contender = c.parse().unwrap();
        let t = Instant::now();
        let r = c.play(&s, 1, &mut |_| {}).unwrap();
        let took = t.elapsed().as_secs_f64();
        let n = r.total.all.offered as f64;
        let f = &r.phases[1];
        println!(
            "{c:<12} {:>9.0}/s n {n} goodput {:?} p99 {:?} c0 {:?} c3 {:?} rec {:?} false {:?}",
            n / took,
            f.goodput,
            f.all.latency.p99,
            f.classes[0].success(),
            f.classes[3].success(),
            r.phases[2].recovery,
            f.false_refusals
        );
    }
}
