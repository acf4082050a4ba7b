//! The client: connections on a poll of yours.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use firesteel_proto::{Config, ConnId, IpVersion, Layer, ProxyEvent, ProxyId, Target};
use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};

use crate::server::no_token;
use crate::socket::{Socket, Step, Watched};
use firesteel_pump::{Broadcasts, addresses, seeded};

/// When a unix socket whose listener's queue was full is tried again.
const PAUSE: Duration = Duration::from_millis(5);

/// Calls remote objects from a loop of yours.
///
/// Calls are made on [`calls`](Self::calls); [`handle_event`](Self::handle_event) and [`step`](Self::step) move their
/// bytes, and [`poll_event`](Self::poll_event) has their ends.
pub struct Client {
    /// Proxies and calls. Take its events and sockets with the methods of this type, which needs to see them.
    pub calls: firesteel_proto::Client,
    registry: Registry,
    tokens: Range<usize>,
    /// By the token's place in the range.
    links: Vec<Option<(ConnId, Link)>>,
    version: IpVersion,
    /// For what looks for name servers.
    broadcasts: Broadcasts,
    /// The place of its socket's token.
    ear: Option<usize>,
}

/// A connection's socket.
enum Link {
    /// TCP, on its way; with the addresses that are tried after that.
    Connecting(Watched, std::vec::IntoIter<SocketAddr>),
    /// A unix socket whose listener is asked again then, as its queue was full.
    Knocking(PathBuf, Instant),
    Connected(Watched),
}

impl Client {
    /// A client without connections: each is opened by the first call of a proxy, and takes one of `tokens`.
    ///
    /// # Errors
    /// The system's, when it has no descriptors left.
    pub fn new(registry: &Registry, tokens: Range<usize>, config: Config) -> io::Result<Self> {
        let version = config.ip_version;
        let mut calls = firesteel_proto::Client::new(Instant::now(), seeded(config));
        let broadcasts = Broadcasts::new(&mut calls);
        let registry = registry.try_clone()?;
        Ok(Self { calls, registry, tokens, links: Vec::new(), version, broadcasts, ear: None })
    }

    /// A proxy on a connected socket, such as one end of `UnixStream::pair()`. There is no handshake.
    ///
    /// # Errors
    /// There is no token for it; a TCP socket under a config with TLS: see [`adopt_over`](Self::adopt_over); or the
    /// system's error.
    pub fn adopt(&mut self, object: &str, socket: impl Into<Socket>) -> io::Result<ProxyId> {
        let socket = socket.into();
        let checked = self.calls.config().check_adopted(matches!(socket, Socket::Unix(_)));
        checked.map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
        self.adopt_with(object, socket, None)
    }

    /// The same through a layer, such as a client's end of TLS.
    ///
    /// # Errors
    /// There is no token for it, or the system's error.
    pub fn adopt_over(
        &mut self,
        object: &str,
        socket: impl Into<Socket>,
        layer: Box<dyn Layer>,
    ) -> io::Result<ProxyId> {
        self.adopt_with(object, socket.into(), Some(layer))
    }

    fn adopt_with(&mut self, object: &str, socket: Socket, layer: Option<Box<dyn Layer>>) -> io::Result<ProxyId> {
        let (at, token) = self.place()?;
        let watched = Watched::new(socket, &self.registry, token)?;
        let (connection, proxy) = self.calls.adopt(Instant::now(), object, layer);
        self.links[at] = Some((connection, Link::Connected(watched)));
        Ok(proxy)
    }

    /// Takes an event; false when its token is none of this client's.
    pub fn handle_event(&mut self, event: &Event) -> bool {
        let Token(token) = event.token();
        if !self.tokens.contains(&token) {
            return false;
        }
        let at = token - self.tokens.start;
        if self.ear == Some(at) {
            self.broadcasts.step(&mut self.calls, Instant::now());
            return true;
        }
        match self.links.get_mut(at) {
            Some(Some((id, Link::Connected(watched)))) => {
                if let Some(connection) = self.calls.connection(*id) {
                    watched.step(connection, Step::of(event), Instant::now());
                }
            }
            Some(Some((_, Link::Connecting(..)))) => self.go_on(at),
            _ => {}
        }
        true
    }

    /// Connects, does what is due, and sends calls: once after the events of each poll, also when there were none.
    ///
    /// The name of a host is looked up where a connection is opened, and that may take time: use addresses where the
    /// loop must not wait.
    pub fn step(&mut self) {
        while let Some((id, target)) = self.calls.poll_connect() {
            // It may be asked for again under its old name.
            self.forget(id);
            let link = self.place().and_then(|(at, token)| Ok((at, self.open(token, target)?)));
            match link {
                Ok((at, link)) => self.put(at, id, link),
                Err(error) => self.calls.failed(Instant::now(), id, error),
            }
        }
        let now = Instant::now();
        for at in 0..self.links.len() {
            if matches!(self.links[at], Some((_, Link::Knocking(_, until))) if until <= now) {
                self.go_on(at);
            }
        }
        self.calls.handle_timeout(now);
        self.broadcast(now);
        while let Some(id) = self.calls.poll_connection() {
            if let Some((_, Link::Connected(watched))) = self.links.iter_mut().flatten().find(|(held, _)| *held == id)
                && let Some(connection) = self.calls.connection(id)
            {
                watched.step(connection, Step::Send, now);
            }
        }
    }

