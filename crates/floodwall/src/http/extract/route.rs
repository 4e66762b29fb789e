use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use floodwall_core::rate::KeyHasher;

use crate::extract::{CostOf, KeyOf, MissingKey};
use crate::http::Head;

/// The template of the route that a request matched (`/items/{id}`): an extension of the request,
/// for routers that floodwall does not know.
///
/// With the feature `axum` the one of axum's router is read; a `RouteTemplate` comes before it.
///
/// ```
/// use floodwall::http::RouteTemplate;
///
/// let mut request = http::Request::new(());
/// request.extensions_mut().insert(RouteTemplate::from_static("/items/{id}"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RouteTemplate(Text);

#[derive(Clone, Debug)]
enum Text {
    Shared(Arc<str>),
    Static(&'static str),
}

impl RouteTemplate {
    /// A template that is known at compile time.
    pub const fn from_static(template: &'static str) -> Self {
        Self(Text::Static(template))
    }

    /// The template.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl From<Arc<str>> for RouteTemplate {
    fn from(template: Arc<str>) -> Self {
        Self(Text::Shared(template))
    }
}

impl Text {
    fn as_str(&self) -> &str {
        match self {
            Self::Shared(text) => text,
            Self::Static(text) => text,
        }
    }
}

// Two templates are the same if they read the same, wherever the text is kept.
impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

impl Hash for Text {
    fn hash<H: Hasher>(&self, to: &mut H) {
        self.as_str().hash(to);
    }
}

/// The template of the route that the request matched, if a router said so.
pub(in crate::http) fn route_of(head: &Head) -> Option<&str> {
    let ours = head
        .extensions
        .get::<RouteTemplate>()
        .map(RouteTemplate::as_str);
    ours.or_else(|| matched(head))
}

#[cfg(feature = "axum")]
fn matched(head: &Head) -> Option<&str> {
    head.extensions
        .get::<::axum::extract::MatchedPath>()
        .map(::axum::extract::MatchedPath::as_str)
}

#[cfg(not(feature = "axum"))]
const fn matched(_head: &Head) -> Option<&str> {
    None
}

/// The route that a request matched, as a key: as many keys as there are routes.
///
/// All that matched none share one key of their own. With axum, add the layer with `Router::layer`
/// or `Router::route_layer`; around the whole router nothing has been matched yet.
///
/// ```
/// use floodwall::{RateLimit, http::{client_address, route}};
///
/// let quota = RateLimit::builder("10/s").key((client_address(), route())).build()?;
/// # drop(quota);
/// # Ok::<(), floodwall::BuildError>(())
/// ```
pub const fn route() -> ByRoute {
    ByRoute(())
}

/// See [`route`].
#[derive(Clone, Copy, Debug)]
pub struct ByRoute(());

impl KeyOf<Head> for ByRoute {
    fn key(&self, head: &Head, to: &mut KeyHasher) -> Result<(), MissingKey> {
        route_of(head).hash(to);
        Ok(())
    }
}

/// What a request costs, by the template of its route; of one that is given twice the last counts.
///
/// ```
/// use floodwall::{RateLimit, http::route_costs};
///
/// let costs = route_costs([("/search", 5), ("/healthz", 0)]).otherwise(1);
/// let quota = RateLimit::builder("100/s").cost(costs).build()?;
/// # drop(quota);
/// # Ok::<(), floodwall::BuildError>(())
/// ```
///
/// # Panics
///
/// If a template does not begin with `/`: no route has such a template.
#[track_caller]
pub fn route_costs<I, T>(costs: I) -> RouteCosts
where
    I: IntoIterator<Item = (T, u32)>,
    T: Into<String>,
{
    let costs: HashMap<String, u32> = costs
        .into_iter()
        .map(|(template, cost)| (template.into(), cost))
        .collect();
    for template in costs.keys() {
        assert!(
            template.starts_with('/'),
            "route {template:?} matches no request: begin it with \"/\""
        );
    }
    RouteCosts {
        costs: Arc::new(costs),
        otherwise: 1,
    }
}

/// See [`route_costs`].
#[derive(Clone, Debug)]
pub struct RouteCosts {
    costs: Arc<HashMap<String, u32>>,
    otherwise: u32,
}

impl RouteCosts {
    /// Sets what all other requests cost. Default: 1.
    #[must_use]
    pub fn otherwise(mut self, cost: u32) -> Self {
        self.otherwise = cost;
        self
    }
}

impl CostOf<Head> for RouteCosts {
    fn cost(&self, head: &Head) -> u32 {
        let cost = route_of(head).and_then(|route| self.costs.get(route));
        cost.copied().unwrap_or(self.otherwise)
    }
}
