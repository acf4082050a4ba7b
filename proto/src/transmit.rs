//! Bytes on their way out: [`Outbox`], the queue, and [`Transmit`], the view of it that a loop sends from.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes};

/// Payloads from this size on are queued as they are; smaller ones are copied together, so that
/// many small messages leave in one piece.
const OWN_CHUNK: usize = 16 * 1024;

/// So many sent bytes may lie before the unsent ones.
const MOVE: usize = 4 * 1024;

/// The unsent bytes of one machine, in order.
///
/// Small pushes are appended to one growing buffer, whose memory is used again; large ones keep
/// their own. An idle daemon takes the memory of an empty outbox for others.
#[derive(Debug, Default)]
pub struct Outbox {
    /// What is sent before `tail`. Most outboxes never have any, and are smaller so.
    sealed: Option<Box<Sealed>>,
    /// Where small pushes go; `tail[sent..]` is unsent.
    tail: Vec<u8>,
    sent: usize,
    /// Bytes that went out, ever.
    gone: u64,
}

/// Chunks to which nothing is appended.
#[derive(Debug, Default)]
struct Sealed {
    chunks: VecDeque<Bytes>,
    /// Unsent bytes in them.
    len: usize,
}

impl Sealed {
    fn push(&mut self, chunk: Bytes) {
        self.len += chunk.len();
        self.chunks.push_back(chunk);
    }
}

impl Outbox {
    /// An empty outbox, without memory.
    pub fn new() -> Self {
        Self::default()
    }

    /// Queues bytes: a large chunk without a copy.
    pub fn push(&mut self, bytes: impl Into<Bytes>) {
        let bytes = bytes.into();
        if bytes.len() < OWN_CHUNK {
            self.tail.extend_from_slice(&bytes);
        } else {
            self.seal();
            self.sealed.get_or_insert_default().push(bytes);
        }
    }

    /// Queues a copy of `bytes`.
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(bytes);
    }

    /// Moves everything that is unsent in another one to the end of this one.
    pub fn append(&mut self, other: &mut Self) {
        while let Some(mut transmit) = other.transmit() {
            let n = transmit.chunk().len();
            self.push(transmit.copy_to_bytes(n));
        }
    }

    /// The buffer that small pushes go to: append to it, change nothing that is there.
    pub(crate) fn tail(&mut self) -> &mut Vec<u8> {
        &mut self.tail
    }

    /// Unsent bytes.
    pub fn len(&self) -> usize {
        self.sealed.as_ref().map_or(0, |sealed| sealed.len) + self.tail.len() - self.sent
    }

    /// How many bytes were taken out of it, ever.
    pub(crate) fn gone(&self) -> u64 {
        self.gone
    }

    /// True when everything was sent.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Drops what is unsent.
    pub fn clear(&mut self) {
        self.sealed = None;
        self.tail.clear();
        self.sent = 0;
    }

    /// The view to send from; `None` when empty.
    pub fn transmit(&mut self) -> Option<Transmit<'_>> {
        if self.is_empty() { None } else { Some(Transmit(self)) }
    }

    /// Gives the memory of an empty outbox away, for use by another; `None` while bytes wait.
    pub(crate) fn trim(&mut self) -> Option<Vec<u8>> {
        if !self.is_empty() {
            return None;
        }
        self.sent = 0;
        self.sealed = None;
        let mut tail = std::mem::take(&mut self.tail);
        tail.clear();
        Some(tail)
    }

    /// Takes memory to append to, if it has none.
    pub(crate) fn lend(&mut self, memory: impl FnOnce() -> Vec<u8>) {
        if self.tail.capacity() == 0 {
            self.tail = memory();
        }
    }

    /// Closes the tail into a chunk of its own.
    fn seal(&mut self) {
        if self.sent < self.tail.len() {
            let mut chunk = Bytes::from(std::mem::take(&mut self.tail));
            chunk.advance(self.sent);
            self.sealed.get_or_insert_default().push(chunk);
        } else {
            self.tail.clear();
        }
        self.sent = 0;
    }

    fn advance(&mut self, mut n: usize) {
        debug_assert!(n <= self.len(), "advanced past the unsent bytes");
        self.gone += n as u64;
        while n > 0
            && let Some(sealed) = &mut self.sealed
            && let Some(front) = sealed.chunks.front_mut()
        {
            let step = n.min(front.len());
            front.advance(step);
            sealed.len -= step;
            n -= step;
            if front.is_empty() {
                sealed.chunks.pop_front();
            }
        }
        self.sent = (self.sent + n).min(self.tail.len());
        if self.sent == self.tail.len() {
            self.tail.clear();
            self.sent = 0;
        } else if self.sent > MOVE && self.sent > self.tail.len() / 2 {
            // What moves is less than what was sent since the last move; what was sent must not pile up.
            self.tail.drain(..self.sent);
            self.sent = 0;
        }
    }
}

