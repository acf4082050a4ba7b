//! The server: a daemon, its sockets, and the loop around them.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Wake, Waker};
use std::time::{Duration, Instant};

use firesteel_proto::{Budget, Config, Daemon, Knock, Local, Location, Registry, SessionId, Shared, Uri, Verdict};

use crate::poller::{Poller, Ready};
use crate::scope;
use crate::sockets::{Attended, Sockets};
use crate::team::Team;
use firesteel_pump::{Foreign, seeded};
use firesteel_pump::{Listener, Socket};

/// How long calls that run when the server is stopped may take to end.
const GRACE: Duration = Duration::from_secs(5);
/// Events that one thread takes at once when it is alone.
const EVENTS: usize = 64;

/// Hosts the objects of a daemon on sockets.
///
/// [`run`](Self::run) serves on the calling thread. With [`Shared`] objects,
/// [`run_threads`](Server::run_threads) serves on several: calls of different connections run at
/// once, and a slow one holds nobody up.
pub struct Server<R: Registry = Local> {
    /// Objects are registered here.
    pub daemon: Daemon<R>,
    sockets: Sockets,
    stop: Arc<Stop>,
    /// Until when the leader of several threads waits.
    waits_until: Option<Instant>,
}

/// Ends a server, from any thread.
#[derive(Clone)]
pub struct Stopper(Arc<Stop>);

pub(crate) struct Stop {
    asked: AtomicBool,
    /// In milliseconds.
    grace: AtomicU64,
    poller: Arc<Poller>,
}

impl Stopper {
    /// The server takes no further connections and calls, lets those end that run (for five seconds
    /// at most), and returns from `run`.
    pub fn stop(&self) {
        self.stop_within(GRACE);
    }

    /// Like [`stop`](Self::stop), with another time for the calls that run.
    pub fn stop_within(&self, grace: Duration) {
        self.0.grace.store(u64::try_from(grace.as_millis()).unwrap_or(u64::MAX), Ordering::Release);
        self.0.asked.store(true, Ordering::Release);
        self.0.poller.notify();
    }
}

/// Wakes the loop for an answer that came from elsewhere.
impl Wake for Stop {
    fn wake(self: Arc<Self>) {
        self.poller.notify();
    }
}

impl<W> Server<Local<W>> {
    /// Listens on `host:port` (port 0: any that is free) or, for `./u:path`, on a unix socket.
    ///
    /// # Errors
    /// The address cannot be resolved or bound.
    pub fn bind(address: &str) -> io::Result<Self> {
        Self::bind_with(address, Config::default())
    }

    /// Listens with a config.
    ///
    /// # Errors
    /// As for [`bind`](Self::bind).
    pub fn bind_with(address: &str, config: Config) -> io::Result<Self> {
        let mut server = Self::unbound(config)?;
        server.listen(address)?;
        Ok(server)
    }

    /// Listens nowhere: for connected sockets that are [adopted](Self::adopt).
    ///
    /// # Errors
    /// The system's, when it has no descriptors left.
    pub fn unbound(config: Config) -> io::Result<Self> {
        Self::with_daemon(Daemon::new(Instant::now(), seeded(config)))
    }

    /// Serves on this thread, with a world that the methods see, until stopped.
    ///
    /// # Errors
    /// Waiting failed: the system's error.
    pub fn run_with(&mut self, world: &mut W) -> io::Result<()> {
        self.serve(world)
    }
}

impl Server<Shared> {
    /// Listens for calls of shared objects, with at most `workers` calls at once.
    ///
    /// # Errors
    /// As for [`Server::bind`].
    pub fn shared(address: &str, objects: &Shared, workers: usize) -> io::Result<Self> {
        Self::shared_with(address, objects, workers, Config::default())
    }

    /// Listens for calls of shared objects, with a config.
    ///
    /// # Errors
    /// As for [`Server::bind`].
    pub fn shared_with(address: &str, objects: &Shared, workers: usize, config: Config) -> io::Result<Self> {
        let mut server = Self::shared_unbound(objects, workers, config)?;
        server.listen(address)?;
        Ok(server)
    }

