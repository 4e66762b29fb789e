use std::fmt::{self, Display};
use std::sync::Arc;

use ::http::HeaderName;
use floodwall_core::Priority;

use super::name::header_name;
use super::priority::{Hint, believed};
use super::proxies::{Trust, TrustedProxies};
use crate::BuildError;
use crate::admission::Matches;
use crate::extract::PriorityOf;
use crate::http::Head;

/// The priority by rules of your own, and by what headers ask for.
///
/// The first rule that matches sets the base; then headers may ask for something else. Everybody
/// may lower what they send. Only trusted peers may raise it, and a proxy among them must overwrite
/// or drop the headers of its own clients.
///
/// ```
/// use floodwall::{Priority, Shed};
/// use floodwall::http::{path_prefix, priority_rules};
///
/// let priority = priority_rules()
///     .rule(path_prefix("/checkout"), Priority::CRITICAL)
///     .rule(path_prefix("/reports"), Priority::LOW)
///     .header_table("x-plan", [("gold", Priority::HIGH), ("trial", Priority::LOW)])
///     .rfc9218()
///     .trusted(["10.0.0.0/8"])?;
/// let shed = Shed::builder().priority(priority).build()?;
/// # drop(shed);
/// # Ok::<(), floodwall::BuildError>(())
/// ```
pub fn priority_rules() -> PriorityRules {
    PriorityRules {
        rules: Vec::new(),
        hints: Vec::new(),
        by_extension: false,
        trust: Trust::Nobody,
        otherwise: Priority::NORMAL,
    }
}

/// See [`priority_rules`].
///
/// Junk in a header says nothing; of all values in all the headers that are read the least urgent
/// counts.
#[derive(Clone)]
pub struct PriorityRules {
    rules: Vec<(Arc<Kind>, Priority)>,
    hints: Vec<Hint>,
    by_extension: bool,
    trust: Trust,
    otherwise: Priority,
}

type Kind = dyn Told + Send + Sync;

/// A kind that can say what it is.
trait Told: Matches<Head> + fmt::Debug {}

impl<M: Matches<Head> + fmt::Debug> Told for M {}

impl PriorityRules {
    /// Requests of this kind have this priority, unless a rule before it has matched:
    /// [`path`](super::path), [`path_prefix`](super::path_prefix), [`method`](super::method), or a
    /// closure in [`match_fn`](crate::match_fn).
    #[must_use]
    pub fn rule(
        mut self,
        kind: impl Matches<Head> + fmt::Debug + Send + Sync + 'static,
        priority: Priority,
    ) -> Self {
        self.rules.push((Arc::new(kind), priority));
        self
    }

    /// Reads a header, too: 0 (most urgent) to 7, or `critical`, `high`, `normal`, `low`,
    /// `background`.
    ///
    /// # Panics
    ///
    /// If `name` cannot be the name of a header.
    #[must_use]
    #[track_caller]
    pub fn header<N>(self, name: N) -> Self
    where
        N: TryInto<HeaderName>,
        N::Error: Display,
    {
        self.hint(Hint::plain(header_name(name)))
    }

    /// Reads a header whose values mean what this table says, whatever their case; other values say
    /// nothing.
    ///
    /// # Panics
    ///
    /// If `name` cannot be the name of a header, or no header could have one of the values: they are
    /// the members of a list with commas, so they contain none, and no blanks around them.
    #[must_use]
    #[track_caller]
    pub fn header_table<N, T, V>(self, name: N, table: T) -> Self
    where
        N: TryInto<HeaderName>,
        N::Error: Display,
        T: IntoIterator<Item = (V, Priority)>,
        V: Into<String>,
    {
        let rows = table.into_iter().map(|(value, to)| (value.into(), to));
        self.hint(Hint::table(header_name(name), rows.collect()))
    }

    /// Reads the urgency in the header `Priority` of RFC 9218, too (section 4.1): browsers send it.
    #[must_use]
    pub fn rfc9218(self) -> Self {
        self.hint(Hint::rfc9218())
    }

    /// Where the request has a [`Priority`] among its extensions, that is the base, and no rule is
    /// asked: a layer further out has put it there, and no client can.
    #[must_use]
    pub fn extension(mut self) -> Self {
        self.by_extension = true;
        self
    }

    /// Takes the word of these peers: what their headers ask for replaces the base, up or down.
    /// Default: nobody.
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

    /// The base of requests that no rule matches. Default: [`Priority::NORMAL`].
    #[must_use]
    pub fn otherwise(mut self, priority: Priority) -> Self {
        self.otherwise = priority;
        self
    }

    fn hint(mut self, hint: Hint) -> Self {
        self.hints.push(hint);
        self
    }

    fn base(&self, head: &Head) -> Priority {
        if self.by_extension {
            if let Some(priority) = head.extensions.get() {
                return *priority;
            }
        }
        self.rule_of(head)
            .map_or(self.otherwise, |(_, priority)| *priority)
    }

    fn rule_of(&self, head: &Head) -> Option<&(Arc<Kind>, Priority)> {
        self.rules.iter().find(|(kind, _)| kind.matches(head))
    }
}

impl PriorityOf<Head> for PriorityRules {
    fn priority(&self, head: &Head) -> Priority {
        let asked = self.hints.iter().filter_map(|hint| hint.asked(head)).max();
        believed(self.base(head), asked, &self.trust, head)
    }

    fn why(&self, head: &Head) -> Option<String> {
        let base = self.base(head);
        let by_extension = self.by_extension && head.extensions.get::<Priority>().is_some();
        let rule = match self.rule_of(head) {
            _ if by_extension => "an extension of the request".to_owned(),
            Some((kind, _)) => format!("{kind:?}"),
            None => "no rule matches".to_owned(),
        };
        let said = |hint: &&Hint| hint.asked(head);
        let Some(hint) = self
            .hints
            .iter()
            .max_by_key(said)
            .filter(|hint| said(hint).is_some())
        else {
            return Some(rule);
        };
        let became = self.priority(head);
        Some(match became.cmp(&base) {
            std::cmp::Ordering::Greater => format!("{rule}, lowered from {base} by {hint:?}"),
            std::cmp::Ordering::Less => format!("{rule}, raised from {base} by {hint:?}"),
            std::cmp::Ordering::Equal => format!("{rule}, whatever {hint:?} says"),
        })
    }
}

/// As a stack describes itself.
impl fmt::Debug for PriorityRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, priority) in &self.rules {
            write!(f, "{priority} for {kind:?}; ")?;
        }
        if self.by_extension {
            f.write_str("what an extension says, or ")?;
        }
        let else_ = if self.rules.is_empty() {
            ""
        } else {
            " for all else"
        };
        write!(f, "{}{else_}", self.otherwise)?;
        for (n, hint) in self.hints.iter().enumerate() {
            let before = if n == 0 { "; lowered by " } else { ", " };
            write!(f, "{before}{hint:?}")?;
        }
        if !self.hints.is_empty() {
            write!(f, ", raised by it {:?}", self.trust)?;
        }
        Ok(())
    }
}
