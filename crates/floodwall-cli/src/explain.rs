//! `floodwall explain`: what a stack is made of, and what it makes of a request. Nothing is changed.

use std::{
    io::{self, Write},
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
};

use clap::Args;
use floodwall::{
    Reason,
    http::{Head, PeerAddr},
    stack::{Description, Explanation, Verdict},
};
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use serde::Serialize;

use crate::stack_file::StackFile;

const MORE: &str = "\
Try:
  floodwall explain --stack stack.toml
  floodwall explain --stack stack.toml --peer 192.0.2.1 /checkout
  floodwall explain --stack stack.toml --method POST --header 'x-api-key: abc' /search?q=1
";

/// What `floodwall explain` can be asked.
#[derive(Args, Clone, Debug)]
#[command(after_help = MORE)]
pub(crate) struct ExplainArgs {
    /// The path of a request; without one, only the stack is described
    #[arg(value_name = "PATH", value_parser = path)]
    target: Option<Uri>,

    /// The stack
    #[arg(long, value_name = "FILE")]
    stack: PathBuf,

    /// The request's method
    #[arg(long, value_name = "METHOD", default_value = "GET", value_parser = method, requires = "target")]
    method: Method,

    /// The address of whoever is at the other end of the connection
    #[arg(long, value_name = "ADDRESS", value_parser = peer, requires = "target")]
    peer: Option<IpAddr>,

    /// A header of the request; may be said several times
    #[arg(long, value_name = "NAME: VALUE", value_parser = header, requires = "target")]
    header: Vec<(HeaderName, HeaderValue)>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Prints what the stack is made of, and what becomes of the request, if there is one.
pub(crate) fn run(args: &ExplainArgs) -> anyhow::Result<ExitCode> {
    let stack = StackFile::load(&args.stack)?.stack;
    let told = args.target.as_ref().map(|target| {
        let head = args.head(target);
        (stack.explain(&head), target)
    });
    let mut out = io::stdout();
    if args.json {
        let request = told.as_ref().map(|(told, _)| Told::new(told));
        let stack = stack.describe();
        serde_json::to_writer(&mut out, &Whole { stack, request })?;
        writeln!(out)?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "{}", stack.describe())?;
    if let Some((told, target)) = told {
        writeln!(out, "\n{} {target}\n{told}", args.method)?;
        let missing = matches!(
            told.verdict,
            Verdict::Refused {
                reason: Reason::MissingKey,
                ..
            }
        );
        if missing && args.peer.is_none() {
            writeln!(out, "nobody said who sends it: add `--peer 192.0.2.1`")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl ExplainArgs {
    fn head(&self, target: &Uri) -> Head {
        let mut request = Request::new(());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = target.clone();
        for (name, value) in &self.header {
            request.headers_mut().append(name, value.clone());
        }
        if let Some(peer) = self.peer {
            let peer = PeerAddr(SocketAddr::new(peer, 0));
            request.extensions_mut().insert(peer);
        }
        request.into_parts().0
    }
}

#[derive(Serialize)]
struct Whole<'a> {
    stack: &'a Description,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Told<'a>>,
}

#[derive(Serialize)]
struct Told<'a> {
    exempt: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    exempt_by: Option<&'a str>,
    priority: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority_by: Option<&'a str>,
    /// Of 1,024; none without a shedder.
    level: Option<usize>,
    retry: bool,
    /// In seconds.
    time_left: Option<f64>,
    quotas: Vec<ToldQuota<'a>>,
    verdict: ToldVerdict<'a>,
}

#[derive(Serialize)]
struct ToldQuota<'a> {
    policy: &'a str,
    per: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    refuses: Option<&'static str>,
}

#[derive(Serialize)]
struct ToldVerdict<'a> {
    let_in: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

impl<'a> Told<'a> {
    fn new(told: &'a Explanation) -> Self {
        let quotas = told.quotas.iter().map(|quota| ToldQuota {
            policy: &quota.policy,
            per: &quota.per,
            key: quota.key.as_deref(),
            refuses: quota.refuses,
        });
        let (policy, reason) = match &told.verdict {
            Verdict::Refused { policy, reason } => (Some(&**policy), Some(reason.as_str())),
            _ => (None, None),
        };
        Self {
            exempt: told.exempt,
            exempt_by: told.exempt_by.as_deref(),
            priority: told.priority.get(),
            priority_by: told.priority_by.as_deref(),
            level: told.level.map(floodwall::Level::index),
            retry: told.retry,
            time_left: told.time_left.map(|left| left.as_secs_f64()),
            quotas: quotas.collect(),
            verdict: ToldVerdict {
                let_in: told.verdict == Verdict::LetIn,
                policy,
                reason,
            },
        }
    }
}

fn path(text: &str) -> Result<Uri, String> {
    let wrong = || format!("`{text}` is no path: begin it with `/`, as in `/search?q=1`");
    if !text.starts_with('/') {
        return Err(wrong());
    }
    text.parse().map_err(|_| wrong())
}

fn method(text: &str) -> Result<Method, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is no method: write GET, POST, …"))
}

fn peer(text: &str) -> Result<IpAddr, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is no address: write it as `192.0.2.1` or `2001:db8::1`"))
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let wrong = || format!("`{text}` is no header: write it as `name: value`");
    let (name, value) = text.split_once(':').ok_or_else(wrong)?;
    let name = name.trim().parse().map_err(|_| wrong())?;
    let value = HeaderValue::from_str(value.trim()).map_err(|_| wrong())?;
    Ok((name, value))
}
