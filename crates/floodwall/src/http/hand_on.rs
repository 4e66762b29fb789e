use std::fmt::{self, Display};
use std::mem::swap;
use std::sync::Arc;

use ::http::{HeaderName, HeaderValue, Request};
use floodwall_core::Priority;

use super::Head;
use super::extract::header_name;
use crate::extract::PriorityOf;

/// Hands on the priority that `reader` reads: the inner service finds it as a [`Priority`] among the
/// request's extensions, where a client can put nothing.
///
/// Give it the reader that the policy has, and the handler, or the next service, sees what was
/// decided by.
///
/// ```
/// use floodwall::{ConcurrencyLimit, Priority};
/// use floodwall::http::{hand_on, path_prefix, priority_rules};
///
/// let priority = priority_rules().rule(path_prefix("/reports"), Priority::LOW);
/// let layer = ConcurrencyLimit::builder(64)
///     .priority(priority.clone())
///     .layer()?
///     .hand_on_priority(hand_on(priority).header("x-priority"));
/// # drop(layer);
/// # Ok::<(), floodwall::BuildError>(())
/// ```
pub fn hand_on<P>(reader: P) -> HandOn
where
    P: PriorityOf<Head> + Send + Sync + 'static,
{
    HandOn {
        reader: Arc::new(reader),
        header: None,
    }
}

/// See [`hand_on`].
#[derive(Clone)]
pub struct HandOn {
    reader: Arc<dyn PriorityOf<Head> + Send + Sync>,
    header: Option<HeaderName>,
}

impl HandOn {
    /// Writes it, as a number from 0 to 7, into this header as well; what a client had written there
    /// is gone.
    ///
    /// # Panics
    ///
    /// If `name` cannot be the name of a header.
    #[must_use]
    #[track_caller]
    pub fn header<N>(mut self, name: N) -> Self
    where
        N: TryInto<HeaderName>,
        N::Error: Display,
    {
        self.header = Some(header_name(name));
        self
    }

    pub(super) fn tell<B>(&self, request: &mut Request<B>) {
        // Readers want a head, and a request cannot lend one: so its parts are lent one by one.
        let (mut head, ()) = Request::new(()).into_parts();
        exchange(&mut head, request);
        let priority = self.reader.priority(&head);
        head.extensions.insert(priority);
        if let Some(name) = &self.header {
            head.headers.insert(name, value(priority));
        }
        exchange(&mut head, request);
    }
}

fn exchange<B>(head: &mut Head, request: &mut Request<B>) {
    swap(&mut head.method, request.method_mut());
    swap(&mut head.uri, request.uri_mut());
    swap(&mut head.version, request.version_mut());
    swap(&mut head.headers, request.headers_mut());
    swap(&mut head.extensions, request.extensions_mut());
}

fn value(priority: Priority) -> HeaderValue {
    let digits = ["0", "1", "2", "3", "4", "5", "6", "7"];
    HeaderValue::from_static(digits[priority.index()])
}

impl fmt::Debug for HandOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandOn")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}
