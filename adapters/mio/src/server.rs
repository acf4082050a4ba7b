//! The server: a daemon and its sockets.

use std::io::{self, ErrorKind};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Wake;
use std::time::{Duration, Instant};

use firesteel_proto::{
    Budget, Config, Daemon, DaemonEvent, Dispatched, Local, Location, Peer, Registry, SessionId, Shared, Uri,
};
use mio::event::Event;
use mio::{Events, Poll, Token, Waker};

use crate::socket::{Socket, Step, Watched, deregister, register};
use firesteel_pump::{Foreign, Listener, detach, seeded};

/// How long calls that run when the server is stopped may take to end.
const GRACE: Duration = Duration::from_secs(5);
/// Connections accepted in one go.
const ACCEPTS: usize = 64;
/// How long listeners rest when the system has no more descriptors or memory.
const REST: Duration = Duration::from_millis(100);
/// Events that [`Server::run`] takes at once, and calls that it runs then.
const EVENTS: usize = 64;

/// Hosts the objects of a daemon on a poll of yours.
pub struct Server<R: Registry = Local> {
    /// Objects are registered here. Its events are taken by [`step`](Self::step).
    pub daemon: Daemon<R>,
    registry: mio::Registry,
    /// Sessions take tokens from the start, by their index, listeners from the end.
    tokens: Range<usize>,
    listeners: Vec<Listener>,
    sessions: Vec<Option<(SessionId, Watched)>>,
    /// Listeners accept again then.
    resting: Option<Instant>,
    /// When the first event of this turn came: all of a turn's take that time, as asking the clock costs.
    turn: Option<Instant>,
    stop: Arc<Stop>,
    /// Takes connections that speak another protocol.
    foreign: Option<TakeForeign>,
}

type TakeForeign = Box<dyn FnMut(Foreign<Socket>) + Send>;

/// Ends a server, from any thread.
#[derive(Clone)]
pub struct Stopper(Arc<Stop>);

struct Stop {
    asked: AtomicBool,
    /// In milliseconds.
    grace: AtomicU64,
    waker: Arc<Waker>,
}

impl Stopper {
    /// The server takes no further connections and calls, lets those end that run (for five seconds at most), and is
    /// [over](Server::is_over) then.
    pub fn stop(&self) {
        self.stop_within(GRACE);
    }

    /// Like [`stop`](Self::stop), with another time for the calls that run.
    pub fn stop_within(&self, grace: Duration) {
        self.0.grace.store(u64::try_from(grace.as_millis()).unwrap_or(u64::MAX), Ordering::Release);
        self.0.asked.store(true, Ordering::Release);
        self.0.notify();
    }
}

impl Stop {
    fn notify(&self) {
        // It fails only where the poll is gone, and then nobody waits.
        let _ = self.waker.wake();
    }
}

/// Wakes the loop for an answer that came from elsewhere.
impl Wake for Stop {
    fn wake(self: Arc<Self>) {
        self.notify();
    }
}

impl<W> Server<Local<W>> {
    /// A server on a poll: see the [crate's documentation](crate) for tokens and waker.
    ///
    /// # Errors
    /// The system's, when it has no descriptors left.
    pub fn new(registry: &mio::Registry, tokens: Range<usize>, waker: Arc<Waker>, config: Config) -> io::Result<Self> {
        Self::with_daemon(registry, tokens, waker, Daemon::new(Instant::now(), seeded(config)))
    }

    /// Listens on `host:port` (port 0: any that is free) or, for `./u:path`, on a unix socket, with a poll of its own
    /// to [run](Self::run) on.
    ///
    /// # Errors
    /// The address cannot be resolved or bound, or the system has no descriptors left.
    pub fn bind(address: &str, config: Config) -> io::Result<(Poll, Self)> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), Token(0))?);
        let mut server = Self::new(poll.registry(), 1..usize::MAX, waker, config)?;
        server.listen(address)?;
        Ok((poll, server))
    }

    /// Serves on this thread, with a world that the methods see, until stopped.
    ///
    /// # Errors
    /// Waiting failed: the system's error.
    pub fn run_with(&mut self, poll: &mut Poll, world: &mut W) -> io::Result<()> {
        self.serve(poll, world)
    }
}

impl Server<Shared> {
    /// A server of shared objects, with at most `workers` calls at once. [`step`](Self::step) runs calls on the thread
    /// of the loop; for other threads, take jobs with `Daemon::next_job` before it.
    ///
    /// # Errors
    /// As for [`Server::new`].
    pub fn shared(
        registry: &mio::Registry,
        tokens: Range<usize>,
        waker: Arc<Waker>,
        objects: &Shared,
        workers: usize,
        config: Config,
    ) -> io::Result<Self> {
        Self::with_daemon(registry, tokens, waker, Daemon::shared(Instant::now(), seeded(config), objects, workers))
    }
}

