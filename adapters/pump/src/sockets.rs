//! The standard library's sockets, of any family: what adapters on plain descriptors have in common.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

use firesteel_proto::{IpVersion, Location, Peer};

use crate::unix::{SocketFile, listen_unix};

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

impl Socket {
    /// Another descriptor of the same socket.
    ///
    /// # Errors
    /// The system's, when it has no descriptors left.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Tcp(stream) => Self::Tcp(stream.try_clone()?),
            Self::Unix(stream) => Self::Unix(stream.try_clone()?),
        })
    }

    /// Whether reading and writing wait.
    ///
    /// # Errors
    /// The system's own.
    pub fn set_nonblocking(&self, on: bool) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_nonblocking(on),
            Self::Unix(stream) => stream.set_nonblocking(on),
        }
    }

    /// How long reading waits; `None` for without end.
    ///
    /// # Errors
    /// The system's own, or a time of zero.
    pub fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_read_timeout(timeout),
            Self::Unix(stream) => stream.set_read_timeout(timeout),
        }
    }

    /// Ends the connection: whoever waits for it returns.
    pub fn shutdown(&self) {
        // It fails where the connection has ended already.
        let _ = match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Both),
            Self::Unix(stream) => stream.shutdown(Shutdown::Both),
        };
    }

    /// Who is at the other end of a socket that the user supplied.
    pub fn given_peer(&self) -> Peer {
        let Self::Tcp(stream) = self else { return Peer::pair() };
        let mut peer = Peer::default();
        peer.address = stream.peer_addr().ok();
        peer
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
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

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        { &*self }.read(buffer)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        { &*self }.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A socket that clients connect to; nobody waits for it. The file of a unix one is removed with it.
#[derive(Debug)]
pub enum Listener {
    /// TCP over IPv4 or IPv6.
    Tcp(TcpListener),
    /// A unix socket, and its file.
    Unix(UnixListener, SocketFile),
}

impl Listener {
    /// Listens on `host:port`, or on a unix socket for `./u:path`.
    ///
    /// # Errors
    /// An address that cannot be resolved, or that is taken.
    pub fn bind(address: &str, version: IpVersion) -> io::Result<Self> {
        if let Some(path) = address.strip_prefix("./u:") {
            let (listener, file) = listen_unix(Path::new(path))?;
            return Ok(Self::Unix(listener, file));
        }
        let listener = TcpListener::bind(addresses_of(address, version)?.as_slice())?;
        listener.set_nonblocking(true)?;
        Ok(Self::Tcp(listener))
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system's own.
    pub fn location(&self) -> io::Result<Location> {
        Ok(match self {
            Self::Tcp(listener) => listener.local_addr()?.into(),
            Self::Unix(_, file) => Location::Unix(file.path().to_owned()),
        })
    }

    /// A client, if one is there, with `TCP_NODELAY` where it is TCP.
    ///
    /// # Errors
    /// Those of `accept`; [`WouldBlock`](ErrorKind::WouldBlock) where nobody waits.
    pub fn accept(&self) -> io::Result<(Socket, Peer)> {
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

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(listener) => listener.as_fd(),
            Self::Unix(listener, _) => listener.as_fd(),
        }
    }
}

/// The addresses of `host:port`, where the host may be an IPv6 address in brackets.
///
/// # Errors
/// The name is not known, or has no address of this version.
pub fn addresses_of(address: &str, version: IpVersion) -> io::Result<Vec<SocketAddr>> {
    match address.parse() {
        Ok(address) => Ok(vec![address]),
        Err(_) => preferred(address.to_socket_addrs()?, version),
    }
}

/// The addresses of a host.
///
/// # Errors
/// As for [`addresses_of`].
pub fn addresses(host: &str, port: u16, version: IpVersion) -> io::Result<Vec<SocketAddr>> {
    match host.parse::<IpAddr>() {
        Ok(address) => Ok(vec![(address, port).into()]),
        Err(_) => preferred((host, port).to_socket_addrs()?, version),
    }
}

/// Of the addresses that a name has, those that may be used.
///
/// # Errors
/// There is none.
pub fn preferred(found: impl Iterator<Item = SocketAddr>, version: IpVersion) -> io::Result<Vec<SocketAddr>> {
    let some = version.preferred(found);
    if some.is_empty() {
        return Err(io::Error::new(ErrorKind::NotFound, "the name has no address of the version that is set"));
    }
    Ok(some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_the_version_that_is_preferred() {
        let both: Vec<SocketAddr> = ["[::1]:1", "127.0.0.1:1"].map(|text| text.parse().expect("an address")).into();
        let chosen = |of: &[SocketAddr], version| preferred(of.iter().copied(), version).ok();
        assert_eq!(chosen(&both, IpVersion::Any), Some(both.clone()));
        assert_eq!(chosen(&both, IpVersion::V4), Some(vec![both[1]]));
        assert_eq!(chosen(&both, IpVersion::V6), Some(vec![both[0]]));
        assert_eq!(chosen(&both[..1], IpVersion::V4), Some(vec![both[0]]));
        assert_eq!(chosen(&both[1..], IpVersion::V6), None);
        assert_eq!(addresses_of("[::1]:1", IpVersion::V4).ok(), Some(vec![both[0]]));
        assert_eq!(addresses("127.0.0.1", 1, IpVersion::V6).ok(), Some(vec![both[1]]));
    }
}
