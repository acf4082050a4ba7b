//! One wire between two machines.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Buf;

use crate::machine::Machine;

/// How many bytes a wire delivers at once: the sizes in turn, again and again.
#[derive(Clone, Debug)]
pub struct Chunks {
    sizes: Vec<usize>,
    next: usize,
}

impl Chunks {
    /// As many as there are.
    pub fn whole() -> Self {
        Self::of([usize::MAX])
    }

    /// These sizes in turn; zero counts as one.
    pub fn of(sizes: impl Into<Vec<usize>>) -> Self {
        Self { sizes: sizes.into(), next: 0 }
    }

    fn take(&mut self) -> usize {
        let size = self.sizes.get(self.next).copied().unwrap_or(usize::MAX);
        self.next = (self.next + 1) % self.sizes.len().max(1);
        size.max(1)
    }
}

/// The bytes on their way in one direction.
#[derive(Debug, Default)]
pub(super) struct Direction {
    bytes: VecDeque<u8>,
    /// The sender sends no more.
    ended: bool,
    /// The end has been delivered.
    delivered: bool,
    /// Everything that was ever sent.
    pub(super) log: Vec<u8>,
}

impl Direction {
    /// Takes what the machine has to send, as far as `room` allows; true when there was something.
    pub(super) fn send(&mut self, machine: &mut impl Machine, chunks: &mut Chunks, room: usize) -> bool {
        let mut any = false;
        while self.bytes.len() < room
            && let Some(mut transmit) = machine.poll_transmit()
        {
            let n = transmit.chunk().len().min(chunks.take()).min(room - self.bytes.len());
            self.log.extend(&transmit.chunk()[..n]);
            self.bytes.extend(&transmit.chunk()[..n]);
            transmit.advance(n);
            any = true;
        }
        any
    }

    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Delivers to the machine as far as that wants; true when there was something.
    pub(super) fn deliver(&mut self, machine: &mut impl Machine, chunks: &mut Chunks, now: Instant) -> bool {
        let mut any = false;
        while machine.wants_read() && !self.bytes.is_empty() {
            let space = machine.input_buf();
            let n = chunks.take().min(space.len()).min(self.bytes.len());
            for (to, from) in space.iter_mut().zip(self.bytes.drain(..n)) {
                *to = from;
            }
            machine.handle_filled(now, n);
            any = true;
        }
        if self.ended && self.bytes.is_empty() && !self.delivered && machine.wants_read() {
            self.delivered = true;
            machine.handle_eof(now);
            any = true;
        }
        any
    }
}
