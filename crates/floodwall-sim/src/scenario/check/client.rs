use super::{Faults, check_arrivals, check_names, times::check_times};
use crate::scenario::place::Place;
use crate::scenario::{Client, ClientLoad, Retry, Scenario, Users};

/// How far shares may be from 1 together: what three thirds in decimals need.
const SHARES_OFF: f64 = 1e-6;
const MAX_TENANTS: u32 = 100_000;
const MAX_USERS: u32 = 1_000_000;
const MAX_RETRIES: u32 = 20;

impl Scenario {
    pub(super) fn check_clients(&self, faults: &mut Faults) {
        let names = self.clients.iter().map(|client| client.name.as_str());
        check_names("client", names, faults);
        for (n, client) in self.clients.iter().enumerate() {
            let place = Place::default().key("client").index(n);
            self.check_how_much(client, &place, faults);
            check_one(client, &place, faults);
        }
        self.check_shares(faults);
    }

    /// Exactly one of share, load and users.
    fn check_how_much(&self, client: &Client, place: &Place, faults: &mut Faults) {
        let name = &client.name;
        let said: Vec<&str> = [
            ("share", client.share.is_some()),
            ("load", client.load.is_some()),
            ("users", client.users.is_some()),
        ]
        .iter()
        .filter_map(|(key, said)| said.then_some(*key))
        .collect();
        match said.as_slice() {
            [_] => {}
            [] => faults.add(
                place,
                format!("nobody knows how much client `{name}` sends"),
                "add one of `share`, `load` and `users`",
            ),
            [first, second, ..] => faults.add(
                &place.key(second),
                format!("client `{name}` has both `{first}` and `{second}`"),
                "keep one of `share`, `load` and `users`",
            ),
        }
        if let Some(share) = client.share {
            faults.share(&place.key("share"), "the share", share);
        }
        match &client.load {
            Some(ClientLoad::Always(load)) => {
                let place = place.key("load");
                if faults.zero_or_more(&place, "the load", *load) {
                    self.check_load(&place, *load, faults);
                }
            }
            Some(ClientLoad::ByPhase(loads)) => {
                let known: Vec<&str> = self.phases.iter().map(|p| p.name.as_str()).collect();
                for (phase, load) in loads {
                    let place = place.key("load").key(phase);
                    faults.known(&place, "phase", phase, &known);
                    if faults.zero_or_more(&place, "the load", *load) {
                        self.check_load(&place, *load, faults);
                    }
                }
            }
            None => {}
        }
        if let Some(users) = &client.users {
            check_users(users, &place.key("users"), faults);
            if client.arrivals.is_some() {
                faults.add(
                    &place.key("arrivals"),
                    format!("the users of client `{name}` send when they have thought"),
                    "remove `arrivals`, or write `share` or `load` instead of `users`",
                );
            }
        }
    }

    fn check_shares(&self, faults: &mut Faults) {
        let root = Place::default();
        let shares = self.clients.iter().enumerate();
        let shares: Vec<(usize, f64)> = shares
            .filter_map(|(n, client)| Some((n, client.share?)))
            .collect();
        if let Some((last, _)) = shares.last() {
            let sum: f64 = shares.iter().map(|(_, share)| share).sum();
            if (sum - 1.0).abs() > SHARES_OFF {
                // Six digits, so that 0.1 + 0.2 is not shown as what it is to a computer.
                let shown = (sum * 1e6).round() / 1e6;
                faults.add(
                    &root.key("client").index(*last).key("share"),
                    format!("the shares of all clients add up to {shown}"),
                    "change them so that they add up to 1",
                );
            }
            return;
        }
        if self.clients.is_empty() {
            return;
        }
        for (n, phase) in self.phases.iter().enumerate() {
            for (key, much) in [("load", phase.load), ("rate", phase.rate)] {
                if much.is_some_and(|much| much > 0.0) {
                    faults.add(
                        &root.key("phase").index(n).key(key),
                        format!("nobody sends the {key} of phase `{}`", phase.name),
                        format!("give a client a `share`, or remove `{key}`"),
                    );
                }
            }
        }
    }
}

fn check_one(client: &Client, place: &Place, faults: &mut Faults) {
    faults.class(&place.key("class"), client.class);
    if let Some(arrivals) = client.arrivals {
        check_arrivals(arrivals, &place.key("arrivals"), faults);
    }
    if !(1..=MAX_TENANTS).contains(&client.tenants) {
        faults.add(
            &place.key("tenants"),
            format!(
                "client `{}` stands for {} tenants",
                client.name, client.tenants
            ),
            format!("write 1 to {MAX_TENANTS}"),
        );
    }
    faults.zero_or_more(&place.key("skew"), "the skew", client.skew);
    for (key, time) in [("deadline", client.deadline), ("patience", client.patience)] {
        faults.not_zero(&place.key(key), key, time);
    }
    faults.more_than_zero(&place.key("work"), "the work of a request", client.work);
    if let Some(retry) = &client.retry {
        check_retry(retry, &place.key("retry"), faults);
    }
}

fn check_users(users: &Users, place: &Place, faults: &mut Faults) {
    if !(1..=MAX_USERS).contains(&users.count) {
        faults.add(
            &place.key("count"),
            format!("a loop of {} users", users.count),
            format!("write 1 to {MAX_USERS}"),
        );
    }
    // Who is refused at once and does not think asks again in the same instant, for ever.
    check_times(&users.think, &place.key("think"), "to think", faults);
}

fn check_retry(retry: &Retry, place: &Place, faults: &mut Faults) {
    if retry.times > MAX_RETRIES {
        faults.add(
            &place.key("times"),
            format!("{} retries of one request", retry.times),
            format!("write {MAX_RETRIES} at most"),
        );
    }
    faults.at_least(
        &place.key("growth"),
        "the growth of the wait",
        retry.growth,
        1.0,
    );
    faults.share(&place.key("jitter"), "the jitter", retry.jitter);
    if let Some(budget) = retry.budget {
        faults.share(&place.key("budget"), "the budget of retries", budget);
    }
}
