//! What policies read from a request's head: keys, priorities, deadlines, costs, kinds.
//!
//! Nothing that a stranger sends is believed: an address or a priority in a header counts only if
//! it comes from a peer that was listed, or if it can do no more than lower.

mod address;
mod deadline;
mod extension;
mod forwarded;
mod header;
mod matching;
mod name;
mod peer;
mod priority;
mod proxies;
pub(super) mod quoted;
mod request;
mod retries;
mod route;
mod rules;

pub use self::address::{ClientAddress, client_address};
pub use self::deadline::{Deadline, GrpcTimeout, TimeoutHeader, grpc_timeout, timeout_header};
pub use self::extension::{Extension, extension};
pub use self::header::{Header, HeaderOr, header};
pub use self::matching::{
    HeaderIs, MethodIs, PathIs, PathPrefix, Preflight, TrustedHeaderIs, header_is, method, path,
    path_prefix, preflight,
};
pub use self::peer::PeerAddr;
pub use self::priority::{PriorityHeader, rfc9218};
pub use self::proxies::TrustedProxies;
pub use self::request::{ByMethod, ByPath, by_method, by_path};
pub use self::retries::{Retries, retries};
pub use self::route::{ByRoute, RouteCosts, RouteTemplate, route, route_costs};
pub use self::rules::{PriorityRules, priority_rules};

pub(super) use self::name::header_name;
pub(super) use self::proxies::Trust;
pub(super) use self::route::route_of;
