//! Opening sockets.

use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use firesteel_proto::{IpVersion, Target};

use firesteel_pump::{Socket, addresses};

/// Connects, trying each address that the name has, for up to `timeout` in all.
pub(crate) fn connect(target: &Target, timeout: Duration, version: IpVersion) -> io::Result<Socket> {
    match target {
        Target::Unix(path) => connect_unix(path, timeout),
        Target::Tcp { host, port } => {
            let until = Instant::now() + timeout;
            let mut last = io::Error::new(ErrorKind::NotFound, "the name has no address");
            for address in addresses(host, *port, version)? {
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Err(ErrorKind::TimedOut.into());
                }
                match TcpStream::connect_timeout(&address, left) {
                    Ok(stream) => {
                        stream.set_nodelay(true)?;
                        return Ok(stream.into());
                    }
                    Err(error) => last = error,
                }
            }
            Err(last)
        }
    }
}

/// A unix socket whose queue is full refuses at once, or lets a blocking connect wait without end: this
/// one asks again for a while.
fn connect_unix(path: &Path, timeout: Duration) -> io::Result<Socket> {
    const PAUSE: Duration = Duration::from_millis(5);
    let until = Instant::now() + timeout;
    loop {
        let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        match socket.connect(&socket2::SockAddr::unix(path)?) {
            Ok(()) => {
                socket.set_nonblocking(false)?;
                return Ok(UnixStream::from(std::os::fd::OwnedFd::from(socket)).into());
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                if Instant::now() >= until {
                    return Err(ErrorKind::TimedOut.into());
                }
                thread::sleep(PAUSE);
            }
            Err(error) => return Err(error),
        }
    }
}
