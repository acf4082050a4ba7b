//! The one trait that every byte-stream state machine has, and every loop drives.

use std::time::Instant;

use crate::transmit::Transmit;

/// A state machine at the end of one byte stream: bytes and time go in, bytes come out.
///
/// Four inputs (`handle_*`), two outputs (`poll_*`), two interests (`wants_*`). Inputs never fail
/// and never run user code. Any method may be called at any time and in any order; once the machine
/// is closed, inputs are ignored. `now` must not go backwards; if it does, the latest earlier value
/// is used instead.
///
/// [`embedding`](crate::embedding) shows how a loop uses it.
pub trait Machine {
    /// Lends initialised space to read into; empty once the machine is closed.
    ///
    /// Follow with [`handle_filled`](Self::handle_filled). Asking again without filling is harmless.
    fn input_buf(&mut self) -> &mut [u8];

    /// `n` bytes were put at the start of what [`input_buf`](Self::input_buf) lent last.
    ///
    /// An `n` above the lent length counts as that length.
    fn handle_filled(&mut self, now: Instant, n: usize);

    /// Copies `data` in, in as many steps as needed: for embedders whose bytes are somewhere already.
    ///
    /// It takes everything, even while [`wants_read`](Self::wants_read) is false.
    fn handle_input(&mut self, now: Instant, mut data: &[u8]) {
        while !data.is_empty() {
            let space = self.input_buf();
            let n = space.len().min(data.len());
            if n == 0 {
                return;
            }
            space[..n].copy_from_slice(&data[..n]);
            self.handle_filled(now, n);
            data = &data[n..];
        }
    }

    /// The peer sends no more. Calls that arrived still run, and answers may still go out.
    fn handle_eof(&mut self, now: Instant);

    /// The transport is gone in both directions: unsent output is dropped.
    fn handle_error(&mut self, now: Instant);

    /// Does what is due at `now`; harmless when early.
    fn handle_timeout(&mut self, now: Instant);

    /// Lends the bytes to send, in order; `None` when there are none.
    fn poll_transmit(&mut self) -> Option<Transmit<'_>>;

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called; asking changes nothing.
    fn poll_timeout(&self) -> Option<Instant>;

    /// False asks the loop to stop reading for now: back-pressure.
    fn wants_read(&self) -> bool;

    /// True while [`poll_transmit`](Self::poll_transmit) has bytes.
    fn wants_write(&self) -> bool;

    /// True once nothing more will come in or go out.
    fn is_closed(&self) -> bool;
}

impl<M: Machine + ?Sized> Machine for &mut M {
    fn input_buf(&mut self) -> &mut [u8] {
        (**self).input_buf()
    }
    fn handle_filled(&mut self, now: Instant, n: usize) {
        (**self).handle_filled(now, n);
    }
    fn handle_input(&mut self, now: Instant, data: &[u8]) {
        (**self).handle_input(now, data);
    }
    fn handle_eof(&mut self, now: Instant) {
        (**self).handle_eof(now);
    }
    fn handle_error(&mut self, now: Instant) {
        (**self).handle_error(now);
    }
    fn handle_timeout(&mut self, now: Instant) {
        (**self).handle_timeout(now);
    }
    fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        (**self).poll_transmit()
    }
    fn poll_timeout(&self) -> Option<Instant> {
        (**self).poll_timeout()
    }
    fn wants_read(&self) -> bool {
        (**self).wants_read()
    }
    fn wants_write(&self) -> bool {
        (**self).wants_write()
    }
    fn is_closed(&self) -> bool {
        (**self).is_closed()
    }
}
