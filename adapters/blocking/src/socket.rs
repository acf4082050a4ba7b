//! Sockets whose reads wait, used without waiting.

use std::io::{self, IoSlice, Read, Write};

use firesteel_pump::Socket;
use rustix::net::{SendAncillaryBuffer, SendFlags};

/// Reads and writes that never wait, on a socket whose own reads do.
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