    /// The next thing that happened: the end of a call, or of a connection. Take all of them after each step.
    pub fn poll_event(&mut self) -> Option<ProxyEvent> {
        let event = self.calls.poll_event()?;
        if let ProxyEvent::Closed { connection, .. } = event {
            self.forget(connection);
        }
        Some(event)
    }

    /// How long to wait at most, for `Poll::poll`; the shortest of several wins, and `None` waits for events.
    pub fn timeout(&self) -> Option<Duration> {
        let knocks = self.links.iter().flatten().filter_map(|(_, link)| match link {
            Link::Knocking(_, until) => Some(*until),
            _ => None,
        });
        let next = knocks.chain(self.calls.poll_timeout()).min()?;
        Some(next.saturating_duration_since(Instant::now()))
    }

    /// A free place among the tokens.
    fn place(&mut self) -> io::Result<(usize, Token)> {
        let ear = self.ear;
        let is_free = |(at, link): (usize, &Option<_>)| link.is_none() && Some(at) != ear;
        let free = self.links.iter().enumerate().position(is_free).unwrap_or(self.links.len());
        if free >= self.tokens.len() {
            return Err(no_token());
        }
        if free == self.links.len() {
            self.links.push(None);
        }
        Ok((free, Token(self.tokens.start + free)))
    }

    /// Sends and takes datagrams. Without a token for their socket, they are taken when their time is over.
    fn broadcast(&mut self, now: Instant) {
        self.broadcasts.step(&mut self.calls, now);
        match (self.broadcasts.socket().map(AsRawFd::as_raw_fd), self.ear) {
            (Some(socket), None) => {
                if let Ok((at, token)) = self.place()
                    && self.registry.register(&mut SourceFd(&socket), token, Interest::READABLE).is_ok()
                {
                    self.ear = Some(at);
                }
            }
            // Closed, it has left the poll by itself.
            (None, Some(_)) => self.ear = None,
            _ => {}
        }
    }

    fn open(&self, token: Token, target: Target) -> io::Result<Link> {
        match target {
            Target::Unix(path) => self.knock(token, path),
            Target::Tcp { host, port } => {
                self.try_next(token, addresses(&host, port, self.version)?.into_iter(), ErrorKind::NotFound.into())
            }
        }
    }

    /// Begins with the first address that does not fail at once.
    fn try_next(
        &self,
        token: Token,
        mut addresses: std::vec::IntoIter<SocketAddr>,
        mut last: io::Error,
    ) -> io::Result<Link> {
        while let Some(address) = addresses.next() {
            match Socket::connect_tcp(address) {
                Ok(socket) => return Ok(Link::Connecting(Watched::new(socket, &self.registry, token)?, addresses)),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn knock(&self, token: Token, path: PathBuf) -> io::Result<Link> {
        match Socket::connect_unix(&path) {
            Ok(socket) => Ok(Link::Connected(Watched::new(socket, &self.registry, token)?)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Link::Knocking(path, Instant::now() + PAUSE)),
            Err(error) => Err(error),
        }
    }

    /// Looks how far a connection has come.
    fn go_on(&mut self, at: usize) {
        let Some((id, link)) = self.links[at].take() else { return };
        let token = Token(self.tokens.start + at);
        let link = match link {
            Link::Connecting(watched, addresses) => match watched.socket().is_connected() {
                Ok(true) => Ok(Link::Connected(watched)),
                Ok(false) => Ok(Link::Connecting(watched, addresses)),
                Err(error) => {
                    watched.close(&self.registry);
                    self.try_next(token, addresses, error)
                }
            },
            Link::Knocking(path, _) => self.knock(token, path),
            connected @ Link::Connected(_) => Ok(connected),
        };
        match link {
            Ok(link) => self.put(at, id, link),
            Err(error) => self.calls.failed(Instant::now(), id, error),
        }
    }

    fn put(&mut self, at: usize, id: ConnId, link: Link) {
        if let Link::Connected(_) = link {
            self.calls.connected(Instant::now(), id, None);
        }
        self.links[at] = Some((id, link));
    }

    fn forget(&mut self, connection: ConnId) {
        for slot in &mut self.links {
            if let Some((_, link)) = slot.take_if(|(held, _)| *held == connection) {
                link.close(&self.registry);
            }
        }
    }
}

impl Drop for Client {
    /// Leaves nothing behind in the poll.
    fn drop(&mut self) {
        for (_, link) in self.links.drain(..).flatten() {
            link.close(&self.registry);
        }
        if let (Some(socket), Some(_)) = (self.broadcasts.socket(), self.ear) {
            // It fails where it has left already.
            let _ = self.registry.deregister(&mut SourceFd(&socket.as_raw_fd()));
        }
    }
}

impl Link {
    fn close(self, registry: &Registry) {
        match self {
            Self::Connecting(watched, _) | Self::Connected(watched) => watched.close(registry),
            Self::Knocking(..) => {}
        }
    }
}
