//! Ctrl-C: the first asks for an end, the second takes it.

use std::{
    io, process,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
};

use tokio::{runtime::Builder, signal};

/// What a shell reports for a program that SIGINT ended.
pub(crate) const EXIT_CODE: u8 = 130;

/// Whether somebody has had enough.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Listens on a thread of its own, so that the second Ctrl-C works whatever the others do.
    pub(crate) fn on_ctrl_c() -> io::Result<Self> {
        let stop = Self::default();
        let flag = stop.clone();
        let runtime = Builder::new_current_thread().enable_io().build()?;
        thread::Builder::new()
            .name("ctrl-c".into())
            .spawn(move || {
                runtime.block_on(async {
                    if signal::ctrl_c().await.is_ok() {
                        flag.0.store(true, Relaxed);
                        if signal::ctrl_c().await.is_ok() {
                            process::exit(EXIT_CODE.into());
                        }
                    }
                });
            })?;
        Ok(stop)
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Relaxed)
    }
}