impl<R: Registry> Server<R> {
    fn with_daemon(
        registry: &mio::Registry,
        tokens: Range<usize>,
        waker: Arc<Waker>,
        mut daemon: Daemon<R>,
    ) -> io::Result<Self> {
        let stop = Arc::new(Stop { asked: AtomicBool::new(false), grace: AtomicU64::new(0), waker });
        daemon.set_waker(Arc::clone(&stop).into());
        let registry = registry.try_clone()?;
        Ok(Self {
            daemon,
            registry,
            tokens,
            listeners: Vec::new(),
            sessions: Vec::new(),
            resting: None,
            turn: None,
            stop,
            foreign: None,
        })
    }

    /// Listens on an address. The first one is where URIs point, unless the config has a location.
    ///
    /// # Errors
    /// The address cannot be resolved or bound, or there is no token for it; a unix socket where there is a NAT address.
    pub fn listen(&mut self, address: &str) -> io::Result<()> {
        let config = self.daemon.config();
        if config.nat.is_some() && address.starts_with("./u:") {
            let text = "a unix socket has no NAT address: leave out the NAT host, or listen on a port";
            return Err(io::Error::new(ErrorKind::InvalidInput, text));
        }
        config.check_server().map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
        let Some(token) = self.listener_token(self.listeners.len()) else { return Err(no_token()) };
        let listener = Listener::bind(address, config.ip_version)?;
        register(&listener, &self.registry, token)?;
        if config.location.is_none() {
            let mut location = listener.location()?;
            // The name that the user chose is the one that clients can use; the port may be a free one.
            if let (Location::Tcp { host, .. }, Some((name, _))) = (&mut location, address.rsplit_once(':')) {
                *host = name.trim_start_matches('[').trim_end_matches(']').to_owned();
            }
            self.daemon.set_location(location);
        }
        self.listeners.push(listener);
        Ok(())
    }

    /// Serves a connected socket, such as one end of `UnixStream::pair()`.
    ///
    /// # Errors
    /// The daemon has as many sessions as it may, or is shutting down; there is no token for it; or the system's error.
    pub fn adopt(&mut self, socket: impl Into<Socket>) -> io::Result<SessionId> {
        let socket = socket.into();
        let peer = socket.given_peer();
        self.open(socket, peer)
    }

    /// Where the first listener listens.
    pub fn local_addr(&self) -> Option<Location> {
        self.listeners.first()?.location().ok()
    }

    /// The URI of an object; `None` without a listener.
    pub fn uri(&self, object: &str) -> Option<Uri> {
        self.daemon.uri(object)
    }

    /// Takes connections that speak another protocol, such as HTTP on the same port: see
    /// [`OnePort`](firesteel_proto::OnePort) for what tells them apart. Without this, they are closed.
    ///
    /// It runs in [`step`](Self::step). The socket is not registered any more, and does not wait.
    pub fn set_foreign(&mut self, take: impl FnMut(Foreign<Socket>) + Send + 'static) {
        self.foreign = Some(Box::new(take));
    }

    /// Ends the server from elsewhere.
    pub fn stopper(&self) -> Stopper {
        Stopper(Arc::clone(&self.stop))
    }

    /// Takes an event; false when its token is none of this server's. Runs no user code.
    pub fn handle_event(&mut self, event: &Event) -> bool {
        let Token(token) = event.token();
        if !self.tokens.contains(&token) {
            return false;
        }
        let from_end = self.tokens.end - 1 - token;
        if from_end < self.listeners.len() {
            self.accept(from_end);
        } else {
            let now = *self.turn.get_or_insert_with(Instant::now);
            self.pump(token - self.tokens.start, Step::of(event), now);
        }
        true
    }

    /// Does what is due, runs up to `budget` calls, and sends the answers: once after the events of each poll, also
    /// when there were none.
    pub fn step(&mut self, world: &mut R::World, budget: Budget) -> Dispatched {
        let now = self.turn.take().unwrap_or_else(Instant::now);
        if self.stop.asked.swap(false, Ordering::AcqRel) {
            self.close_listeners();
            self.daemon.shutdown(now, Duration::from_millis(self.stop.grace.load(Ordering::Acquire)));
        }
        if self.resting.is_some_and(|until| until <= now) {
            self.resting = None;
            (0..self.listeners.len()).for_each(|at| self.accept(at));
        }
        self.daemon.handle_timeout(now);
        let dispatched = self.daemon.dispatch(now, world, budget);
        while let Some(id) = self.daemon.poll_session() {
            self.pump(id.index(), Step::Send, now);
        }
        while let Some(event) = self.daemon.poll_event() {
            match event {
                DaemonEvent::Closed { session, .. } => {
                    if let Some(watched) = self.take(session) {
                        watched.close(&self.registry);
                    }
                }
                DaemonEvent::Foreign { session, protocol } => self.hand_back(session, protocol),
                _ => {}
            }
        }
        dispatched
    }

