//! Sockets of any family, none of which waits.

use std::fs;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Instant;

use firesteel_proto::{IpVersion, Location, Machine, Peer};
use firesteel_pump::{Received, receive, send};
use rustix::io::Errno;
use socket2::{Domain, SockAddr, Type};

/// How often a socket is read in one tick: each time, up to a buffer of the core.
const READS: usize = 16;

/// A connected stream socket: TCP, or unix, which includes the ends of a socketpair.
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

/// How far a connection has come.
pub(crate) enum Progress {
    Connected,
    Pending,
}

impl Socket {
    /// Begins to connect.
    pub(crate) fn connect_tcp(address: SocketAddr) -> io::Result<Self> {
        let socket = socket2::Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        match socket.connect(&address.into()) {
            Err(error) if Errno::from_io_error(&error) != Some(Errno::INPROGRESS) => Err(error),
            _ => Ok(TcpStream::from(socket).into()),
        }
    }

    /// Connects; [`ErrorKind::WouldBlock`] where the listener's queue is full.
    pub(crate) fn connect_unix(path: &Path) -> io::Result<Self> {
        let socket = socket2::Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.connect(&SockAddr::unix(path)?)?;
        Ok(UnixStream::from(OwnedFd::from(socket)).into())
    }

    /// What has become of a connection that was begun.
    pub(crate) fn progress(&self) -> io::Result<Progress> {
        let Self::Tcp(stream) = self else { return Ok(Progress::Connected) };
        if let Some(error) = stream.take_error()? {
            return Err(error);
        }
        match stream.peer_addr() {
            Ok(_) => {
                stream.set_nodelay(true)?;
                Ok(Progress::Connected)
            }
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(Progress::Pending),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn set_nonblocking(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_nonblocking(true),
            Self::Unix(stream) => stream.set_nonblocking(true),
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

    /// Takes what is there, up to the share of one tick, and sends.
    pub(crate) fn pump(&self, mut machine: impl Machine, now: Instant) {
        let mut io = self;
        for _ in 0..READS {
            match receive(&mut machine, &mut io, now) {
                Ok(Received::Full) => {}
                Ok(_) => break,
                Err(_) => return machine.handle_error(now),
            }
        }
        self.flush_from(machine, now);
    }

    /// Sends what the machine has.
    pub(crate) fn flush_from(&self, mut machine: impl Machine, now: Instant) {
        let mut io = self;
        if send(&mut machine, &mut io).is_err() {
            // What the peer said before it went may still be there.
            let _ = receive(&mut machine, &mut io, now);
            machine.handle_error(now);
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

/// A socket that clients connect to. A unix one is removed from the file system with it.
pub(crate) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener, PathBuf),
}

impl Listener {
    /// Listens on `host:port`, or on a unix socket for `./u:path`.
    pub(crate) fn bind(address: &str, version: IpVersion) -> io::Result<Self> {
        let listener = match address.strip_prefix("./u:") {
            Some(path) => Self::Unix(UnixListener::bind(path)?, PathBuf::from(path)),
            None => Self::Tcp(TcpListener::bind(addresses(address, version)?.as_slice())?),
        };
        match &listener {
            Self::Tcp(listener) => listener.set_nonblocking(true)?,
            Self::Unix(listener, _) => listener.set_nonblocking(true)?,
        }
        Ok(listener)
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
