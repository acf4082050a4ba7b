//! What every [`Runtime`](crate::Runtime) needs of the system: sockets that no reactor knows yet.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;

use firesteel_proto::Peer;
pub use firesteel_pump::{SocketFile, listen_unix, preferred};
use socket2::{Domain, SockAddr, SockRef, Socket, Type};

/// Clients that may wait to be accepted; the system has a limit of its own.
const BACKLOG: i32 = 1024;

/// A connected stream socket, non-blocking, by its family.
#[derive(Debug)]
pub enum Stream {
    /// TCP over IPv4 or IPv6.
    Tcp(TcpStream),
    /// A unix socket, which includes the ends of a socketpair.
    Unix(UnixStream),
}

impl Stream {
    /// Makes a connected socket non-blocking, and finds out of what family it is.
    ///
    /// # Errors
    /// What is no stream socket.
    pub fn adopt(socket: OwnedFd) -> io::Result<Self> {
        let seen = SockRef::from(&socket);
        if seen.r#type()? != Type::STREAM {
            return Err(io::Error::new(ErrorKind::InvalidInput, "this is no stream socket: use one of SOCK_STREAM"));
        }
        let domain = seen.local_addr()?.domain();
        seen.set_nonblocking(true)?;
        Ok(match domain {
            Domain::IPV4 | Domain::IPV6 => Self::Tcp(socket.into()),
            _ => Self::Unix(socket.into()),
        })
    }
}

/// Who is at the other end of a TCP socket that the user supplied.
pub fn given_peer(address: Option<SocketAddr>) -> Peer {
    let mut peer = Peer::default();
    peer.address = address;
    peer
}

/// Connects to a unix socket, non-blocking; a path that begins with a NUL byte is in Linux's abstract namespace.
///
/// # Errors
/// The system's; [`WouldBlock`](ErrorKind::WouldBlock) while the listener's queue is full: try again a little later.
pub fn connect_unix(path: &Path) -> io::Result<UnixStream> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.connect(&SockAddr::unix(path)?)?;
    Ok(OwnedFd::from(socket).into())
}

/// Listens on the first of these addresses that is free, non-blocking.
///
/// # Errors
/// None is free, or there is none.
pub fn listen_tcp(addresses: &[SocketAddr]) -> io::Result<TcpListener> {
    let mut last = None;
    for address in addresses {
        match listen_on(*address) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(no_address))
}

fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // A server that begins anew takes its port over from connections of the last one that linger.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(OwnedFd::from(socket).into())
}

/// What has to be looked up to connect somewhere, or to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing: it is an address.
    Address(SocketAddr),
    /// A host's name, and the port.
    Name(String, u16),
}

impl Wanted {
    /// A host, and a port.
    pub fn host(host: &str, port: u16) -> Self {
        match host.parse::<IpAddr>() {
            Ok(address) => Self::Address((address, port).into()),
            Err(_) => Self::Name(host.to_owned(), port),
        }
    }

    /// What `host:port` says, where an IPv6 address stands in brackets.
    ///
    /// # Errors
    /// No port.
    pub fn parse(text: &str) -> io::Result<Self> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        let parts = text.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
        let Some((host, port)) = parts else {
            let text = format!("{text:?} is no address: write host:port, or ./u:path for a unix socket");
            return Err(io::Error::new(ErrorKind::InvalidInput, text));
        };
        Ok(Self::Name(host.to_owned(), port))
    }
}

/// That there is no address to try.
pub fn no_address() -> io::Error {
    io::Error::new(ErrorKind::NotFound, "the name has no address of the version that is set")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_name_that_begins_with_nul_is_abstract() {
        let path = std::path::PathBuf::from(format!("\0firesteel-async-{}", std::process::id()));
        let (listener, file) = listen_unix(&path).expect("a free name");
        assert!(connect_unix(&path).is_ok());
        drop((listener, file));
        assert_eq!(connect_unix(&path).map_err(|error| error.kind()).err(), Some(ErrorKind::ConnectionRefused));
    }

    #[test]
    fn only_stream_sockets_are_adopted() {
        let (stream, _other) = UnixStream::pair().expect("a pair");
        assert!(matches!(Stream::adopt(stream.into()), Ok(Stream::Unix(_))));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let stream = TcpStream::connect(listener.local_addr().expect("an address")).expect("it listens");
        assert!(matches!(Stream::adopt(stream.into()), Ok(Stream::Tcp(_))));
        let datagram = std::os::unix::net::UnixDatagram::unbound().expect("a socket");
        assert!(Stream::adopt(datagram.into()).is_err());
        let file = std::fs::File::open("/dev/null").expect("it is there");
        assert!(Stream::adopt(file.into()).is_err());
    }

    #[test]
    fn names_are_told_from_addresses() {
        let address = |text: &str| Wanted::Address(text.parse().expect("an address"));
        assert_eq!(Wanted::parse("127.0.0.1:7").ok(), Some(address("127.0.0.1:7")));
        assert_eq!(Wanted::parse("[::1]:7").ok(), Some(address("[::1]:7")));
        assert_eq!(Wanted::host("::1", 7), address("[::1]:7"));
        assert_eq!(Wanted::parse("localhost:7").ok(), Some(Wanted::Name("localhost".to_owned(), 7)));
        assert!(Wanted::parse("localhost").is_err());
    }
}
