//! The HTTP rim: layers whose refusals are responses, and readers of a request's head.

mod answer;
mod extract;

/// What policies see of an HTTP request: method, URI, version, headers and extensions.
pub type Head = ::http::request::Parts;
