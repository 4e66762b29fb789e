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

const CRITICAL: u8 = 0;
const LOW: u8 = 5;

/// A service, and those who ask it.
#[derive(Clone, Default)]
struct World {
    /// In which order the handler saw them.
    seen: Arc<Mutex<String>>,
    /// Who asks once the first handler runs.
    later: Arc<Mutex<Vec<(TcpStream, u8)>>>,
}

/// Never gives the thread back before it is done; meanwhile others ask.
async fn handle(State(world): State<World>, headers: HeaderMap) {
    let critical = headers["x-priority"] == "0";
    world
        .seen
        .lock()
        .unwrap()
        .push(if critical { 'c' } else { '.' });
    for (socket, priority) in world.later.lock().unwrap().drain(..) {
        send(&socket, priority);
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(address).unwrap();
    socket.set_nodelay(true).unwrap();
    socket
}

fn send(mut socket: &TcpStream, priority: u8) {
    let head = format!("GET / HTTP/1.1\r\nhost: test\r\nx-priority: {priority}\r\n\r\n");
    socket.write_all(head.as_bytes()).unwrap();
}

/// In which order the handler sees `first`, which are in their sockets before the server's thread
/// runs, and `later`, which come there while it has the first one.
fn order(room: WaitingRoom, mut runtime: Builder, first: &[u8], later: &[u8]) -> String {
    let world = World::default();
    let layer = ConcurrencyLimit::builder(8)
        .waiting_room(room)
        .priority(header("x-priority").trusting_everyone())
        .layer()
        .unwrap();
    let app = Router::new()
        .route("/", get(handle))
        .layer(layer)
        .with_state(world.clone());

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let mut sockets = Vec::new();
    for &priority in first {
        let socket = connect(address);
        send(&socket, priority);
        sockets.push(socket);
    }
    for &priority in later {
        let socket = connect(address);
        sockets.push(socket.try_clone().unwrap());
        world.later.lock().unwrap().push((socket, priority));
    }

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
    let seen = world.seen.lock().unwrap();
    seen.clone()
}

fn patient() -> WaitingRoom {
    WaitingRoom::on().target(Duration::from_secs(1_000))
}

/// There, whoever is woken last runs first.
fn one_worker() -> Builder {
    let mut runtime = Builder::new_multi_thread();
    runtime.worker_threads(1);
    runtime
}

fn thirty_and_ten() -> Vec<u8> {
    let mut all = vec![LOW; 30];
    all.extend([CRITICAL; 10]);
    all
}

#[test]
fn the_critical_ones_are_served_first_though_they_came_last() {
    for runtime in [Builder::new_current_thread(), one_worker()] {
        let all = order(patient(), runtime, &thirty_and_ten(), &[]);
        assert!(all.starts_with("cccccccccc"), "{all}");
    }
}

/// A yield to the other tasks alone would serve those who were read before.
#[test]
fn those_who_came_while_a_handler_ran_are_seen_before_the_next_is_let_in() {
    for runtime in [Builder::new_current_thread(), one_worker()] {
        let all = order(patient(), runtime, &[LOW; 6], &thirty_and_ten());
        assert!(all.starts_with(".cccccccccc"), "{all}");
    }
}

/// What the room is for: without it, the limit sees one request at a time.
#[test]
fn without_the_room_they_are_served_as_they_came() {
    let runtime = Builder::new_current_thread();
    let all = order(WaitingRoom::off(), runtime, &thirty_and_ten(), &[]);
    assert!(all.starts_with(".........."), "{all}");
}
