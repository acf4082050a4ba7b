//! Received bytes that are not used yet.

/// Size of the space that is lent for reading when nothing large is on its way.
pub(crate) const SCRATCH: usize = 64 * 1024;

/// What is missing of a message from this size on is read straight into the inbox.
const DIRECT: usize = SCRATCH / 2;

/// Space that is lent at once, at most.
const MOST_LENT: usize = 1 << 20;

/// Memory of up to this size is kept for use again.
pub(crate) const KEEP: usize = 64 * 1024;

/// The received bytes of one machine, in order.
///
/// Reading goes through a lent scratch buffer, so that an idle machine holds no memory; a large
/// message is read straight into the inbox, which grows with what has arrived, never with what a
/// header claims.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    /// Initialised memory: `bytes[start..end]` is not used yet, what follows is space to read into.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// How much the message at the start is known to need in all.
    expected: usize,
    /// The space behind `end` is lent.
    lent: bool,
}

impl Inbox {
    pub(crate) fn unused(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The message at the start takes `len` bytes in all.
    pub(crate) fn set_expected(&mut self, len: usize) {
        self.expected = len;
    }

    /// Space at the end for a large message; `None` where the scratch buffer does better.
    pub(crate) fn direct_space(&mut self) -> Option<&mut [u8]> {
        let missing = self.expected.saturating_sub(self.len());
        self.lent = missing >= DIRECT;
        if !self.lent {
            return None;
        }
        let space = missing.min(self.len().clamp(SCRATCH, MOST_LENT));
        if self.bytes.len() < self.end + space {
            // Each byte is cleared once, however small the pieces are that fill it.
            self.bytes.resize(self.end + space, 0);
        }
        Some(&mut self.bytes[self.end..self.end + space])
    }

    /// `n` bytes of the lent space are filled; false when none was lent.
    pub(crate) fn filled(&mut self, n: usize) -> bool {
        if !std::mem::take(&mut self.lent) {
            return false;
        }
        let missing = self.expected.saturating_sub(self.len());
        self.end += n.min(missing).min(self.bytes.len() - self.end);
        true
    }

    /// Appends what `append` puts at the end of the bytes.
    pub(crate) fn append<T>(&mut self, append: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        self.lent = false;
        self.bytes.truncate(self.end);
        if self.start == self.end {
            self.bytes.clear();
            self.start = 0;
        } else if self.start > self.end / 2 {
            // What moves is less than what was used since the last move.
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        let result = append(&mut self.bytes);
        self.end = self.bytes.len();
        result
    }

    /// The first `n` bytes are used.
    pub(crate) fn consume(&mut self, n: usize) {
        self.start = (self.start + n).min(self.end);
        self.expected = 0;
        if self.start == self.end {
            if self.bytes.capacity() > KEEP {
                self.bytes = Vec::new();
            }
            (self.start, self.end) = (0, 0);
        }
    }

    /// Takes the buffer out, with the place where the unused bytes begin.
    pub(crate) fn take(&mut self) -> (Vec<u8>, usize) {
        self.bytes.truncate(self.end);
        let taken = std::mem::take(self);
        (taken.bytes, taken.start)
    }

    /// Takes memory, if it has none.
    pub(crate) fn lend(&mut self, memory: impl FnOnce() -> Vec<u8>) {
        if self.bytes.capacity() == 0 {
            self.bytes = memory();
        }
    }

    /// Gives the memory of an empty inbox away.
    pub(crate) fn trim(&mut self) -> Option<Vec<u8>> {
        if !self.is_empty() || self.bytes.capacity() == 0 {
            return None;
        }
        let (mut bytes, _) = self.take();
        bytes.clear();
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_bytes_come_through_the_tail_and_leave_no_memory_behind() {
        let mut inbox = Inbox::default();
        inbox.append(|bytes| bytes.extend_from_slice(b"abcdef"));
        inbox.consume(4);
        assert_eq!(inbox.unused(), b"ef");
        inbox.append(|bytes| bytes.extend_from_slice(b"gh"));
        assert_eq!(inbox.unused(), b"efgh");
        assert!(inbox.trim().is_none());
        inbox.consume(4);
        assert!(inbox.trim().is_some());
        assert_eq!(inbox.bytes.capacity(), 0);
    }

    #[test]
    fn a_large_message_grows_with_what_arrives() {
        let mut inbox = Inbox::default();
        inbox.append(|bytes| bytes.extend_from_slice(&[1; 40]));
        inbox.set_expected(1 << 30);
        let mut have = 40;
        while have < 4 << 20 {
            let space = inbox.direct_space().expect("large");
            assert!(space.len() <= have.max(SCRATCH), "{} after {have}", space.len());
            let n = space.len() - 1;
            space[..n].fill(2);
            assert!(inbox.filled(n));
            have += n;
            assert_eq!(inbox.len(), have);
        }
        inbox.direct_space().expect("large");
        assert_eq!(inbox.len(), have, "lent space does not count");
        inbox.consume(have);
        assert_eq!(inbox.bytes.capacity(), 0, "large memory is given up");
    }
}