    /// Listens nowhere: for connected sockets that are [adopted](Self::adopt).
    ///
    /// # Errors
    /// As for [`Server::unbound`].
    pub fn shared_unbound(objects: &Shared, workers: usize, config: Config) -> io::Result<Self> {
        Self::with_daemon(Daemon::shared(Instant::now(), seeded(config), objects, workers))
    }

    /// Serves on `threads` threads, this one included, until stopped.
    ///
    /// One thread waits for the sockets and runs calls itself while they are short; another takes over
    /// as soon as they are not. Take one more thread than workers, so that somebody always waits.
    ///
    /// # Errors
    /// Waiting failed: the system's error. The other threads end too.
    pub fn run_threads(&mut self, threads: usize) -> io::Result<()> {
        Team::new(self).run(threads)
    }
}

impl<R: Registry> Server<R> {
    fn with_daemon(mut daemon: Daemon<R>) -> io::Result<Self> {
        let sockets = Sockets::new()?;
        let stop = Arc::new(Stop {
            asked: AtomicBool::new(false),
            grace: AtomicU64::new(0),
            poller: Arc::clone(sockets.poller()),
        });
        daemon.set_waker(Waker::from(Arc::clone(&stop)));
        daemon.set_scope(scope::swap);
        Ok(Self { daemon, sockets, stop, waits_until: None })
    }

