//! What sits in the sockets while a handler has the thread is seen, and ordered.

use std::future::IntoFuture;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::get;
use floodwall::ConcurrencyLimit;
use floodwall::concurrency::WaitingRoom;
use floodwall::http::header;
use tokio::runtime::Builder;

type Seen = Arc<Mutex<Vec<char>>>;

/// The handler never gives the thread back before it is done.
async fn handle(State(seen): State<Seen>, headers: HeaderMap) {
    let critical = headers["x-priority"] == "0";
    seen.lock().unwrap().push(if critical { 'c' } else { '.' });
}

fn send(address: SocketAddr, priority: u8) -> TcpStream {
    let mut socket = TcpStream::connect(address).unwrap();
    let head = format!("GET / HTTP/1.1\r\nhost: test\r\nx-priority: {priority}\r\n\r\n");
    socket.write_all(head.as_bytes()).unwrap();
    socket
}

/// In which order the handler sees thirty requests and then ten critical ones, all of which are
/// in their sockets before the server's thread runs for the first time.
fn order(room: WaitingRoom, mut runtime: Builder) -> String {
    let seen = Seen::default();
    let layer = ConcurrencyLimit::builder(8)
        .waiting_room(room)
        .priority(header("x-priority").trusting_everyone())
        .layer()
        .unwrap();
    let app = Router::new()
        .route("/", get(handle))
        .layer(layer)
        .with_state(Arc::clone(&seen));

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let mut sockets: Vec<_> = (0..30).map(|_| send(address, 5)).collect();
    sockets.extend((0..10).map(|_| send(address, 0)));

    let runtime = runtime.enable_all().build().unwrap();
    let server = runtime.spawn(async {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        axum::serve(listener, app).into_future().await
    });
    let read_all = runtime.spawn_blocking(move || {
        for socket in &mut sockets {
            let mut status = [0; 12];
            socket.read_exact(&mut status).unwrap();
            assert_eq!(&status, b"HTTP/1.1 200");
        }
    });
    runtime.block_on(read_all).unwrap();
    server.abort();
    let seen = seen.lock().unwrap();
    seen.iter().collect()
}

#[test]
fn the_critical_ones_are_served_first_though_they_came_last() {
    for runtime in [Builder::new_current_thread(), one_worker()] {
        let patient = WaitingRoom::on().target(Duration::from_secs(1_000));
        let all = order(patient, runtime);
        assert!(all.starts_with("cccccccccc"), "{all}");
    }
}

/// It runs first whoever is woken last.
fn one_worker() -> Builder {
    let mut runtime = Builder::new_multi_thread();
    runtime.worker_threads(1);
    runtime
}

/// What the room is for: without it, the limit sees one request at a time.
#[test]
fn without_the_room_they_are_served_as_they_came() {
    let all = order(WaitingRoom::off(), Builder::new_current_thread());
    let first: String = all.chars().take(10).collect();
    assert!(!first.contains('c'), "{all}");
}
