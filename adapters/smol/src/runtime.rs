//! smol as a [`Runtime`].

use std::future::Future;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use async_io::Async;
use firesteel_async::os::{self, SocketFile, Stream, Wanted};
use firesteel_async::{Datagrams, Listener, Runtime, Socket, Timer};
use firesteel_proto::{IpVersion, Location, Peer};

/// How long to wait before a full unix listener is tried again.
const PAUSE: Duration = Duration::from_millis(5);

/// smol: its global executor, and the reactor of `async-io`.
#[derive(Clone, Copy, Debug)]
pub enum Smol {}

/// A socket that the reactor of `async-io` watches.
#[derive(Debug)]
pub struct SmolSocket {
    stream: Watched,
    /// The last read came short: ask the reactor before the next one.
    is_drained: bool,
}

#[derive(Debug)]
enum Watched {
    Tcp(Async<TcpStream>),
    Unix(Async<UnixStream>),
}

/// A socket that clients connect to.
#[derive(Debug)]
pub enum SmolListener {
    /// TCP over IPv4 or IPv6.
    Tcp(Async<TcpListener>),
    /// A unix socket.
    Unix(Async<UnixListener>, SocketFile),
}

/// A socket that hears datagrams.
#[derive(Debug)]
pub struct SmolDatagrams(Async<UdpSocket>);

/// A timer of `async-io`.
#[derive(Debug)]
pub struct SmolTimer(async_io::Timer);

impl Runtime for Smol {
    type Socket = SmolSocket;
    type Listener = SmolListener;
    type Datagrams = SmolDatagrams;
    type Timer = SmolTimer;

    async fn connect(location: Location, version: IpVersion) -> io::Result<SmolSocket> {
        let addresses = match &location {
            Location::Unix(path) => loop {
                match os::connect_unix(path) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        async_io::Timer::after(PAUSE).await;
                    }
                    connected => return Stream::Unix(connected?).try_into(),
                }
            },
            Location::Tcp { host, port } => Self::addresses(Wanted::host(host, *port), version).await?,
        };
        let mut last = None;
        for address in addresses {
            match Async::<TcpStream>::connect(address).await {
                Ok(stream) => {
                    stream.get_ref().set_nodelay(true)?;
                    return Ok(Watched::Tcp(stream).into());
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(os::no_address))
    }

    async fn listen(address: &str, version: IpVersion) -> io::Result<SmolListener> {
        if let Some(path) = address.strip_prefix("./u:") {
            let (listener, file) = os::listen_unix(path.as_ref())?;
            return Ok(SmolListener::Unix(Async::new_nonblocking(listener)?, file));
        }
        let addresses = Self::addresses(Wanted::parse(address)?, version).await?;
        Async::new_nonblocking(os::listen_tcp(&addresses)?).map(SmolListener::Tcp)
    }

    fn adopt(socket: OwnedFd) -> io::Result<SmolSocket> {
        Stream::adopt(socket)?.try_into()
    }

    async fn addresses(wanted: Wanted, version: IpVersion) -> io::Result<Vec<SocketAddr>> {
        match wanted {
            Wanted::Address(address) => Ok(vec![address]),
            Wanted::Name(host, port) => {
                let found = smol::unblock(move || (host.as_str(), port).to_socket_addrs()).await?;
                os::preferred(found, version)
            }
        }
    }

    fn datagrams(socket: UdpSocket) -> io::Result<SmolDatagrams> {
        Async::new_nonblocking(socket).map(SmolDatagrams)
    }

    fn timer() -> SmolTimer {
        SmolTimer(async_io::Timer::never())
    }

    fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        smol::spawn(future).detach();
    }
}

impl From<Watched> for SmolSocket {
    fn from(stream: Watched) -> Self {
        Self { stream, is_drained: false }
    }
}

impl TryFrom<Stream> for SmolSocket {
    type Error = io::Error;

    fn try_from(stream: Stream) -> io::Result<Self> {
        Ok(Self::from(match stream {
            Stream::Tcp(stream) => Watched::Tcp(Async::new_nonblocking(stream)?),
            Stream::Unix(stream) => Watched::Unix(Async::new_nonblocking(stream)?),
        }))
    }
}

impl Watched {
    fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => { stream.get_ref() }.read(into),
            Self::Unix(stream) => { stream.get_ref() }.read(into),
        }
    }

    fn write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match (self, slices) {
            (Self::Tcp(stream), [one]) => { stream.get_ref() }.write(one),
            (Self::Tcp(stream), several) => { stream.get_ref() }.write_vectored(several),
            (Self::Unix(stream), [one]) => { stream.get_ref() }.write(one),
            (Self::Unix(stream), several) => { stream.get_ref() }.write_vectored(several),
        }
    }

    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => stream.poll_readable(cx),
            Self::Unix(stream) => stream.poll_readable(cx),
        }
    }

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => stream.poll_writable(cx),
            Self::Unix(stream) => stream.poll_writable(cx),
        }
    }
}

impl Socket for SmolSocket {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            if self.is_drained {
                // The reactor looks by itself whether there is something already.
                ready!(self.stream.poll_readable(cx))?;
                self.is_drained = false;
            }
            match self.stream.read(into) {
                Ok(n) => {
                    self.is_drained = n < into.len() && n > 0;
                    return Poll::Ready(Ok(n));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.is_drained = true,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        loop {
            match self.stream.write(slices) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => ready!(self.stream.poll_writable(cx))?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                done => return Poll::Ready(done),
            }
        }
    }

    fn given_peer(&self) -> Peer {
        match &self.stream {
            Watched::Tcp(stream) => os::given_peer(stream.get_ref().peer_addr().ok()),
            Watched::Unix(_) => Peer::pair(),
        }
    }
}

impl Datagrams for SmolDatagrams {
    fn poll_receive(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<(usize, SocketAddr)>> {
        loop {
            match self.0.get_ref().recv_from(into) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => ready!(self.0.poll_readable(cx))?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                done => return Poll::Ready(done),
            }
        }
    }
}

impl Listener for SmolListener {
    type Socket = SmolSocket;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(SmolSocket, Peer)>> {
        loop {
            let accepted = match self {
                Self::Tcp(listener) => listener.get_ref().accept().and_then(|(stream, address)| {
                    // It fails on a socket that is dead already: reading will tell.
                    let _ = stream.set_nodelay(true);
                    Ok((Watched::Tcp(Async::new(stream)?).into(), address.into()))
                }),
                Self::Unix(listener, _) => listener
                    .get_ref()
                    .accept()
                    .and_then(|(stream, _)| Ok((Watched::Unix(Async::new(stream)?).into(), Peer::unix()))),
            };
            match accepted {
                Err(error) if error.kind() == ErrorKind::WouldBlock => ready!(match self {
                    Self::Tcp(listener) => listener.poll_readable(cx),
                    Self::Unix(listener, _) => listener.poll_readable(cx),
                })?,
                accepted => return Poll::Ready(accepted),
            }
        }
    }

    fn location(&self) -> io::Result<Location> {
        Ok(match self {
            Self::Tcp(listener) => listener.get_ref().local_addr()?.into(),
            Self::Unix(_, file) => Location::Unix(file.path().to_owned()),
        })
    }
}

impl Timer for SmolTimer {
    fn set(&mut self, at: Instant) {
        self.0.set_at(at);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx).map(drop)
    }
}