    /// Listens on a further address. The first one is where published URIs point, unless [`Config::nat`] has another.
    ///
    /// # Errors
    /// As for [`Server::bind`]; also a unix socket where there is a NAT address.
    pub fn listen(&mut self, address: &str) -> io::Result<()> {
        let config = self.daemon.config();
        if config.nat.is_some() && address.starts_with("./u:") {
            let text = "a unix socket has no NAT address: leave out the NAT host, or listen on a port";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        config.check_server().map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let listener = Listener::bind(address, config.ip_version)?;
        let mut location = listener.location()?;
        // The name that the user chose is the one that clients can use; the port may be a free one.
        if let (Location::Tcp { host, .. }, Some((name, _))) = (&mut location, address.rsplit_once(':')) {
            *host = name.trim_start_matches('[').trim_end_matches(']').to_owned();
        }
        if self.daemon.config().location.is_none() {
            self.daemon.set_location(location);
        }
        self.sockets.listen(listener)
    }

    /// Serves a connected socket, such as one end of `UnixStream::pair()`.
    ///
    /// # Errors
    /// The daemon has as many sessions as it may, or the system's error.
    pub fn adopt(&mut self, socket: impl Into<Socket>) -> io::Result<SessionId> {
        self.sockets.adopt(&mut self.daemon, socket.into())
    }

    /// Where the first listener listens: `host:port`, or `./u:path`.
    pub fn local_addr(&self) -> Option<Location> {
        self.sockets.listeners().first()?.location().ok()
    }

    /// The URI of an object, at the NAT address where there is one; without a listener, one that nobody can connect to.
    pub fn uri(&self, object: &str) -> Uri {
        self.daemon
            .uri(object)
            .unwrap_or_else(|| Uri::pyro(object, Location::Tcp { host: "<<connected-socket>>".to_owned(), port: 0 }))
    }

    /// Has every handshake looked at; see [`Daemon::set_gatekeeper`].
    pub fn set_gatekeeper<V: Into<Verdict>>(&mut self, gatekeeper: impl FnMut(&Knock<'_>) -> V + Send + 'static) {
        self.daemon.set_gatekeeper(gatekeeper);
    }

    /// Takes connections that speak another protocol, such as HTTP on the same port: see
    /// [`OnePort`](firesteel_proto::OnePort) for what tells them apart. Without this, they are closed.
    ///
    /// It runs on the thread that serves the sockets, which waits meanwhile: give the connection to another thread. Its
    /// socket waits, as sockets do.
    pub fn set_foreign(&mut self, take: impl FnMut(Foreign<Socket>) + Send + 'static) {
        self.sockets.set_foreign(Box::new(take));
    }

    /// Ends the server from elsewhere.
    pub fn stopper(&self) -> Stopper {
        Stopper(Arc::clone(&self.stop))
    }

    fn serve(&mut self, world: &mut R::World) -> io::Result<()> {
        let poller = Arc::clone(self.sockets.poller());
        let mut ready = Vec::with_capacity(EVENTS);
        while !self.is_over() {
            poller.wait(&mut ready, EVENTS, self.timeout())?;
            let now = Instant::now();
            self.receive(&mut ready, now);
            self.daemon.dispatch(now, world, Budget::calls(EVENTS));
            self.flush(Instant::now());
        }
        self.end(world);
        Ok(())
    }

    /// It is over: sees to what belonged to the last sessions.
    pub(crate) fn end(&mut self, world: &mut R::World) {
        self.daemon.dispatch(Instant::now(), world, Budget::calls(0));
    }

    /// Everything up to where user code runs: sockets that are ready, and time.
    pub(crate) fn receive(&mut self, ready: &mut Vec<Ready>, now: Instant) {
        for event in ready.drain(..) {
            self.sockets.handle(&mut self.daemon, event, now);
        }
        self.daemon.handle_timeout(now);
    }

    /// Sends what there is to send.
    pub(crate) fn flush(&mut self, now: Instant) {
        self.sockets.flush(&mut self.daemon, now);
    }

    pub(crate) fn poller(&self) -> &Arc<Poller> {
        self.sockets.poller()
    }

    /// When there is something to do without anything happening.
    fn next_time(&self) -> Option<Instant> {
        [self.daemon.poll_timeout(), self.sockets.poll_timeout()].into_iter().flatten().min()
    }

    /// How long to wait.
    fn timeout(&self) -> Option<Duration> {
        Some(self.next_time()?.saturating_duration_since(Instant::now()))
    }

    /// How long the leader of several threads is to wait, from now on.
    pub(crate) fn time_to_wait(&mut self) -> Option<Duration> {
        self.waits_until = self.next_time();
        Some(self.waits_until?.saturating_duration_since(Instant::now()))
    }

    /// True when the leader waits for too long.
    pub(crate) fn has_news_for_leader(&self) -> bool {
        self.next_time().is_some_and(|next| self.waits_until.is_none_or(|until| next < until))
    }

    /// See [`Sockets::attend`].
    pub(crate) fn attend(&mut self, token: u64) -> Option<Attended> {
        self.sockets.attend(token)
    }

    /// See [`Sockets::attended`].
    pub(crate) fn attended(&mut self, session: &Attended, received: io::Result<&[u8]>, now: Instant) -> bool {
        let stays = self.sockets.attended(&mut self.daemon, session, received, now);
        self.daemon.handle_timeout(now);
        stays
    }

    /// See [`Sockets::only_reads`].
    pub(crate) fn only_reads(&mut self, session: &Attended) -> bool {
        self.sockets.only_reads(&mut self.daemon, session)
    }

    /// See [`Sockets::dismiss`].
    pub(crate) fn dismiss(&mut self, session: &Attended, now: Instant) {
        self.sockets.dismiss(&mut self.daemon, session, now);
    }

    /// Begins the shutdown with the next step.
    pub(crate) fn ask_to_stop(&self) {
        self.stop.asked.store(true, Ordering::Release);
    }

    /// True when there is nothing left to serve; begins the shutdown when that was asked for.
    pub(crate) fn is_over(&mut self) -> bool {
        if self.stop.asked.load(Ordering::Relaxed) && self.stop.asked.swap(false, Ordering::AcqRel) {
            self.sockets.close_listeners();
            let now = Instant::now();
            let grace = Duration::from_millis(self.stop.grace.load(Ordering::Acquire));
            self.daemon.shutdown(now, grace);
            self.flush(now);
        }
        let deserted = self.sockets.listeners().is_empty() && self.daemon.is_idle();
        self.daemon.is_drained() || deserted
    }
}

impl<R: Registry<World = ()>> Server<R> {
    /// Serves on this thread until stopped. A server without listeners ends once it
    /// is [idle](Daemon::is_idle): with its last session.
    ///
    /// # Errors
    /// Waiting failed: the system's error.
    pub fn run(&mut self) -> io::Result<()> {
        self.serve(&mut ())
    }
}
