//! What is done with sockets in a tick: nothing that waits.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Instant;

use firesteel_proto::Machine;
use firesteel_pump::{Received, Socket, receive, send};
use rustix::io::Errno;
use socket2::{Domain, SockAddr, Type};

/// How often a socket is read in one tick: each time, up to a buffer of the core.
const READS: usize = 16;

/// How far a connection has come.
pub(crate) enum Progress {
    Connected,
    Pending,
}

/// Begins to connect.
pub(crate) fn connect_tcp(address: SocketAddr) -> io::Result<Socket> {
    let socket = socket2::Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    match socket.connect(&address.into()) {
        Err(error) if Errno::from_io_error(&error) != Some(Errno::INPROGRESS) => Err(error),
        _ => Ok(TcpStream::from(socket).into()),
    }
}

/// Connects; [`ErrorKind::WouldBlock`] where the listener's queue is full.
pub(crate) fn connect_unix(path: &Path) -> io::Result<Socket> {
    let socket = socket2::Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.connect(&SockAddr::unix(path)?)?;
    Ok(UnixStream::from(OwnedFd::from(socket)).into())
}

/// What has become of a connection that was begun.
pub(crate) fn progress(socket: &Socket) -> io::Result<Progress> {
    let Socket::Tcp(stream) = socket else { return Ok(Progress::Connected) };
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

/// Takes what is there, up to the share of one tick, and sends.
pub(crate) fn pump(socket: &Socket, mut machine: impl Machine, now: Instant) {
    let mut io = socket;
    for _ in 0..READS {
        match receive(&mut machine, &mut io, now) {
            Ok(Received::Full) => {}
            Ok(_) => break,
            Err(_) => return machine.handle_error(now),
        }
    }
    flush(socket, machine, now);
}

/// Sends what the machine has.
pub(crate) fn flush(socket: &Socket, mut machine: impl Machine, now: Instant) {
    let mut io = socket;
    if send(&mut machine, &mut io).is_err() {
        // What the peer said before it went may still be there.
        let _ = receive(&mut machine, &mut io, now);
        machine.handle_error(now);
    }
}
