//! The server: a daemon of shared objects, and a task for each connection.

mod bell;
mod connection;
mod hub;
mod keeper;

use std::io::{self, ErrorKind};
use std::ops::{Deref, DerefMut};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use firesteel_proto::{Config, Daemon, Location, SessionId, Shared, Uri};
use firesteel_pump::seeded;

use crate::runtime::{Listener, Runtime, Socket};
use bell::Bell;
use hub::{Hub, State};
use keeper::Keeper;

/// How long calls that run when the server is stopped may take to end.
const GRACE: Duration = Duration::from_secs(5);

/// Hosts shared objects on an async runtime.
///
/// Each connection is a task, which reads, runs the method and answers; so calls of different connections run at once
/// where the runtime has several threads. A method that is not async keeps its thread: one that waits is better `async`,
/// or leaves the waiting to threads that the runtime has for it.
///
/// [`run`](Self::run) accepts clients and keeps time. When the server is dropped, its connections are closed.
pub struct Server<R: Runtime> {
    hub: Arc<Hub<R>>,
    stop: Arc<Stop>,
    runs: AtomicBool,
}

/// Ends a server, from any thread or task.
#[derive(Clone)]
pub struct Stopper(Arc<Stop>);

pub(crate) struct Stop {
    /// The grace, where a stop was asked for.
    asked: Mutex<Option<Duration>>,
    bell: Arc<Bell>,
}

impl Stopper {
    /// The server takes no further connections and calls, lets those end that run (for five seconds at most), and
    /// returns from `run`.
    pub fn stop(&self) {
        self.stop_within(GRACE);
    }

    /// Like [`stop`](Self::stop), with another time for the calls that run.
    pub fn stop_within(&self, grace: Duration) {
        *self.0.asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(grace);
        self.0.bell.ring();
    }
}

impl Stop {
    fn take(&self) -> Option<Duration> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<R: Runtime> Server<R> {
    /// Listens on `host:port` (port 0: any that is free) or, for `./u:path`, on a unix socket.
    ///
    /// # Errors
    /// The address cannot be resolved or bound.
    pub async fn bind(address: &str) -> io::Result<Self> {
        Self::bind_with(address, Config::default()).await
    }

    /// Listens with a config.
    ///
    /// # Errors
    /// As for [`bind`](Self::bind).
    pub async fn bind_with(address: &str, config: Config) -> io::Result<Self> {
        Self::shared_with(address, &Shared::new(), config).await
    }

    /// Listens for calls of objects that others may host, too.
    ///
    /// # Errors
    /// As for [`bind`](Self::bind).
    pub async fn shared(address: &str, objects: &Shared) -> io::Result<Self> {
        Self::shared_with(address, objects, Config::default()).await
    }

    /// Listens for calls of objects that others may host, too, with a config.
    ///
    /// # Errors
    /// As for [`bind`](Self::bind).
    pub async fn shared_with(address: &str, objects: &Shared, config: Config) -> io::Result<Self> {
        let server = Self::unbound(objects, config);
        server.listen(address).await?;
        Ok(server)
    }

    /// Listens nowhere: for connected sockets that are [adopted](Self::adopt).
    pub fn unbound(objects: &Shared, config: Config) -> Self {
        let hub = Arc::new(Hub::new(Daemon::shared(Instant::now(), seeded(config), objects, usize::MAX)));
        let stop = Arc::new(Stop { asked: Mutex::default(), bell: Arc::clone(&hub.bell) });
        Self { hub, stop, runs: AtomicBool::new(false) }
    }

    /// Listens on a further address. The first one is where published URIs point, unless [`Config::nat`] has another.
    ///
    /// # Errors
    /// As for [`bind`](Self::bind); also a unix socket where there is a NAT address.
    pub async fn listen(&self, address: &str) -> io::Result<()> {
        let version = {
            let daemon = self.daemon();
            if daemon.config().nat.is_some() && address.starts_with("./u:") {
                let text = "a unix socket has no NAT address: leave out the NAT host, or listen on a port";
                return Err(io::Error::new(ErrorKind::InvalidInput, text));
            }
            daemon.config().check_server().map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
            daemon.config().ip_version
        };
        let listener = R::listen(address, version).await?;
        let mut location = listener.location()?;
        // The name that the user chose is the one that clients can use; the port may be a free one.
        if let (Location::Tcp { host, .. }, Some((name, _))) = (&mut location, address.rsplit_once(':')) {
            *host = name.trim_start_matches('[').trim_end_matches(']').to_owned();
        }
        let mut daemon = self.daemon();
        if daemon.config().location.is_none() {
            daemon.set_location(location);
        }
        drop(daemon);
        self.hub.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(listener);
        self.hub.bell.ring();
        Ok(())
    }

    /// Serves a connected socket, such as one end of `UnixStream::pair()` of the standard library; those of a runtime
    /// have an `into_std`.
    ///
    /// # Errors
    /// It is no stream socket; the daemon has as many sessions as it may, or is shutting down; or the system's error.
    pub fn adopt(&self, socket: impl Into<OwnedFd>) -> io::Result<SessionId> {
        let socket = R::adopt(socket.into())?;
        let peer = socket.given_peer();
        self.hub.open(socket, peer)
    }

    /// The daemon, where objects are registered. It is locked meanwhile: connections wait. Hooks and gatekeepers run
    /// while it is locked, methods do not.
    pub fn daemon(&self) -> DaemonGuard<'_, R> {
        DaemonGuard { state: self.hub.lock(), _after: After(&self.hub) }
    }

