//! Rust servers for Python's clients.

use std::io;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use firesteel::blocking::{Server, Stopper};
use firesteel::{Config, Local, Location, Object, Registry, Shared, Uri};

use crate::support::TIMEOUT;

/// Calls that run at once on a shared server.
pub const WORKERS: usize = 4;

/// The default config, with room for the annotations that Python's client sends with its handshake.
pub fn server_config() -> Config {
    let mut config = Config::default();
    config.limits.max_handshake = 1 << 20;
    config
}

/// A server with one object, on a thread of its own. It is stopped when this is dropped.
pub struct Hosted {
    pub uri: Uri,
    /// Where it listens.
    pub address: Option<Location>,
    stopper: Stopper,
    over: mpsc::Receiver<()>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Hosted {
    /// On one thread, which is all that the object sees.
    pub fn local<O: Object + 'static>(
        address: &str,
        config: Config,
        id: &'static str,
        object: impl FnOnce(Stopper) -> O + Send + 'static,
    ) -> Self {
        let address = address.to_owned();
        Self::start(
            id,
            move || {
                let mut server: Server<Local> = Server::bind_with(&address, config)?;
                let stopper = server.stopper();
                server.daemon.register(id, object(stopper)).map_err(io::Error::other)?;
                Ok(server)
            },
            Server::run,
        )
    }

    /// On several threads.
    pub fn shared<O: Object + Send + Sync + 'static>(
        address: &str,
        config: Config,
        id: &'static str,
        object: impl FnOnce(Stopper) -> O + Send + 'static,
    ) -> Self {
        let address = address.to_owned();
        Self::start(
            id,
            move || {
                let mut server = Server::shared_with(&address, &Shared::new(), WORKERS, config)?;
                let stopper = server.stopper();
                server.daemon.register(id, object(stopper)).map_err(io::Error::other)?;
                Ok(server)
            },
            |server| server.run_threads(WORKERS + 1),
        )
    }

    /// Makes the server on the thread that runs it: a local one need not be sendable.
    fn start<R: Registry>(
        id: &'static str,
        make: impl FnOnce() -> io::Result<Server<R>> + Send + 'static,
        run: impl FnOnce(&mut Server<R>) -> io::Result<()> + Send + 'static,
    ) -> Self {
        let (started, ready) = mpsc::channel();
        let (ended, over) = mpsc::channel();
        let thread = thread::spawn(move || {
            let _ended: mpsc::Sender<()> = ended;
            let mut server = make()?;
            let _ = started.send((server.uri(id), server.local_addr(), server.stopper()));
            run(&mut server)
        });
        match ready.recv_timeout(TIMEOUT) {
            Ok((uri, address, stopper)) => Self { uri, address, stopper, over, thread: Some(thread) },
            Err(_) => panic!("the server did not start: {:?}", thread.join()),
        }
    }

    /// Waits until it has ended by itself.
    pub fn wait(mut self) {
        self.join();
    }

    fn join(&mut self) {
        // Nothing is ever sent: it disconnects when the thread ends.
        let over = self.over.recv_timeout(Duration::from_secs(30));
        assert_eq!(over, Err(mpsc::RecvTimeoutError::Disconnected), "the server goes on");
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server has not panicked").expect("the server could wait for events");
        }
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        self.stopper.stop();
        if !thread::panicking() && self.thread.is_some() {
            self.join();
        }
    }
}
