//! A connected stream socket of any family, for clients that misbehave and for loops made by hand.

use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use firesteel::Location;
use firesteel::pump::unix_address;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::sockopt;

pub enum Wire {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Wire {
    pub fn connect(location: &Location) -> io::Result<Self> {
        Ok(match location {
            Location::Tcp { host, port } => {
                let stream = TcpStream::connect((host.as_str(), *port))?;
                stream.set_nodelay(true)?;
                Self::Tcp(stream)
            }
            Location::Unix(path) => Self::Unix(UnixStream::connect_addr(&unix_address(path)?)?),
        })
    }

    pub fn set_nonblocking(&self, on: bool) {
        match self {
            Self::Tcp(stream) => stream.set_nonblocking(on),
            Self::Unix(stream) => stream.set_nonblocking(on),
        }
        .expect("a live descriptor");
    }

    /// Makes the system hold little of what is sent, so that back-pressure is felt early. (A small buffer
    /// for receiving would make TCP send in tiny pieces, long after the reason is gone.)
    pub fn shrink_send_buffer(&self) {
        sockopt::set_socket_send_buffer_size(self, 64 * 1024).expect("a smaller buffer");
    }

    /// Sends the end of the stream; answers can still be read.
    pub fn end(&self) {
        // It fails where the other end is gone already.
        let _ = match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Self::Unix(stream) => stream.shutdown(Shutdown::Write),
        };
    }

    /// Closes without an orderly end: a reset, where the family has that.
    pub fn reset(self) {
        if let Self::Tcp(stream) = &self {
            sockopt::set_socket_linger(stream, Some(Duration::ZERO)).expect("no lingering");
        }
    }

    /// Writes as much as the other end takes before it breaks off.
    pub fn push(&self, bytes: &[u8]) {
        self.set_nonblocking(false);
        let _ = { self }.write_all(bytes);
    }

    /// Reads until the other end closes, however it does.
    pub fn drain(&self) -> Vec<u8> {
        self.set_nonblocking(false);
        let mut all = Vec::new();
        let _ = { self }.read_to_end(&mut all);
        all
    }

    /// Waits until the socket is ready; false after `timeout`.
    pub fn wait(&self, flags: PollFlags, timeout: Option<Duration>) -> bool {
        let timeout = timeout.map(|timeout| Timespec::try_from(timeout).expect("a short time"));
        match poll(&mut [PollFd::new(self, flags)], timeout.as_ref()) {
            Ok(ready) => ready > 0,
            Err(Errno::INTR) => true,
            Err(error) => panic!("poll: {error}"),
        }
    }
}

impl From<TcpStream> for Wire {
    fn from(stream: TcpStream) -> Self {
        Self::Tcp(stream)
    }
}

impl From<UnixStream> for Wire {
    fn from(stream: UnixStream) -> Self {
        Self::Unix(stream)
    }
}

impl AsFd for Wire {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
        }
    }
}

impl Read for &Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Wire::Tcp(stream) => { stream }.read(buffer),
            Wire::Unix(stream) => { stream }.read(buffer),
        }
    }
}

impl Write for &Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Wire::Tcp(stream) => { stream }.write(bytes),
            Wire::Unix(stream) => { stream }.write(bytes),
        }
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Wire::Tcp(stream) => { stream }.write_vectored(slices),
            Wire::Unix(stream) => { stream }.write_vectored(slices),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
