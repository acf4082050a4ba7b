//! Moves bytes between a [`Machine`] and any non-blocking `Read + Write`: the whole of what an
//! adapter has to do, but for the waiting.
//!
//! ```
//! use std::io::{Read, Write};
//! use std::os::unix::net::UnixStream;
//! use std::time::Instant;
//! use firesteel_proto::{Budget, Config, Daemon, Peer};
//! use firesteel_pump::pump;
//!
//! let (socket, peer) = UnixStream::pair()?;
//! socket.set_nonblocking(true)?;
//! let mut daemon = <Daemon>::new(Instant::now(), Config::default());
//! let id = daemon.open(Instant::now(), Peer::pair(), None)?;
//! if let Some(session) = daemon.session(id) {
//!     pump(session, &socket, Instant::now())?; // nothing there yet: returns at once
//! }
//! # let _ = peer;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]
// Nothing that a peer sends may end the program: what cannot happen is an error all the same.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::todo,
        clippy::unimplemented
    )
)]

mod broadcasts;
mod foreign;
mod seed;
mod serve;
#[cfg(unix)]
mod sockets;
#[cfg(unix)]
mod unix;

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::time::Instant;

pub use broadcasts::{Broadcasts, broadcast_socket};
use bytes::Buf;
use firesteel_proto::Machine;
pub use foreign::{Foreign, PlainStream, detach, through};
pub use seed::seeded;
pub use serve::{Listing, ServeError};
#[cfg(unix)]
pub use sockets::{Listener, Socket, addresses, addresses_of, preferred};
#[cfg(unix)]
pub use unix::{SocketFile, listen_unix, unix_address};

/// Chunks in one vectored write.
const SLICES: usize = 16;

/// Sends and receives until neither goes further: for edge-triggered and level-triggered loops, and
/// for those that just try.
///
/// It loops because sending may lift back-pressure: on an edge-triggered loop nobody else would read
/// again. Set the interests from `wants_read` and `wants_write` afterwards.
///
/// # Errors
/// The socket's own: give the machine a `handle_error` then, and drop the socket.
pub fn pump(mut machine: impl Machine, mut io: impl Read + Write, now: Instant) -> io::Result<()> {
    loop {
        if let Err(error) = send(&mut machine, &mut io) {
            // What the peer said before it went may still be there.
            let _ = receive(&mut machine, &mut io, now);
            return Err(error);
        }
        if receive(&mut machine, &mut io, now)? == Received::Nothing {
            return Ok(());
        }
    }
}

/// Like [`pump`], but takes a read that does not fill its buffer for the last: this saves the read
/// that would only say so.
///
/// For real sockets, on level-triggered loops, and on edge-triggered ones while the event does not
/// tell of the stream's end (`EPOLLRDHUP`): at the end, use [`pump`].
///
/// # Errors
/// As for [`pump`].
pub fn pump_short(mut machine: impl Machine, mut io: impl Read + Write, now: Instant) -> io::Result<()> {
    loop {
        let wanted = machine.wants_read();
        let last = receive(&mut machine, &mut io, now)?;
        send(&mut machine, &mut io)?;
        // Where sending has lifted back-pressure, nothing was read yet.
        let lifted = !wanted && machine.wants_read();
        if last != Received::Full && !lifted {
            return Ok(());
        }
    }
}

/// Sends until there is nothing left, or no room; true when anything went out.
///
/// # Errors
/// As for [`pump`].
pub fn send(machine: &mut impl Machine, io: &mut impl Write) -> io::Result<bool> {
    let mut sent = false;
    while let Some(mut transmit) = machine.poll_transmit() {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let filled = transmit.slices(&mut slices);
        let result = match &slices[..filled] {
            [one] => io.write(one),
            several => io.write_vectored(several),
        };
        match result {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(n) => {
                transmit.advance(n);
                sent = true;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(sent)
}

/// What one attempt to receive brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// As much as there was space for.
    Full,
    /// Less than that, or the end.
    Some,
    /// Nothing is there, or the machine wants nothing.
    Nothing,
}

/// Receives once, if the machine wants it.
///
/// # Errors
/// As for [`pump`].
pub fn receive(machine: &mut impl Machine, io: &mut impl Read, now: Instant) -> io::Result<Received> {
    loop {
        if !machine.wants_read() {
            return Ok(Received::Nothing);
        }
        let space = machine.input_buf();
        let len = space.len();
        match io.read(space) {
            Ok(0) => {
                machine.handle_eof(now);
                return Ok(Received::Some);
            }
            Ok(n) => {
                machine.handle_filled(now, n);
                return Ok(if n < len { Received::Some } else { Received::Full });
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Received::Nothing),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firesteel_proto::{Outbox, Transmit};

    /// Reads nothing while it has output.
    #[derive(Default)]
    struct Pressed {
        output: Outbox,
        input: [u8; 8],
        got: usize,
    }

    impl Machine for Pressed {
        fn input_buf(&mut self) -> &mut [u8] {
            &mut self.input
        }
        fn handle_filled(&mut self, _: Instant, n: usize) {
            self.got += n;
        }
        fn handle_eof(&mut self, _: Instant) {}
        fn handle_error(&mut self, _: Instant) {}
        fn handle_timeout(&mut self, _: Instant) {}
        fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
            self.output.transmit()
        }
        fn poll_timeout(&self) -> Option<Instant> {
            None
        }
        fn wants_read(&self) -> bool {
            self.output.is_empty()
        }
        fn wants_write(&self) -> bool {
            !self.output.is_empty()
        }
        fn is_closed(&self) -> bool {
            false
        }
    }

    #[test]
    fn what_came_under_back_pressure_is_read_when_sending_lifts_it() {
        use std::os::unix::net::UnixStream;
        let all = |machine: &mut Pressed, io: &UnixStream| pump(machine, io, Instant::now());
        let short = |machine: &mut Pressed, io: &UnixStream| pump_short(machine, io, Instant::now());
        for pump in [&all as &dyn Fn(&mut Pressed, &UnixStream) -> io::Result<()>, &short] {
            let (ours, mut theirs) = UnixStream::pair().expect("a pair");
            ours.set_nonblocking(true).expect("a live descriptor");
            theirs.write_all(b"12345").expect("sent");
            let mut machine = Pressed::default();
            machine.output.extend_from_slice(b"output");
            pump(&mut machine, &ours).expect("pumped");
            assert_eq!((machine.got, machine.output.len()), (5, 0));
        }
    }
}
