//! The client: connections that are opened and polled in ticks.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Instant;

use firesteel_proto::{Config, ConnId, Layer, ProxyEvent, ProxyId, Target};

use crate::socket::{Progress, connect_tcp, connect_unix, flush, progress, pump};
use firesteel_pump::{Broadcasts, Socket, addresses, seeded};

/// Calls remote objects without waiting for them.
///
/// Calls are made on [`calls`](Self::calls); [`tick`](Self::tick) moves their bytes, and [`poll_event`](Self::poll_event)
/// has their ends.
pub struct Client {
    /// Proxies and calls. Take its events and sockets with the methods of this type, which needs to see them.
    pub calls: firesteel_proto::Client,
    links: Vec<(ConnId, Link)>,
    version: firesteel_proto::IpVersion,
    /// For what looks for name servers.
    broadcasts: Broadcasts,
}

/// A connection's socket.
enum Link {
    /// TCP, on its way; with the addresses that are tried after that.
    Connecting(Socket, std::vec::IntoIter<SocketAddr>),
    /// A unix socket whose listener is asked again, as its queue was full.
    Knocking(PathBuf),
    Connected(Socket),
}

impl Client {
    /// A client without connections: each is opened by the first call of a proxy.
    pub fn new(now: Instant, config: Config) -> Self {
        let version = config.ip_version;
        let mut calls = firesteel_proto::Client::new(now, seeded(config));
        let broadcasts = Broadcasts::new(&mut calls);
        Self { calls, links: Vec::new(), version, broadcasts }
    }

    /// A proxy on a connected socket, such as one end of `UnixStream::pair()`. There is no handshake.
    ///
    /// # Errors
    /// The system's: the socket cannot be set not to wait. Also a TCP socket under a config with TLS: see
    /// [`adopt_over`](Self::adopt_over).
    pub fn adopt(&mut self, now: Instant, object: &str, socket: impl Into<Socket>) -> io::Result<ProxyId> {
        let socket = socket.into();
        let checked = self.calls.config().check_adopted(matches!(socket, Socket::Unix(_)));
        checked.map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
        self.adopt_with(now, object, socket, None)
    }

    /// The same through a layer, such as a client's end of TLS.
    ///
    /// # Errors
    /// The system's: the socket cannot be set not to wait.
    pub fn adopt_over(
        &mut self,
        now: Instant,
        object: &str,
        socket: impl Into<Socket>,
        layer: Box<dyn Layer>,
    ) -> io::Result<ProxyId> {
        self.adopt_with(now, object, socket.into(), Some(layer))
    }

    fn adopt_with(
        &mut self,
        now: Instant,
        object: &str,
        socket: Socket,
        layer: Option<Box<dyn Layer>>,
    ) -> io::Result<ProxyId> {
        socket.set_nonblocking(true)?;
        let (connection, proxy) = self.calls.adopt(now, object, layer);
        self.links.push((connection, Link::Connected(socket)));
        Ok(proxy)
    }

    /// Does what can be done without waiting: connects, sends calls, takes answers.
    ///
    /// The name of a host is looked up where a connection is opened, and that may take time: use addresses, or connect
    /// before the game begins.
    pub fn tick(&mut self, now: Instant) {
        while let Some((connection, target)) = self.calls.poll_connect() {
            // It may be asked for again under its old name.
            self.forget(connection);
            let link = Link::open(target, self.version);
            self.settle(now, connection, link);
        }
        for at in (0..self.links.len()).rev() {
            if let (_, Link::Connected(_)) = self.links[at] {
                continue;
            }
            let (connection, link) = self.links.swap_remove(at);
            self.settle(now, connection, link.go_on());
        }
        for (connection, link) in &self.links {
            if let (Link::Connected(socket), Some(connection)) = (link, self.calls.connection(*connection)) {
                pump(socket, connection, now);
            }
        }
        self.calls.handle_timeout(now);
        self.broadcasts.step(&mut self.calls, now);
        while let Some(id) = self.calls.poll_connection() {
            if let Some((_, Link::Connected(socket))) = self.links.iter().find(|(held, _)| *held == id)
                && let Some(connection) = self.calls.connection(id)
            {
                flush(socket, connection, now);
            }
        }
    }

    /// The next thing that happened: the end of a call, or of a connection. Take all of them after each tick.
    pub fn poll_event(&mut self) -> Option<ProxyEvent> {
        let event = self.calls.poll_event()?;
        if let ProxyEvent::Closed { connection, .. } = event {
            self.forget(connection);
        }
        Some(event)
    }

    fn forget(&mut self, connection: ConnId) {
        self.links.retain(|(held, _)| *held != connection);
    }

    fn settle(&mut self, now: Instant, connection: ConnId, link: io::Result<Link>) {
        match link {
            Ok(link) => {
                if let Link::Connected(_) = link {
                    self.calls.connected(now, connection, None);
                }
                self.links.push((connection, link));
            }
            Err(error) => self.calls.failed(now, connection, error),
        }
    }
}

impl Link {
    fn open(target: Target, version: firesteel_proto::IpVersion) -> io::Result<Self> {
        match target {
            Target::Unix(path) => Self::Knocking(path).go_on(),
            Target::Tcp { host, port } => {
                Self::next(addresses(&host, port, version)?.into_iter(), ErrorKind::NotFound.into())
            }
        }
    }

    /// Begins with the first address that does not fail at once.
    fn next(mut addresses: std::vec::IntoIter<SocketAddr>, mut last: io::Error) -> io::Result<Self> {
        while let Some(address) = addresses.next() {
            match connect_tcp(address) {
                Ok(socket) => return Ok(Self::Connecting(socket, addresses)),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Looks how far it has come.
    fn go_on(self) -> io::Result<Self> {
        match self {
            Self::Connecting(socket, addresses) => match progress(&socket) {
                Ok(Progress::Connected) => Ok(Self::Connected(socket)),
                Ok(Progress::Pending) => Ok(Self::Connecting(socket, addresses)),
                Err(error) => Self::next(addresses, error),
            },
            Self::Knocking(path) => match connect_unix(&path) {
                Ok(socket) => Ok(Self::Connected(socket)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Self::Knocking(path)),
                Err(error) => Err(error),
            },
            connected @ Self::Connected(_) => Ok(connected),
        }
    }
}
