//! A connected stream socket of any family.

use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use firesteel_proto::Peer;
use rustix::net::{SendAncillaryBuffer, SendFlags};

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
    pub(crate) fn set_nonblocking(&self, on: bool) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_nonblocking(on),
            Self::Unix(stream) => stream.set_nonblocking(on),
        }
    }

    pub(crate) fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_read_timeout(timeout),
            Self::Unix(stream) => stream.set_read_timeout(timeout),
        }
    }

    /// Ends the connection: whoever waits for it returns.
    pub(crate) fn shutdown(&self) {
        // It fails where the connection has ended already.
        let _ = match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Both),
            Self::Unix(stream) => stream.shutdown(Shutdown::Both),
        };
    }

    /// Who is at the other end of a socket that a listener accepted.
    pub(crate) fn accepted_peer(&self) -> Peer {
        match self {
            Self::Tcp(stream) => stream.peer_addr().map_or_else(|_| Peer::unix(), Peer::from),
            Self::Unix(_) => Peer::unix(),
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

    pub(crate) fn read_some(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => (&*stream).read(buffer),
            Self::Unix(stream) => (&*stream).read(buffer),
        }
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
        self.read_some(buffer)
    }
}

impl Write for &Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(stream) => (&*stream).write(bytes),
            Socket::Unix(stream) => (&*stream).write(bytes),
        }
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Socket::Tcp(stream) => (&*stream).write_vectored(slices),
            Socket::Unix(stream) => (&*stream).write_vectored(slices),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes that never wait, on a socket whose reads do.
pub(crate) struct Eager<'a>(pub(crate) &'a Socket);

#[cfg(target_os = "linux")]
const EAGER: SendFlags = SendFlags::DONTWAIT.union(SendFlags::NOSIGNAL);
#[cfg(not(target_os = "linux"))]
const EAGER: SendFlags = SendFlags::DONTWAIT;

impl Read for Eager<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (n, _) = rustix::net::recv(self.0, buffer, rustix::net::RecvFlags::DONTWAIT)?;
        Ok(n)
    }
}

impl Write for Eager<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::net::send(self.0, bytes, EAGER)?)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(rustix::net::sendmsg(self.0, slices, &mut SendAncillaryBuffer::default(), EAGER)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
