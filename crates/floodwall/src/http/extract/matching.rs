use std::borrow::Cow;

use ::http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use ::http::{HeaderName, Method};
use std::fmt;

use super::name::header_name;
use super::proxies::{Trust, TrustedProxies};
use crate::BuildError;
use crate::admission::Matches;
use crate::http::Head;

/// Requests to exactly this path.
///
/// The path is compared as it was sent: `/healthz/`, `//healthz` and `/%68ealthz` are others.
///
/// ```
/// use floodwall::{ConcurrencyLimit, exempt, http::{path, preflight}};
///
/// let policy = exempt((path("/healthz"), preflight()), ConcurrencyLimit::new(64));
/// # drop(policy);
/// ```
///
/// # Panics
///
/// If it does not begin with `/`: no request has such a path.
#[track_caller]
pub fn path(path: impl Into<Cow<'static, str>>) -> PathIs {
    PathIs(absolute(path.into()))
}

/// Requests to this path and to all below it: `/assets` is also `/assets/x`, but not `/assets2`.
///
/// A path with a dot segment (`/assets/../admin`) is never meant, encoded or not: whoever resolves
/// it further in would get somewhere else.
///
/// # Panics
///
/// If it does not begin with `/`: no request has such a path, and all of them begin with nothing.
#[track_caller]
pub fn path_prefix(prefix: impl Into<Cow<'static, str>>) -> PathPrefix {
    PathPrefix(absolute(prefix.into()))
}

#[track_caller]
fn absolute(path: Cow<'static, str>) -> Cow<'static, str> {
    assert!(
        path.starts_with('/'),
        "path {path:?} matches no request: begin it with \"/\""
    );
    path
}

/// Requests with this method.
pub const fn method(method: Method) -> MethodIs {
    MethodIs(method)
}

/// CORS preflights: `OPTIONS` with `Origin` and `Access-Control-Request-Method`.
pub const fn preflight() -> Preflight {
    Preflight(())
}

/// Requests whose header has exactly this value, from those who are trusted to say so.
///
/// Anybody can send any header, so it matches nothing until it is said whom to believe.
///
/// ```
/// use floodwall::{ConcurrencyLimit, exempt, http::header_is};
///
/// let probe = header_is("x-probe", "1").trusted(["10.0.0.0/8"])?;
/// let policy = exempt(probe, ConcurrencyLimit::new(64));
/// # drop(policy);
/// # Ok::<(), floodwall::BuildError>(())
/// ```
///
/// # Panics
///
/// If `name` cannot be the name of a header.
#[track_caller]
pub fn header_is<N>(name: N, value: impl Into<Cow<'static, str>>) -> HeaderIs
where
    N: TryInto<HeaderName>,
    N::Error: fmt::Display,
{
    HeaderIs {
        name: header_name(name),
        value: value.into(),
    }
}

/// See [`path`].
#[derive(Clone)]
pub struct PathIs(Cow<'static, str>);

impl Matches<Head> for PathIs {
    fn matches(&self, head: &Head) -> bool {
        head.uri.path() == self.0
    }
}

/// See [`path_prefix`].
#[derive(Clone)]
pub struct PathPrefix(Cow<'static, str>);

impl Matches<Head> for PathPrefix {
    fn matches(&self, head: &Head) -> bool {
        let path = head.uri.path();
        let Some(below) = path.strip_prefix(&*self.0) else {
            return false;
        };
        let at_segment = below.is_empty() || below.starts_with('/') || self.0.ends_with('/');
        at_segment && !path.split(['/', '\\']).any(is_dots)
    }
}

/// Whether a segment is `.` or `..`, however it is encoded. An encoded slash may end one, too.
fn is_dots(segment: &str) -> bool {
    if !segment.contains(['.', '%']) {
        return false;
    }
    let decoded = segment.to_ascii_lowercase().replace("%2e", ".");
    let slashed = decoded.replace("%2f", "/").replace("%5c", "/");
    slashed.split('/').any(|part| part == "." || part == "..")
}

/// See [`method`].
#[derive(Clone)]
pub struct MethodIs(Method);

impl Matches<Head> for MethodIs {
    fn matches(&self, head: &Head) -> bool {
        head.method == self.0
    }
}

/// See [`preflight`].
#[derive(Clone, Copy)]
pub struct Preflight(());

impl Matches<Head> for Preflight {
    fn matches(&self, head: &Head) -> bool {
        head.method == Method::OPTIONS
            && head.headers.contains_key(ORIGIN)
            && head.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
    }
}

/// See [`header_is`].
#[derive(Clone, Debug)]
#[must_use = "it matches nothing until it is said whom to believe"]
pub struct HeaderIs {
    name: HeaderName,
    value: Cow<'static, str>,
}

impl HeaderIs {
    /// Takes the word of these peers.
    ///
    /// # Errors
    ///
    /// As [`TrustedProxies::new`].
    pub fn trusted<P>(self, proxies: P) -> Result<TrustedHeaderIs, BuildError>
    where
        P: TryInto<TrustedProxies>,
        BuildError: From<P::Error>,
    {
        Ok(TrustedHeaderIs {
            header: self,
            trust: Trust::Listed(proxies.try_into()?),
        })
    }

    /// Takes everybody's word. Right only where strangers cannot send anything.
    pub fn trusting_everyone(self) -> TrustedHeaderIs {
        TrustedHeaderIs {
            header: self,
            trust: Trust::Everyone,
        }
    }
}

/// See [`header_is`].
#[derive(Clone, Debug)]
pub struct TrustedHeaderIs {
    header: HeaderIs,
    trust: Trust,
}

impl Matches<Head> for TrustedHeaderIs {
    fn matches(&self, head: &Head) -> bool {
        let mut lines = head.headers.get_all(&self.header.name).iter();
        let is = lines
            .next()
            .is_some_and(|line| line.as_bytes() == self.header.value.as_bytes());
        // A second line means that two hands wrote them.
        is && lines.next().is_none() && self.trust.covers(head)
    }
}

// As they are written, because a stack describes itself in these words.

impl fmt::Debug for PathIs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "path({:?})", self.0)
    }
}

impl fmt::Debug for PathPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "path_prefix({:?})", self.0)
    }
}

impl fmt::Debug for MethodIs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "method({})", self.0)
    }
}

impl fmt::Debug for Preflight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("preflight()")
    }
}
