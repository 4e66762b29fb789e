//! The accept queue: by tables made for the test, and by a real listener.

use std::fs;
use std::time::Duration;

use floodwall::signals::memory::MemoryPaths;
use floodwall::signals::{Signal, Signals};

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(future)
}

/// What the monitor reads, once it has read.
fn sampled(builder: floodwall::signals::SignalsBuilder) -> Option<f64> {
    block_on(async {
        let signals = builder.build().unwrap();
        signals.spawn().unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        signals
            .get(Signal::AcceptQueue)
            .map(|reading| reading.value)
    })
}

const HEAD: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

fn line(port: u16, state: &str, waiting: u32) -> String {
    format!(
        "   0: 0100007F:{port:04X} 00000000:0000 {state} 00000000:{waiting:08X} 00:00000000 00000000 0 0 1\n"
    )
}

#[test]
fn the_listeners_of_both_tables_are_summed_and_others_left_out() {
    let root = std::env::temp_dir().join(format!("floodwall-{}-accept", std::process::id()));
    fs::create_dir_all(root.join("net")).unwrap();
    let tcp = [
        HEAD.to_owned(),
        line(8080, "0A", 5),
        line(8081, "0A", 100),
        // Two listeners share a port.
        line(8080, "0A", 2),
        // What was received on a connection and not read is no queue.
        line(8080, "01", 4_000),
        line(8080, "0A", 4_000),
    ];
    fs::write(root.join("net/tcp"), tcp.concat()).unwrap();
    fs::write(
        root.join("net/tcp6"),
        [HEAD.to_owned(), line(8080, "0A", 3)].concat(),
    )
    .unwrap();
    let builder = || {
        let paths = MemoryPaths::new(root.join("none"), &root);
        Signals::builder().memory(paths)
    };
    assert_eq!(sampled(builder().listens_on(8080)), Some(10.0));
    assert_eq!(
        sampled(builder().listens_on(8080).listens_on(8081)),
        Some(110.0)
    );
    assert_eq!(sampled(builder().listens_on(9_999)), None);
    assert_eq!(sampled(builder()), None);
    fs::write(root.join("net/tcp"), [0xff; 100]).unwrap();
    fs::remove_file(root.join("net/tcp6")).unwrap();
    assert_eq!(sampled(builder().listens_on(8080)), None);
    fs::remove_dir_all(&root).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn connections_that_nobody_accepts_are_seen_at_a_real_listener() {
    use std::net::{TcpListener, TcpStream};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let builder = || Signals::builder().listens_on(address.port());
    assert_eq!(sampled(builder()), Some(0.0));
    let clients: Vec<_> = (0..3)
        .map(|_| TcpStream::connect(address).unwrap())
        .collect();
    assert_eq!(sampled(builder()), Some(3.0));
    let accepted = listener.accept().unwrap();
    assert_eq!(sampled(builder()), Some(2.0));
    drop((clients, accepted));
}
