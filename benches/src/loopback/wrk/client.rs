//! So many requests and no more: wrk knows only how long.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result};

/// So many are under way at once; the server finds several of them at each look.
const CONNECTIONS: u32 = 16;

/// Asks as often as that for `/`, at least once for each connection, and then ends the server.
pub(super) fn ask(port: &str, requests: u32) -> Result<()> {
    let mut connections = (0..CONNECTIONS)
        .map(|_| connect(port))
        .collect::<Result<Vec<_>>>()?;
    for _ in 0..requests.div_ceil(CONNECTIONS) {
        for connection in &mut connections {
            write!(
                connection.get_mut(),
                "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"
            )?;
        }
        for connection in &mut connections {
            read_answer(connection)?;
        }
    }
    // Idle connections would keep a server that ends gracefully.
    drop(connections);
    let mut last = connect(port)?;
    write!(
        last.get_mut(),
        "GET /end HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
    )?;
    read_answer(&mut last)
}

fn connect(port: &str) -> Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(format!("127.0.0.1:{port}"))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    Ok(BufReader::new(stream))
}

/// A head, and as much as its `Content-Length` says.
fn read_answer(from: &mut impl BufRead) -> Result<()> {
    let mut length = None;
    loop {
        let mut line = String::new();
        from.read_line(&mut line)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            if name.eq_ignore_ascii_case("content-length") {
                length = Some(value.trim().parse()?);
            }
        }
    }
    let length = length.context("an answer without a length")?;
    std::io::copy(&mut from.take(length), &mut std::io::sink())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_where_its_length_says() {
        let mut two: &[u8] =
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 429 No\r\ncontent-length: 0\r\n\r\n";
        read_answer(&mut two).unwrap();
        assert!(two.starts_with(b"HTTP/1.1 429"));
        read_answer(&mut two).unwrap();
        assert!(two.is_empty());
        assert!(read_answer(&mut two).is_err(), "nothing more comes");
    }
}
