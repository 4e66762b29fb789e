use std::sync::Arc;

use ::http::HeaderName;
use floodwall_core::Priority;
use std::fmt;

use super::proxies::{Trust, TrustedProxies};
use super::quoted::{parts, split_once, trim};
use crate::BuildError;
use crate::extract::PriorityOf;
use crate::http::Head;

static PRIORITY: HeaderName = HeaderName::from_static("priority");

/// The priority in the `Priority` header of RFC 9218 (`u=1`), which browsers send.
///
/// ```
/// use floodwall::{ConcurrencyLimit, http::rfc9218};
///
/// // Browsers may lower what they prefetch; only the gateway may raise.
/// let limit = ConcurrencyLimit::builder(64).priority(rfc9218().trusted(["10.0.0.7"])?).build()?;
/// # drop(limit);
/// # Ok::<(), floodwall::BuildError>(())
/// ```
pub fn rfc9218() -> PriorityHeader {
    PriorityHeader::of(Hint::rfc9218())
}

/// The priority that a header asks for; see [`header`](super::header) and [`rfc9218`].
///
/// Everybody may lower the priority of what they send. Only trusted peers may raise it, and a proxy
/// among them must overwrite or drop the header of its own clients. Junk says nothing; of several
/// values the least urgent counts.
#[derive(Clone)]
pub struct PriorityHeader {
    hint: Hint,
    trust: Trust,
    otherwise: Priority,
}

impl PriorityHeader {
    pub(super) const fn plain(name: HeaderName) -> Self {
        Self::of(Hint::plain(name))
    }

    const fn of(hint: Hint) -> Self {
        Self {
            hint,
            trust: Trust::Nobody,
            otherwise: Priority::NORMAL,
        }
    }

    /// Takes the word of these peers: they can raise, too. Default: nobody.
    ///
    /// # Errors
    ///
    /// As [`TrustedProxies::new`].
    pub fn trusted<P>(mut self, proxies: P) -> Result<Self, BuildError>
    where
        P: TryInto<TrustedProxies>,
        BuildError: From<P::Error>,
    {
        self.trust = Trust::Listed(proxies.try_into()?);
        Ok(self)
    }

    /// Takes everybody's word. Right only where strangers cannot send anything.
    #[must_use]
    pub fn trusting_everyone(mut self) -> Self {
        self.trust = Trust::Everyone;
        self
    }

    /// Sets what a request has whose header says nothing, and from where strangers can only lower.
    /// Default: [`Priority::NORMAL`].
    #[must_use]
    pub fn otherwise(mut self, priority: Priority) -> Self {
        self.otherwise = priority;
        self
    }
}

impl PriorityOf<Head> for PriorityHeader {
    fn priority(&self, head: &Head) -> Priority {
        believed(self.otherwise, self.hint.asked(head), &self.trust, head)
    }
}

/// What a header without any settings says: it can only lower.
pub(super) fn untrusted(name: &HeaderName, head: &Head) -> Priority {
    let asked = asked(name, &Form::Plain, head);
    believed(Priority::NORMAL, asked, &Trust::Nobody, head)
}

/// What becomes of `base` when headers ask for something else: only who is trusted can raise.
pub(super) fn believed(
    base: Priority,
    asked: Option<Priority>,
    trust: &Trust,
    head: &Head,
) -> Priority {
    match asked {
        Some(asked) if asked >= base || trust.covers(head) => asked,
        _ => base,
    }
}

/// A header that asks for a priority.
#[derive(Clone)]
pub(super) struct Hint {
    name: HeaderName,
    form: Form,
}

#[derive(Clone)]
enum Form {
    Plain,
    Rfc9218,
    Table(Arc<[(String, Priority)]>),
}

impl Hint {
    pub(super) const fn plain(name: HeaderName) -> Self {
        Self {
            name,
            form: Form::Plain,
        }
    }

    pub(super) fn rfc9218() -> Self {
        Self {
            name: PRIORITY.clone(),
            form: Form::Rfc9218,
        }
    }

    /// Only values of `table` say anything.
    #[track_caller]
    pub(super) fn table(name: HeaderName, table: Arc<[(String, Priority)]>) -> Self {
        for (value, _) in &*table {
            let read = parts(value.as_bytes(), b',').next();
            assert!(
                read == Some(value.as_bytes()),
                "value {value:?} matches no header: write one without commas and without blanks around it"
            );
        }
        Self {
            name,
            form: Form::Table(table),
        }
    }

    /// The least urgent of all values that can be read.
    pub(super) fn asked(&self, head: &Head) -> Option<Priority> {
        asked(&self.name, &self.form, head)
    }
}

fn asked(name: &HeaderName, form: &Form, head: &Head) -> Option<Priority> {
    let lines = head.headers.get_all(name).iter();
    let members = lines.flat_map(|line| parts(line.as_bytes(), b','));
    let read = |member| match form {
        Form::Plain => plain(member),
        Form::Rfc9218 => urgency(member),
        Form::Table(table) => {
            let same = |value: &String| value.as_bytes().eq_ignore_ascii_case(member);
            let rows = table.iter().filter(|(value, _)| same(value));
            rows.map(|(_, priority)| *priority).max()
        }
    };
    members.filter_map(read).max()
}

fn plain(value: &[u8]) -> Option<Priority> {
    const NAMES: [(&[u8], Priority); 5] = [
        (b"critical", Priority::CRITICAL),
        (b"high", Priority::HIGH),
        (b"normal", Priority::NORMAL),
        (b"low", Priority::LOW),
        (b"background", Priority::BACKGROUND),
    ];
    digit(value).or_else(|| {
        let named = NAMES
            .into_iter()
            .find(|(name, _)| value.eq_ignore_ascii_case(name));
        named.map(|(_, priority)| priority)
    })
}

/// The member `u` of the dictionary (RFC 9218 section 4.1); its parameters are ignored.
fn urgency(member: &[u8]) -> Option<Priority> {
    let member = parts(member, b';').next()?;
    match split_once(member, b'=')? {
        (b"u", value) => digit(trim(value)),
        _ => None,
    }
}

fn digit(value: &[u8]) -> Option<Priority> {
    match value {
        [digit @ b'0'..=b'7'] => Priority::new(digit - b'0'),
        _ => None,
    }
}

impl fmt::Debug for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name.as_str())?;
        match &self.form {
            Form::Plain => Ok(()),
            Form::Rfc9218 => f.write_str(" (RFC 9218)"),
            Form::Table(_) => f.write_str(" (by a table)"),
        }
    }
}

/// As a stack describes itself.
impl fmt::Debug for PriorityHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            hint,
            trust,
            otherwise,
        } = self;
        write!(
            f,
            "{otherwise}; lowered by {hint:?}, raised by it {trust:?}"
        )
    }
}
