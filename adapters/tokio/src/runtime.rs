//! tokio as a [`Runtime`].

use std::future::Future;
use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use firesteel_async::os::{self, SocketFile, Stream, Wanted};
use firesteel_async::{Datagrams, Listener, Runtime, Socket, Timer};
use firesteel_proto::{IpVersion, Location, Peer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UdpSocket, UnixListener, UnixStream};
use tokio::time::Sleep;

/// How long to wait before a full unix listener is tried again.
const PAUSE: Duration = Duration::from_millis(5);

/// tokio: either of its schedulers, with IO and time enabled.
#[derive(Clone, Copy, Debug)]
pub enum Tokio {}

/// A socket that tokio's reactor watches.
#[derive(Debug)]
pub enum TokioSocket {
    /// TCP over IPv4 or IPv6.
    Tcp(TcpStream),
    /// A unix socket, which includes the ends of a socketpair.
    Unix(UnixStream),
}

/// A socket that clients connect to.
#[derive(Debug)]
pub enum TokioListener {
    /// TCP over IPv4 or IPv6.
    Tcp(TcpListener),
    /// A unix socket.
    Unix(UnixListener, SocketFile),
}

/// A socket that hears datagrams.
#[derive(Debug)]
pub struct TokioDatagrams(UdpSocket);

/// A timer of tokio's.
#[derive(Debug, Default)]
pub struct TokioTimer {
    is_set: bool,
    /// Made when it is first needed.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Runtime for Tokio {
    type Socket = TokioSocket;
    type Listener = TokioListener;
    type Datagrams = TokioDatagrams;
    type Timer = TokioTimer;

    async fn connect(location: Location, version: IpVersion) -> io::Result<TokioSocket> {
        let addresses = match &location {
            Location::Unix(path) => loop {
                match os::connect_unix(path) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => tokio::time::sleep(PAUSE).await,
                    connected => return UnixStream::from_std(connected?).map(TokioSocket::Unix),
                }
            },
            Location::Tcp { host, port } => Self::addresses(Wanted::host(host, *port), version).await?,
        };
        let mut last = None;
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    return Ok(TokioSocket::Tcp(stream));
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(os::no_address))
    }

    async fn listen(address: &str, version: IpVersion) -> io::Result<TokioListener> {
        if let Some(path) = address.strip_prefix("./u:") {
            let (listener, file) = os::listen_unix(path.as_ref())?;
            return Ok(TokioListener::Unix(UnixListener::from_std(listener)?, file));
        }
        let addresses = Self::addresses(Wanted::parse(address)?, version).await?;
        TcpListener::from_std(os::listen_tcp(&addresses)?).map(TokioListener::Tcp)
    }

    fn adopt(socket: OwnedFd) -> io::Result<TokioSocket> {
        Ok(match Stream::adopt(socket)? {
            Stream::Tcp(stream) => TokioSocket::Tcp(TcpStream::from_std(stream)?),
            Stream::Unix(stream) => TokioSocket::Unix(UnixStream::from_std(stream)?),
        })
    }

    async fn addresses(wanted: Wanted, version: IpVersion) -> io::Result<Vec<SocketAddr>> {
        match wanted {
            Wanted::Address(address) => Ok(vec![address]),
            Wanted::Name(host, port) => os::preferred(tokio::net::lookup_host((host, port)).await?, version),
        }
    }

    fn datagrams(socket: std::net::UdpSocket) -> io::Result<TokioDatagrams> {
        UdpSocket::from_std(socket).map(TokioDatagrams)
    }

    fn timer() -> TokioTimer {
        TokioTimer::default()
    }

    fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(future);
        }
    }
}

impl Socket for TokioSocket {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(into);
        ready!(match self {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, &mut buffer),
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, &mut buffer),
        })?;
        Poll::Ready(Ok(buffer.filled().len()))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match (self, slices) {
            (Self::Tcp(stream), [one]) => Pin::new(stream).poll_write(cx, one),
            (Self::Tcp(stream), several) => Pin::new(stream).poll_write_vectored(cx, several),
            (Self::Unix(stream), [one]) => Pin::new(stream).poll_write(cx, one),
            (Self::Unix(stream), several) => Pin::new(stream).poll_write_vectored(cx, several),
        }
    }

    fn given_peer(&self) -> Peer {
        match self {
            Self::Tcp(stream) => os::given_peer(stream.peer_addr().ok()),
            Self::Unix(_) => Peer::pair(),
        }
    }
}

impl Datagrams for TokioDatagrams {
    fn poll_receive(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<(usize, SocketAddr)>> {
        let mut buffer = ReadBuf::new(into);
        let from = ready!(self.0.poll_recv_from(cx, &mut buffer))?;
        Poll::Ready(Ok((buffer.filled().len(), from)))
    }
}

impl Listener for TokioListener {
    type Socket = TokioSocket;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(TokioSocket, Peer)>> {
        Poll::Ready(Ok(match self {
            Self::Tcp(listener) => {
                let (stream, address) = ready!(listener.poll_accept(cx))?;
                // It fails on a socket that is dead already: reading will tell.
                let _ = stream.set_nodelay(true);
                (TokioSocket::Tcp(stream), address.into())
            }
            Self::Unix(listener, _) => {
                let (stream, _) = ready!(listener.poll_accept(cx))?;
                (TokioSocket::Unix(stream), Peer::unix())
            }
        }))
    }

    fn location(&self) -> io::Result<Location> {
        Ok(match self {
            Self::Tcp(listener) => listener.local_addr()?.into(),
            Self::Unix(_, file) => Location::Unix(file.path().to_owned()),
        })
    }
}

impl Timer for TokioTimer {
    fn set(&mut self, at: Instant) {
        self.is_set = true;
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().reset(at.into()),
            None => self.sleep = Some(Box::pin(tokio::time::sleep_until(at.into()))),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(sleep) = self.sleep.as_mut().filter(|_| self.is_set) else { return Poll::Pending };
        ready!(sleep.as_mut().poll(cx));
        self.is_set = false;
        Poll::Ready(())
    }
}
