//! What an executor and its reactor give: the only thing in which async runtimes differ here.

use std::future::Future;
use std::io::{self, IoSlice};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::OwnedFd;
use std::task::{Context, Poll};
use std::time::Instant;

use firesteel_proto::{IpVersion, Location, Peer};

use crate::os::Wanted;

/// An async runtime: sockets, listeners, a timer, and tasks.
///
/// What it gives belongs to the runtime in which it was asked for. [`os`](crate::os) has what implementations have in
/// common.
pub trait Runtime: Send + Sync + Sized + 'static {
    /// A connected socket.
    type Socket: Socket;
    /// What clients connect to.
    type Listener: Listener<Socket = Self::Socket>;
    /// A socket that hears datagrams.
    type Datagrams: Datagrams;
    /// Waits for a time.
    type Timer: Timer;

    /// Connects a socket, with `TCP_NODELAY` where it is TCP. Takes as long as the system does: who calls
    /// bounds it.
    fn connect(location: Location, version: IpVersion) -> impl Future<Output = io::Result<Self::Socket>> + Send;

    /// Listens on `host:port`, or on a unix socket for `./u:path`, where a path that begins with a NUL byte is in
    /// Linux's abstract namespace.
    ///
    /// # Errors
    /// An address that is taken, or none at all.
    fn listen(address: &str, version: IpVersion) -> impl Future<Output = io::Result<Self::Listener>> + Send;

    /// Takes a connected stream socket of any family over, such as one end of a socketpair.
    ///
    /// # Errors
    /// What is no stream socket, or what the reactor refuses.
    fn adopt(socket: OwnedFd) -> io::Result<Self::Socket>;

    /// The addresses of a host, and its port: at least one. No thread of the runtime waits for the system's resolver.
    ///
    /// # Errors
    /// The name is not known, or has no address of this version.
    fn addresses(
        wanted: Wanted,
        version: IpVersion,
    ) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static;

    /// Hears what comes to a socket that is non-blocking. To be called where the runtime is.
    ///
    /// # Errors
    /// What the reactor refuses.
    fn datagrams(socket: UdpSocket) -> io::Result<Self::Datagrams>;

    /// A timer that is not set.
    fn timer() -> Self::Timer;

    /// Runs a future beside others, until its end; drops it where there is no runtime.
    fn spawn(future: impl Future<Output = ()> + Send + 'static);
}

/// A connected stream socket that tells a task when it is ready.
pub trait Socket: Send + Unpin + 'static {
    /// Reads at least one byte, or none at the end.
    ///
    /// A read that comes short is taken for the last one there is: the next waits for an event.
    ///
    /// # Errors
    /// The socket's own; never [`WouldBlock`](io::ErrorKind::WouldBlock).
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes at least one byte of these.
    ///
    /// # Errors
    /// As for [`poll_read`](Self::poll_read).
    fn poll_write(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>>;

    /// Who is at the other end of a socket that the user supplied, as a server sees it.
    fn given_peer(&self) -> Peer;
}

/// A UDP socket that tells a task when something has come.
pub trait Datagrams: Send + Unpin + 'static {
    /// The next datagram, as much of it as there is room for, and where it comes from.
    ///
    /// # Errors
    /// The socket's own; never [`WouldBlock`](io::ErrorKind::WouldBlock).
    fn poll_receive(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<(usize, SocketAddr)>>;
}

/// A socket that clients connect to. The file of a unix one is removed with it.
pub trait Listener: Send + Unpin + 'static {
    /// What it accepts.
    type Socket: Socket;

    /// The next client, with `TCP_NODELAY` where it is TCP, and who that is.
    ///
    /// # Errors
    /// Those of `accept`, whatever they are: who calls goes on after them.
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(Self::Socket, Peer)>>;

    /// Where it listens.
    ///
    /// # Errors
    /// The system's own.
    fn location(&self) -> io::Result<Location>;
}

/// Waits for a time, again and again.
pub trait Timer: Send + Unpin + 'static {
    /// From now on, waits for `at`.
    fn set(&mut self, at: Instant);

    /// Ready once, when the time that was set has come; then it is not set any more, and pending like one that never
    /// was.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}