    /// Where the first listener listens.
    pub fn local_addr(&self) -> Option<Location> {
        let listeners = self.hub.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.first()?.location().ok()
    }

    /// The URI of an object, at the NAT address where there is one; without a listener, one that nobody can connect to.
    pub fn uri(&self, object: &str) -> Uri {
        let uri = self.daemon().uri(object);
        uri.unwrap_or_else(|| Uri::pyro(object, Location::Tcp { host: "<<connected-socket>>".to_owned(), port: 0 }))
    }

    /// Ends the server from elsewhere.
    pub fn stopper(&self) -> Stopper {
        Stopper(Arc::clone(&self.stop))
    }

    /// Begins the shutdown: [`run`](Self::run) returns when the calls that run have ended, or when their time is over.
    pub fn shutdown(&self, grace: Duration) {
        self.stopper().stop_within(grace);
    }

    /// Serves until stopped. A server without listeners ends once it is [idle](Daemon::is_idle): with its last
    /// session.
    ///
    /// Dropped before that, nobody is accepted any more and no time is kept, until it is called again.
    ///
    /// # Errors
    /// It runs already.
    pub async fn run(&self) -> io::Result<()> {
        struct Running<'a>(&'a AtomicBool);
        impl Drop for Running<'_> {
            fn drop(&mut self) {
                self.0.store(false, Ordering::Release);
            }
        }
        if self.runs.swap(true, Ordering::AcqRel) {
            return Err(io::Error::new(ErrorKind::AlreadyExists, "this server runs already"));
        }
        let _running = Running(&self.runs);
        Keeper::new(Arc::clone(&self.hub), Arc::clone(&self.stop)).await;
        Ok(())
    }
}

impl<R: Runtime> Drop for Server<R> {
    fn drop(&mut self) {
        self.hub.close();
    }
}

/// The daemon of a [`Server`], locked.
pub struct DaemonGuard<'a, R: Runtime> {
    // Dropped first.
    state: MutexGuard<'a, State>,
    _after: After<'a, R>,
}

/// Sees to what was changed.
struct After<'a, R: Runtime>(&'a Hub<R>);

impl<R: Runtime> Drop for After<'_, R> {
    fn drop(&mut self) {
        self.0.release(self.0.lock());
    }
}

impl<R: Runtime> Deref for DaemonGuard<'_, R> {
    type Target = Daemon<Shared>;

    fn deref(&self) -> &Daemon<Shared> {
        &self.state.daemon
    }
}

impl<R: Runtime> DerefMut for DaemonGuard<'_, R> {
    fn deref_mut(&mut self) -> &mut Daemon<Shared> {
        &mut self.state.daemon
    }
}
