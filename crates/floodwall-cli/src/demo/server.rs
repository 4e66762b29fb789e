//! The victim: a real axum server whose handler can do so much and no more.

use std::{
    future::IntoFuture,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use axum::{Router, extract::State, http::StatusCode, routing::get, serve::ListenerExt};
use tokio::{
    net::{TcpListener, TcpSocket},
    runtime::Builder,
    sync::{Semaphore, oneshot},
    time::sleep,
};

pub(crate) const WORKERS: u32 = 8;
pub(crate) const SERVICE_TIME: Duration = Duration::from_millis(10);

/// As long as the usual `somaxconn`: callers should meet the service's queue, not the kernel's.
const BACKLOG: u32 = 4096;

/// A server on a thread and a runtime of its own. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves `router` on a free port of the loopback interface.
    pub(crate) fn start(router: Router) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let listener = runtime.block_on(async { listen() })?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("server".into())
            .spawn(move || {
                runtime.block_on(async {
                    let listener = listener.tap_io(|stream| {
                        // Fails only on a connection that is already gone.
                        let _ = stream.set_nodelay(true);
                    });
                    tokio::select! {
                        _ = axum::serve(listener, router).into_future() => {}
                        _ = stopped => {}
                    }
                });
            })?;
        Ok(Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the server has been printed by its own thread.
            let _ = thread.join();
        }
    }
}

/// The service itself: eight workers, and in front of them a queue without any bound.
pub(crate) fn service() -> Router {
    let workers = Arc::new(Semaphore::new(WORKERS as usize));
    Router::new().route("/", get(work)).with_state(workers)
}

async fn work(State(workers): State<Arc<Semaphore>>) -> Result<&'static str, StatusCode> {
    let Ok(_worker) = workers.acquire().await else {
        return Err(StatusCode::INTERNAL_SERVER_ERROR);
    };
    sleep(SERVICE_TIME).await;
    Ok("done\n")
}

fn listen() -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    socket.listen(BACKLOG)
}
