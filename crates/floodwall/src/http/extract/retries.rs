use std::fmt::Display;

use ::http::HeaderName;

use super::name::header_name;
use super::quoted::parts;
use crate::admission::Matches;
use crate::http::Head;

/// Requests whose sender says that they are not the first attempt.
///
/// Read are `grpc-previous-rpc-attempts` (gRPC's proposal A6 on retries: how many there were before,
/// so from 1 on) and `x-envoy-attempt-count` (which one this is, so from 2 on).
///
/// ```
/// use floodwall::{Shed, http::retries};
///
/// let shed = Shed::builder().retries(retries().header("x-attempt", 2)).build()?;
/// # drop(shed);
/// # Ok::<(), floodwall::BuildError>(())
/// ```
pub fn retries() -> Retries {
    let grpc = HeaderName::from_static("grpc-previous-rpc-attempts");
    let envoy = HeaderName::from_static("x-envoy-attempt-count");
    Retries {
        headers: vec![(grpc, 1), (envoy, 2)],
    }
}

/// See [`retries`].
///
/// Retries are shed before first attempts of their class, so nobody gains by calling a request one,
/// and nobody need be trusted. Who hides that it retries is treated as everybody else. What is no
/// number says nothing; of several values the highest counts.
#[derive(Clone, Debug)]
pub struct Retries {
    headers: Vec<(HeaderName, u64)>,
}

impl Retries {
    /// Reads another header, too: retries are those whose number there is `first` or more.
    ///
    /// # Panics
    ///
    /// If `name` cannot be the name of a header, or `first` is 0: then first attempts would be
    /// retries as well.
    #[must_use]
    #[track_caller]
    pub fn header<N>(mut self, name: N, first: u32) -> Self
    where
        N: TryInto<HeaderName>,
        N::Error: Display,
    {
        assert!(
            first > 0,
            "first: from 0 on every request would be a retry; say 1 where the header counts earlier \
             attempts, and 2 where it counts all"
        );
        self.headers.push((header_name(name), u64::from(first)));
        self
    }
}

impl Matches<Head> for Retries {
    fn matches(&self, head: &Head) -> bool {
        self.headers.iter().any(|(name, first)| {
            let lines = head.headers.get_all(name).iter();
            lines
                .flat_map(|line| parts(line.as_bytes(), b','))
                .filter_map(number)
                .any(|number| number >= *first)
        })
    }
}

/// Digits and nothing else; what is too large to count is the largest number.
fn number(value: &[u8]) -> Option<u64> {
    value.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        Some(number.saturating_mul(10).saturating_add(digit))
    })
}
