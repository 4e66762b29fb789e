use std::fmt::Display;

use ::http::HeaderName;

/// The name of a header from what a user wrote into the code.
#[track_caller]
pub(in crate::http) fn header_name<N>(name: N) -> HeaderName
where
    N: TryInto<HeaderName>,
    N::Error: Display,
{
    match name.try_into() {
        Ok(name) => name,
        Err(error) => panic!("this cannot be the name of a header: {error}"),
    }
}
