//! Overload protection for any `tower::Service`.
