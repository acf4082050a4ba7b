//! mio's sockets, of any family.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;
use std::time::Instant;

use firesteel_proto::{Machine, Peer};
use firesteel_pump::{Listener, pump, pump_short, send, unix_address};
use mio::event::{Event, Source};
use mio::net::{TcpStream, UnixStream};
use mio::unix::SourceFd;
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

impl From<firesteel_pump::Socket> for Socket {
    fn from(socket: firesteel_pump::Socket) -> Self {
        match socket {
            firesteel_pump::Socket::Tcp(stream) => stream.into(),
            firesteel_pump::Socket::Unix(stream) => stream.into(),
        }
    }
}

impl Socket {
    /// Begins to connect: [`is_connected`](Self::is_connected) tells how it went.
    pub(crate) fn connect_tcp(address: SocketAddr) -> io::Result<Self> {
        TcpStream::connect(address).map(Self::Tcp)
    }

    /// Connects; [`ErrorKind::WouldBlock`] where the listener's queue is full.
    pub(crate) fn connect_unix(path: &Path) -> io::Result<Self> {
        UnixStream::connect_addr(&unix_address(path)?).map(Self::Unix)
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
        let Self::Tcp(stream) = self else { return Peer::pair() };
        let mut peer = Peer::default();
        peer.address = stream.peer_addr().ok();
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

    pub(crate) fn step(&mut self, mut machine: impl Machine, how: Step, now: Instant) {
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
    pub(crate) fn close(self, registry: &Registry) {
        drop(self.into_socket(registry));
    }

    /// Takes the socket from the poll.
    pub(crate) fn into_socket(mut self, registry: &Registry) -> Socket {
        // Closing it is enough where this fails.
        let _ = registry.deregister(self.socket.source());
        self.socket
    }
}

/// Has the user's poll tell of clients that wait at a listener.
pub(crate) fn register(listener: &Listener, registry: &Registry, token: Token) -> io::Result<()> {
    registry.register(&mut SourceFd(&listener.as_fd().as_raw_fd()), token, Interest::READABLE)
}

/// Takes a listener from the poll.
pub(crate) fn deregister(listener: &Listener, registry: &Registry) {
    // Closing it is enough where this fails.
    let _ = registry.deregister(&mut SourceFd(&listener.as_fd().as_raw_fd()));
}
