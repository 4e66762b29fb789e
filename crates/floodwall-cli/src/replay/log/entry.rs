/// What a line of a log says of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    /// In nanoseconds, since 1970 or from the start of the log.
    pub(crate) at: u64,
    /// How long it took, in nanoseconds, if the line tells.
    pub(crate) service: Option<u64>,
    pub(crate) method: String,
    pub(crate) target: String,
    /// An address; anything else is somebody's name.
    pub(crate) client: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Entry {
    /// Takes `GET /path HTTP/1.1` apart.
    pub(super) fn request_line(&mut self, line: &str) -> Result<(), String> {
        let mut words = line.split_whitespace();
        let (method, target, version) = (words.next(), words.next(), words.next());
        let fits = version.is_none_or(|version| version.starts_with("HTTP/"));
        match (method, target) {
            (Some(method), Some(target)) if fits && words.next().is_none() => {
                method.clone_into(&mut self.method);
                target.clone_into(&mut self.target);
                Ok(())
            }
            _ => {
                let shown: String = line.chars().take(60).collect();
                Err(format!("{shown:?} is no request, as in \"GET / HTTP/1.1\""))
            }
        }
    }
}
