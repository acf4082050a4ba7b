//! The server: a daemon and its sockets.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use firesteel_proto::{Budget, Config, Daemon, DaemonEvent, Dispatched, Local, Location, Peer, SessionId, Uri};

use crate::socket::{flush, pump};
use firesteel_pump::{Foreign, Listener, Socket, detach, seeded};

/// Connections that a listener accepts in one tick.
const ACCEPTS: usize = 64;

/// Hosts the objects of a daemon on sockets, a tick at a time.
pub struct Server<W = ()> {
    /// Objects are registered here. Its events are taken by [`tick`](Self::tick).
    pub daemon: Daemon<Local<W>>,
    listeners: Vec<Listener>,
    /// By the session's index.
    sessions: Vec<Option<(SessionId, Socket)>>,
    /// Takes connections that speak another protocol.
    foreign: Option<TakeForeign>,
}

type TakeForeign = Box<dyn FnMut(Foreign<Socket>) + Send>;

impl<W> Server<W> {
    /// Listens nowhere: for sockets that are [adopted](Self::adopt), or before [`listen`](Self::listen).
    pub fn new(now: Instant, config: Config) -> Self {
        let daemon = Daemon::new(now, seeded(config));
        Self { daemon, listeners: Vec::new(), sessions: Vec::new(), foreign: None }
    }

    /// Listens on `host:port` (port 0: any that is free) or, for `./u:path`, on a unix socket.
    ///
    /// # Errors
    /// As for [`listen`](Self::listen).
    pub fn bind(now: Instant, address: &str, config: Config) -> io::Result<Self> {
        let mut server = Self::new(now, config);
        server.listen(address)?;
        Ok(server)
    }

    /// Listens on a further address. The first one is where URIs point, unless the config has a location.
    ///
    /// # Errors
    /// The address cannot be resolved or bound; a unix socket where there is a NAT address.
    pub fn listen(&mut self, address: &str) -> io::Result<()> {
        let config = self.daemon.config();
        if config.nat.is_some() && address.starts_with("./u:") {
            let text = "a unix socket has no NAT address: leave out the NAT host, or listen on a port";
            return Err(io::Error::new(ErrorKind::InvalidInput, text));
        }
        config.check_server().map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
        let listener = Listener::bind(address, config.ip_version)?;
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
    /// The daemon has as many sessions as it may, or is shutting down; or the system's error.
    pub fn adopt(&mut self, now: Instant, socket: impl Into<Socket>) -> io::Result<SessionId> {
        let socket = socket.into();
        let peer = socket.given_peer();
        self.open(now, socket, peer)
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
    /// It runs in [`tick`](Self::tick). The socket does not wait.
    pub fn set_foreign(&mut self, take: impl FnMut(Foreign<Socket>) + Send + 'static) {
        self.foreign = Some(Box::new(take));
    }

    /// Does what can be done without waiting: lets clients in, takes what they sent, runs up to `budget` calls, and
    /// sends the answers.
    pub fn tick(&mut self, now: Instant, world: &mut W, budget: Budget) -> Dispatched {
        for at in 0..self.listeners.len() {
            self.accept(now, at);
        }
        for (id, socket) in self.sessions.iter().flatten() {
            if let Some(session) = self.daemon.session(*id) {
                pump(socket, session, now);
            }
        }
        self.daemon.handle_timeout(now);
        let dispatched = self.daemon.dispatch(now, world, budget);
        self.flush(now);
        dispatched
    }

    /// Takes no further connections and calls. Calls that are not answered yet have `grace` for it: go on with ticks
    /// until it [is over](Self::is_over).
    pub fn shutdown(&mut self, now: Instant, grace: Duration) {
        self.listeners.clear();
        self.daemon.shutdown(now, grace);
    }

    /// True after a shutdown, once all is sent and every socket closed.
    pub fn is_over(&self) -> bool {
        self.daemon.is_drained()
    }

    fn accept(&mut self, now: Instant, at: usize) {
        for _ in 0..ACCEPTS {
            match self.listeners[at].accept() {
                // A refused client sees its connection closed, as does one whose socket is dead already.
                Ok((socket, peer)) => drop(self.open(now, socket, peer)),
                // The client is gone already.
                Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionAborted) => {}
                // Nobody is there; or the system has no more descriptors or memory, and some may be free in the next tick.
                Err(_) => return,
            }
        }
    }

    fn open(&mut self, now: Instant, socket: Socket, peer: Peer) -> io::Result<SessionId> {
        socket.set_nonblocking(true)?;
        let id = self.daemon.open(now, peer, None).map_err(io::Error::other)?;
        if self.sessions.len() <= id.index() {
            self.sessions.resize_with(id.index() + 1, || None);
        }
        self.sessions[id.index()] = Some((id, socket));
        Ok(id)
    }

    /// Sends what sessions have, and drops the sockets of those that have ended.
    fn flush(&mut self, now: Instant) {
        while let Some(id) = self.daemon.poll_session() {
            // What may be read again is read in the next tick.
            if let Some(Some((held, socket))) = self.sessions.get(id.index())
                && *held == id
                && let Some(session) = self.daemon.session(id)
            {
                flush(socket, session, now);
            }
        }
        while let Some(event) = self.daemon.poll_event() {
            match event {
                DaemonEvent::Closed { session, .. } => drop(self.take(session)),
                DaemonEvent::Foreign { session, protocol } => self.hand_back(session, protocol),
                _ => {}
            }
        }
    }

    fn take(&mut self, session: SessionId) -> Option<Socket> {
        let (_, socket) = self.sessions.get_mut(session.index())?.take_if(|(id, _)| *id == session)?;
        Some(socket)
    }

    /// Gives the socket of a session to whoever speaks its protocol; closes it where nobody does.
    fn hand_back(&mut self, id: SessionId, protocol: &'static str) {
        if let Some((peer, detached)) = detach(&mut self.daemon, id, self.foreign.is_some())
            && let Some(socket) = self.take(id)
            && let Some(take) = &mut self.foreign
        {
            take(Foreign::new(socket, peer, protocol, detached));
        }
    }
}