/// A machine's unsent bytes, lent to be sent: tell with [`advance`](Buf::advance) how many went out.
///
/// Dropping it leaves everything queued.
#[derive(Debug)]
pub struct Transmit<'a>(&'a mut Outbox);

impl Transmit<'_> {
    /// Fills `out` with slices for a vectored write, in order; returns how many it filled.
    pub fn slices<'s>(&'s self, out: &mut [IoSlice<'s>]) -> usize {
        let tail = &self.0.tail[self.0.sent..];
        let sealed = self.0.sealed.iter().flat_map(|sealed| &sealed.chunks);
        let parts = sealed.map(|chunk| &chunk[..]).chain((!tail.is_empty()).then_some(tail));
        let mut filled = 0;
        for (slot, part) in out.iter_mut().zip(parts) {
            *slot = IoSlice::new(part);
            filled += 1;
        }
        filled
    }

    /// Takes everything as one piece: without a copy where it is one already.
    pub fn take(mut self) -> Bytes {
        let n = self.remaining();
        self.copy_to_bytes(n)
    }
}

impl Buf for Transmit<'_> {
    fn remaining(&self) -> usize {
        self.0.len()
    }

    fn chunk(&self) -> &[u8] {
        match self.0.sealed.as_ref().and_then(|sealed| sealed.chunks.front()) {
            Some(chunk) => chunk,
            None => &self.0.tail[self.0.sent..],
        }
    }

    fn advance(&mut self, n: usize) {
        self.0.advance(n);
    }

    fn copy_to_bytes(&mut self, len: usize) -> Bytes {
        if let Some(front) = self.0.sealed.as_ref().and_then(|sealed| sealed.chunks.front())
            && front.len() >= len
        {
            let part = front.slice(..len);
            self.0.advance(len);
            return part;
        }
        let mut whole = Vec::with_capacity(len);
        while whole.len() < len {
            let chunk = self.chunk();
            let n = chunk.len().min(len - whole.len());
            if n == 0 {
                break;
            }
            whole.extend_from_slice(&chunk[..n]);
            self.advance(n);
        }
        Bytes::from(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_pushes_leave_in_one_piece_and_large_ones_keep_their_memory() {
        let mut outbox = Outbox::new();
        outbox.push(&b"ab"[..]);
        outbox.push(&b"cd"[..]);
        let large = Bytes::from(vec![7; OWN_CHUNK]);
        let address = large.as_ptr();
        outbox.push(large);
        outbox.push(&b"ef"[..]);
        assert_eq!(outbox.len(), 6 + OWN_CHUNK);

        let transmit = outbox.transmit().expect("bytes wait");
        let mut slices = [IoSlice::new(&[]); 4];
        assert_eq!(transmit.slices(&mut slices), 3);
        assert_eq!(&slices[0][..], b"abcd");
        assert_eq!(slices[1].as_ptr(), address);
        assert_eq!(&slices[2][..], b"ef");
    }

    #[test]
    fn any_partial_send_keeps_the_rest_in_order() {
        let mut expected = b"abcd".to_vec();
        expected.extend(vec![9; OWN_CHUNK]);
        expected.extend(b"xyz");
        for step in [1, 3, 5, OWN_CHUNK, OWN_CHUNK + 5] {
            let mut outbox = Outbox::new();
            outbox.push(&b"abcd"[..]);
            outbox.push(vec![9; OWN_CHUNK]);
            outbox.push(&b"xyz"[..]);
            let mut sent = Vec::new();
            while let Some(mut transmit) = outbox.transmit() {
                let n = step.min(transmit.chunk().len());
                sent.extend_from_slice(&transmit.chunk()[..n]);
                transmit.advance(n);
            }
            assert_eq!(sent, expected);
            assert!(outbox.trim().is_some());
        }
    }

    #[test]
    fn what_was_sent_does_not_pile_up_behind_a_reader_that_is_never_through() {
        let mut outbox = Outbox::new();
        outbox.push(&b"first"[..]);
        for _ in 0..10_000 {
            outbox.push(&[1; 100][..]);
            outbox.transmit().expect("bytes wait").advance(100);
        }
        assert_eq!(outbox.len(), 5);
        assert!(outbox.tail.capacity() < 64 * 1024, "{}", outbox.tail.capacity());
    }

    #[test]
    fn take_gives_everything() {
        let mut outbox = Outbox::new();
        outbox.push(&b"abc"[..]);
        outbox.push(vec![1; OWN_CHUNK]);
        let all = outbox.transmit().expect("bytes wait").take();
        assert_eq!(all.len(), 3 + OWN_CHUNK);
        assert!(outbox.is_empty());
    }
}
