use super::page::Page;
use super::say::{self, many, number, percent, time};
use crate::scenario::{Client, ClientLoad, Retry, Scenario};

impl Scenario {
    pub(super) fn explain_clients(&self, page: &mut Page) {
        if self.clients.is_empty() {
            return;
        }
        page.heading("Clients");
        for client in &self.clients {
            page.item(&format!(
                "{}: {}",
                client.name,
                self.client_in_words(client)
            ));
        }
    }

    fn client_in_words(&self, client: &Client) -> String {
        let mut all = vec![format!("class {}", client.class)];
        if let Some(share) = client.share {
            all.push(format!("{} of what each phase sends", percent(share)));
        }
        match &client.load {
            Some(ClientLoad::Always(load)) => {
                all.push(format!("{} times the capacity", number(*load)));
            }
            Some(ClientLoad::ByPhase(loads)) => {
                let loads: Vec<String> = loads
                    .iter()
                    .map(|(phase, load)| format!("{} during {phase}", number(*load)))
                    .collect();
                all.push(format!("times the capacity: {}", say::list(&loads)));
            }
            None => {}
        }
        if let Some(users) = &client.users {
            let think = say::times(&users.think);
            all.push(format!("{} who think {think}", many(users.count, "user")));
        } else if let Some(pattern) = self.pattern(client.arrivals) {
            all.push(format!("requests come {pattern}"));
        }
        if client.tenants > 1 {
            let skew = match client.skew {
                0.0 => "all alike".to_owned(),
                skew => format!("skew {}", number(skew)),
            };
            all.push(format!("{}, {skew}", many(client.tenants, "tenant")));
        }
        if let Some(limit) = client.deadline {
            all.push(format!("an answer is worth nothing after {}", time(limit)));
        }
        if let Some(limit) = client.patience {
            all.push(format!("hangs up after {}", time(limit)));
        }
        if let Some(retry) = &client.retry {
            all.push(tries(retry));
        }
        if client.cost != 1 {
            all.push(format!("a request costs {}", client.cost));
        }
        if client.work != 1.0 {
            all.push(format!(
                "a request takes {} times the usual",
                number(client.work)
            ));
        }
        all.join("; ")
    }
}

fn tries(retry: &Retry) -> String {
    let mut text = format!(
        "retries {} at most, after {}",
        many(retry.times, "time"),
        time(retry.backoff)
    );
    if retry.growth != 1.0 {
        text += &format!(", {} times as long each time", number(retry.growth));
    }
    if retry.jitter > 0.0 {
        text += &format!(", and up to {} more by chance", percent(retry.jitter));
    }
    if retry.honours_retry_after {
        text += ", and not before a refusal says";
    }
    if let Some(budget) = retry.budget {
        text += &format!(", at most {} of its requests", percent(budget));
    }
    text
}
