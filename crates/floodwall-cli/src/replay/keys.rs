//! Whose quota a request spends, as a text.

use std::net::{IpAddr, Ipv6Addr};

use floodwall::{
    BuildError,
    http::{ClientAddress, Head, client_address},
    stack::{KeyRule, Stack, StackConfig},
};

use super::request::Client;

/// Reads keys as the quotas of a stack do.
#[derive(Debug)]
pub(super) struct Keys {
    address: ClientAddress,
    /// By the names of the quotas, which differ.
    rules: Vec<(String, KeyRule)>,
}

impl Keys {
    pub(super) fn new(config: &StackConfig, stack: &Stack) -> Result<Self, BuildError> {
        let trusted: Vec<&str> = config.trusted.iter().map(String::as_str).collect();
        let handle = stack.handle();
        let names = handle.quotas().map(|quota| quota.name().to_string());
        let rules = config.quotas.iter().map(|quota| quota.per.clone());
        Ok(Self {
            address: client_address().behind(trusted)?,
            rules: names.zip(rules).collect(),
        })
    }

    /// Which of the quotas it is, and whose it is in its eyes.
    pub(super) fn of(&self, quota: &str, head: &Head) -> Option<(usize, String)> {
        let mut all = self.rules.iter().enumerate();
        let (n, (_, rule)) = all.find(|(_, (name, _))| name == quota)?;
        Some((n, self.text(rule, head)))
    }

    fn text(&self, rule: &KeyRule, head: &Head) -> String {
        match rule {
            KeyRule::All => "all".to_owned(),
            KeyRule::ClientAddress => self.client(head),
            KeyRule::Path => head.uri.path().to_owned(),
            KeyRule::Method => head.method.to_string(),
            KeyRule::Header(name) => match head.headers.get(name) {
                Some(value) => String::from_utf8_lossy(value.as_bytes()).into_owned(),
                None => format!("no {name}"),
            },
            KeyRule::Together(all) => {
                let all: Vec<_> = all.iter().map(|rule| self.text(rule, head)).collect();
                all.join(" and ")
            }
            // A log knows nothing of routes.
            _ => "unknown".to_owned(),
        }
    }

    fn client(&self, head: &Head) -> String {
        match self.address.of(head) {
            Ok(IpAddr::V6(address)) => {
                let network = Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX));
                // A name of the log's stands for such an address.
                match head.extensions.get::<Client>() {
                    Some(Client(name))
                        if network.octets()[0] == 0xfd && name.parse::<IpAddr>().is_err() =>
                    {
                        name.to_string()
                    }
                    _ => format!("{network}/64"),
                }
            }
            Ok(address) => address.to_string(),
            Err(_) => "unknown".to_owned(),
        }
    }
}