    fn take(&mut self, session: SessionId) -> Option<Watched> {
        let (_, watched) = self.sessions.get_mut(session.index())?.take_if(|(id, _)| *id == session)?;
        Some(watched)
    }

    /// Gives the socket of a session to whoever speaks its protocol; closes it where nobody does.
    fn hand_back(&mut self, id: SessionId, protocol: &'static str) {
        if let Some((peer, detached)) = detach(&mut self.daemon, id, self.foreign.is_some())
            && let Some(watched) = self.take(id)
            && let Some(take) = &mut self.foreign
        {
            take(Foreign::new(watched.into_socket(&self.registry), peer, protocol, detached));
        }
    }

    /// How long to wait at most, for `Poll::poll`; the shortest of several wins, and `None` waits for events.
    pub fn timeout(&self) -> Option<Duration> {
        let next = [self.daemon.poll_timeout(), self.resting].into_iter().flatten().min()?;
        Some(next.saturating_duration_since(Instant::now()))
    }

    /// True once it was stopped, all is sent and every socket closed.
    pub fn is_over(&self) -> bool {
        self.daemon.is_drained()
    }

    fn serve(&mut self, poll: &mut Poll, world: &mut R::World) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        while !self.is_over() && (!self.listeners.is_empty() || !self.daemon.is_idle()) {
            match poll.poll(&mut events, self.timeout()) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            for event in &events {
                self.handle_event(event);
            }
            self.step(world, Budget::calls(EVENTS));
        }
        // Sees to what belonged to the last sessions.
        self.step(world, Budget::calls(0));
        Ok(())
    }

    fn listener_token(&self, at: usize) -> Option<Token> {
        self.tokens.end.checked_sub(1 + at).filter(|token| *token >= self.tokens.start).map(Token)
    }

    fn close_listeners(&mut self) {
        self.resting = None;
        for listener in self.listeners.drain(..) {
            deregister(&listener, &self.registry);
        }
    }

    /// Accepts until nobody waits: there is no other edge for those who came before.
    fn accept(&mut self, at: usize) {
        for _ in 0..ACCEPTS {
            match self.listeners[at].accept() {
                // A refused client sees its connection closed, as does one whose socket is dead already.
                Ok((socket, peer)) => drop(self.open(socket.into(), peer)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // The client is gone already.
                Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionAborted) => {}
                Err(_) => {
                    // No descriptors or memory left: try again when some may have come free.
                    self.resting = Some(Instant::now() + REST);
                    return;
                }
            }
        }
        // More may wait, and the edge is used up.
        self.resting = Some(Instant::now());
    }

    fn open(&mut self, socket: Socket, peer: Peer) -> io::Result<SessionId> {
        let id = self.daemon.open(Instant::now(), peer, None).map_err(io::Error::other)?;
        let token = self.tokens.start.saturating_add(id.index());
        let watched = if token >= self.tokens.end.saturating_sub(self.listeners.len()) {
            Err(no_token())
        } else {
            Watched::new(socket, &self.registry, Token(token))
        };
        match watched {
            Ok(watched) => {
                if self.sessions.len() <= id.index() {
                    self.sessions.resize_with(id.index() + 1, || None);
                }
                self.sessions[id.index()] = Some((id, watched));
                Ok(id)
            }
            Err(error) => {
                if let Some(mut session) = self.daemon.session(id) {
                    firesteel_proto::Machine::handle_error(&mut session, Instant::now());
                }
                Err(error)
            }
        }
    }

    fn pump(&mut self, index: usize, how: Step, now: Instant) {
        if let Some(Some((id, watched))) = self.sessions.get_mut(index)
            && let Some(session) = self.daemon.session(*id)
        {
            watched.step(session, how, now);
        }
    }
}

impl<R: Registry<World = ()>> Server<R> {
    /// Serves on this thread until stopped: the loop for who has none. A server without listeners ends once it
    /// is [idle](Daemon::is_idle): with its last session. Events of other tokens are dropped.
    ///
    /// # Errors
    /// Waiting failed: the system's error.
    pub fn run(&mut self, poll: &mut Poll) -> io::Result<()> {
        self.serve(poll, &mut ())
    }
}

impl<R: Registry> Drop for Server<R> {
    /// Leaves nothing behind in the poll.
    fn drop(&mut self) {
        self.close_listeners();
        for (_, watched) in self.sessions.drain(..).flatten() {
            watched.close(&self.registry);
        }
    }
}

pub(crate) fn no_token() -> io::Error {
    io::Error::new(ErrorKind::OutOfMemory, "no token is left for another socket: give a larger range")
}
