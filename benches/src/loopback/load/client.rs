//! As little of an HTTP/1 client as will do, so that the generator is never the slower one.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout_at;

/// So long a client waits for its answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Success,
    /// A success that came too late to be of use.
    Late,
    Refused,
    TimedOut,
    Failed,
}

/// Keeps the connections on which an answer came; opens one whenever none is free.
pub(crate) struct Client {
    port: u16,
    idle: RefCell<Vec<TcpStream>>,
    opened: Cell<u32>,
}

impl Client {
    pub(crate) fn new(port: u16) -> Self {
        Self {
            port,
            idle: RefCell::default(),
            opened: Cell::new(0),
        }
    }

    pub(crate) fn opened(&self) -> u32 {
        self.opened.get()
    }

    /// Asks once; the answer counts until [`PATIENCE`] after `due`.
    pub(crate) async fn ask(&self, critical: bool, due: Instant) -> Ending {
        let mut socket = self.idle.borrow_mut().pop();
        let until = tokio::time::Instant::from_std(due + PATIENCE);
        let answer = timeout_at(until, self.exchange(&mut socket, critical)).await;
        let status = match answer {
            Ok(Ok(status)) => status,
            Ok(Err(_)) => return Ending::Failed,
            Err(_) => {
                // Closed with a reset, so that no port waits for stragglers.
                if let Some(socket) = socket {
                    let _ = socket.set_zero_linger();
                }
                return Ending::TimedOut;
            }
        };
        self.idle.borrow_mut().extend(socket);
        match status {
            200 => Ending::Success,
            429 | 503 => Ending::Refused,
            _ => Ending::Failed,
        }
    }

    /// Asks for `path`, on a connection of its own. What becomes of it shows in what the server does.
    pub(crate) async fn tell(&self, path: &str) {
        let request = format!("GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n");
        let _ = self.send(&mut None, request.as_bytes()).await;
    }

    async fn exchange(&self, socket: &mut Option<TcpStream>, critical: bool) -> io::Result<u16> {
        let request: &[u8] = if critical {
            b"GET / HTTP/1.1\r\nhost: bench\r\nx-priority: 0\r\n\r\n"
        } else {
            b"GET / HTTP/1.1\r\nhost: bench\r\nx-priority: 5\r\n\r\n"
        };
        self.send(socket, request).await
    }

    async fn send(&self, socket: &mut Option<TcpStream>, request: &[u8]) -> io::Result<u16> {
        let socket = match socket {
            Some(socket) => socket,
            None => socket.insert(self.connect().await?),
        };
        socket.write_all(request).await?;
        let mut buffer = [0; 2_048];
        let mut len = 0;
        loop {
            let n = socket.read(&mut buffer[len..]).await?;
            if n == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            len += n;
            if let Some(status) = whole(&buffer[..len]) {
                return Ok(status);
            }
        }
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let opened = self.opened.get();
        self.opened.set(opened + 1);
        // Several addresses of the loopback: one has no ports for so many connections in a minute.
        let host = Ipv4Addr::new(127, 0, 0, 1 + (opened % 8) as u8);
        let socket = TcpStream::connect((host, self.port)).await?;
        socket.set_nodelay(true)?;
        Ok(socket)
    }
}

/// The status, once all of the answer is there.
fn whole(answer: &[u8]) -> Option<u16> {
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&answer[..head]).ok()?;
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse::<usize>().ok())?
    });
    if answer.len() < head + length.unwrap_or(0) {
        return None;
    }
    text.get(9..12)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_body_is_there() {
        let answer = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nfull";
        for cut in 0..answer.len() {
            assert_eq!(whole(&answer[..cut]), None);
        }
        assert_eq!(whole(answer), Some(503));
        assert_eq!(whole(b"HTTP/1.1 204 No Content\r\n\r\n"), Some(204));
    }
}
