use std::time::Duration;

use floodwall_core::Report;

/// What the handler may know about its admission; an extension of the request.
///
/// It is there if [`AdmitLayer::tell_handler`](super::AdmitLayer::tell_handler) is on. With several
/// floodwall layers the innermost one tells.
///
/// ```
/// use floodwall::http::Admitted;
///
/// async fn handler(request: http::Request<()>) -> String {
///     match request.extensions().get::<Admitted>() {
///         Some(admitted) => format!("waited {:?}", admitted.waited()),
///         None => "not told".to_owned(),
///     }
/// }
/// # drop(handler);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Admitted {
    report: Report,
}

impl Admitted {
    pub(super) const fn new(report: Report) -> Self {
        Self { report }
    }

    /// How long the request waited in floodwall's own queue.
    pub const fn waited(&self) -> Duration {
        self.report.waited
    }

    /// The concurrency limit, and how many were inside, this one included.
    pub const fn concurrency(&self) -> Option<(u32, u32)> {
        self.report.concurrency
    }

    /// All that the policies had to tell.
    pub const fn report(&self) -> &Report {
        &self.report
    }
}
