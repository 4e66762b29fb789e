use anyhow::Result;
use tokio::net::{TcpListener, TcpSocket};

/// A listener on a free port, which is printed for who has started this process.
pub(crate) fn listen() -> Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.bind("0.0.0.0:0".parse()?)?;
    let listener = socket.listen(4_096)?;
    println!("{}", listener.local_addr()?.port());
    Ok(listener)
}
