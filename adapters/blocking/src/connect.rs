//! Opening sockets.

use std::io::{self, ErrorKind};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use firesteel_proto::Target;

use crate::socket::Socket;

/// Connects, trying each address that the name has, for up to `timeout` in all.
pub(crate) fn connect(target: &Target, timeout: Duration) -> io::Result<Socket> {
    match target {
        Target::Unix(path) => Ok(UnixStream::connect(path)?.into()),
        Target::Tcp { host, port } => {
            let until = Instant::now() + timeout;
            let mut last = io::Error::new(ErrorKind::NotFound, "the name has no address");
            for address in (host.as_str(), *port).to_socket_addrs()? {
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
