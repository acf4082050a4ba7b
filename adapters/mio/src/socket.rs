//! mio's sockets, of any family.

use std::fs;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use firesteel_proto::{IpVersion, Location, Machine, Peer};
use firesteel_pump::{pump, pump_short, send};
use mio::event::{Event, Source};
use mio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use mio::{Interest, Registry, Token};
use rustix::io::ioctl_fionbio;

/// A connected stream socket: TCP, or unix, which includes the ends of a socketpair. From mio's or from the standard
/// library's.
#[derive(Debug)]
pub enum Socket {
    /// TCP over IPv4 or IPv6.
    Tcp(TcpStream),
    /// A unix socket.
    Unix(UnixStream),
}

impl From<TcpStream> for Socket {
    fn from(stream: TcpStream) -> Self {
        Self::Tcp(stream)
    }
}

impl From<UnixStream> for Socket {
    fn from(stream: UnixStream) -> Self {
        Self::Unix(stream)
    }
}

impl From<std::net::TcpStream> for Socket {
    fn from(stream: std::net::TcpStream) -> Self {
        Self::Tcp(TcpStream::from_std(stream))
    }
}

impl From<std::os::unix::net::UnixStream> for Socket {
    fn from(stream: std::os::unix::net::UnixStream) -> Self {
        Self::Unix(UnixStream::from_std(stream))
    }
}

impl Socket {
    /// Begins to connect: [`is_connected`](Self::is_connected) tells how it went.
    pub(crate) fn connect_tcp(address: SocketAddr) -> io::Result<Self> {
        TcpStream::connect(address).map(Self::Tcp)
    }

    /// Connects; [`ErrorKind::WouldBlock`] where the listener's queue is full.
    pub(crate) fn connect_unix(path: &Path) -> io::Result<Self> {
        UnixStream::connect(path).map(Self::Unix)
    }

    /// False while a connection is on its way.
    pub(crate) fn is_connected(&self) -> io::Result<bool> {
        let Self::Tcp(stream) = self else { return Ok(true) };
        if let Some(error) = stream.take_error()? {
            return Err(error);
        }
        match stream.peer_addr() {
            Ok(_) => stream.set_nodelay(true).map(|()| true),
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Who is at the other end of a socket that the user supplied.
    pub(crate) fn given_peer(&self) -> Peer {
        let mut peer = Peer::default();
        if let Self::Tcp(stream) = self {
            peer.address = stream.peer_addr().ok();
            peer.local = false;
        }
        peer
    }

    fn source(&mut self) -> &mut dyn Source {
        match self {
            Self::Tcp(stream) => stream,
            Self::Unix(stream) => stream,
        }
    }
}

impl Read for &Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(stream) => { stream }.read(buffer),
            Socket::Unix(stream) => { stream }.read(buffer),
        }
    }
}

impl Write for &Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(stream) => { stream }.write(bytes),
            Socket::Unix(stream) => { stream }.write(bytes),
        }
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Socket::Tcp(stream) => { stream }.write_vectored(slices),
            Socket::Unix(stream) => { stream }.write_vectored(slices),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A socket that the user's poll tells of, edge by edge.
pub(crate) struct Watched {
    socket: Socket,
    /// All that came was read: for what comes next there is an edge. False at first, and where the machine refused to
    /// read.
    drained: bool,
}

/// What is to be done with a socket.
#[derive(Clone, Copy)]
pub(crate) enum Step {
    /// Read and send until neither goes further.
    All,
    /// The same, but a read that does not fill its buffer is the last.
    Short,
    /// Send; read if there may be something that no edge will tell of.
    Send,
}

impl Step {
    pub(crate) fn of(event: &Event) -> Self {
        if event.is_read_closed() || event.is_error() {
            // At the stream's end there is no further edge.
            Self::All
        } else if event.is_readable() {
            Self::Short
        } else {
            Self::Send
        }
    }
}

impl Watched {
    /// Registers a socket for all that can happen; never changed again.
    pub(crate) fn new(mut socket: Socket, registry: &Registry, token: Token) -> io::Result<Self> {
        match &socket {
            Socket::Tcp(stream) => ioctl_fionbio(stream.as_fd(), true)?,
            Socket::Unix(stream) => ioctl_fionbio(stream.as_fd(), true)?,
        }
        registry.register(socket.source(), token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(Self { socket, drained: false })
    }

    pub(crate) fn socket(&self) -> &Socket {
        &self.socket
    }

    pub(crate) fn step(&mut self, mut machine: impl Machine, how: Step) {
        let now = std::time::Instant::now();
        let mut io = &self.socket;
        let done = match how {
            Step::All => pump(&mut machine, io, now).map(|()| true),
            Step::Short => pump_short(&mut machine, io, now).map(|()| true),
            Step::Send => match send(&mut machine, &mut io) {
                Ok(_) if !self.drained && machine.wants_read() => pump(&mut machine, io, now).map(|()| true),
                sent => sent.map(|_| false),
            },
        };
        match done {
            // A machine that refuses to read left something behind, perhaps.
            Ok(true) => self.drained = machine.wants_read(),
            Ok(false) => {}
            Err(_) => machine.handle_error(now),
        }
    }

    /// Takes the socket from the poll, and closes it.
    pub(crate) fn close(mut self, registry: &Registry) {
        // Closing it is enough where this fails.
        let _ = registry.deregister(self.socket.source());
    }
}

/// A socket that clients connect to. A unix one is removed from the file system with it.
pub(crate) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener, PathBuf),
}

impl Listener {
    /// Listens on `host:port`, or on a unix socket for `./u:path`.
    pub(crate) fn bind(address: &str, version: IpVersion) -> io::Result<Self> {
        if let Some(path) = address.strip_prefix("./u:") {
            return Ok(Self::Unix(UnixListener::bind(path)?, PathBuf::from(path)));
        }
        let mut last = None;
        for address in addresses(address, version)? {
            match TcpListener::bind(address) {
                Ok(listener) => return Ok(Self::Tcp(listener)),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| ErrorKind::NotFound.into()))
    }

    /// Where it listens.
    pub(crate) fn location(&self) -> io::Result<Location> {
        Ok(match self {
            Self::Tcp(listener) => listener.local_addr()?.into(),
            Self::Unix(_, path) => Location::Unix(path.clone()),
        })
    }

    pub(crate) fn accept(&self) -> io::Result<(Socket, Peer)> {
        Ok(match self {
            Self::Tcp(listener) => {
                let (stream, address) = listener.accept()?;
                // It fails on a socket that is dead already: reading will tell.
                let _ = stream.set_nodelay(true);
                (stream.into(), address.into())
            }
            Self::Unix(listener, _) => (listener.accept()?.0.into(), Peer::unix()),
        })
    }

    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(self.source(), token, Interest::READABLE)
    }

    pub(crate) fn close(mut self, registry: &Registry) {
        // Closing it is enough where this fails.
        let _ = registry.deregister(self.source());
    }

    fn source(&mut self) -> &mut dyn Source {
        match self {
            Self::Tcp(listener) => listener,
            Self::Unix(listener, _) => listener,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Self::Unix(_, path) = self {
            // Somebody else may have removed it.
            let _ = fs::remove_file(path);
        }
    }
}

/// The addresses of `host:port`.
pub(crate) fn addresses(address: &str, version: IpVersion) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = address.parse() {
        return Ok(vec![address]);
    }
    let found = version.preferred(address.to_socket_addrs()?);
    if found.is_empty() {
        return Err(io::Error::new(ErrorKind::NotFound, "the name has no address of the version that is set"));
    }
    Ok(found)
}
