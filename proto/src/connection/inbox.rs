//! Received bytes that are not used yet.

/// Size of the space that is lent for reading when nothing large is on its way.
pub(crate) const SCRATCH: usize = 64 * 1024;

/// What is missing of a message from this size on is read straight into the inbox.
const DIRECT: usize = SCRATCH / 2;

/// Memory of up to this size is kept for use again.
pub(crate) const KEEP: usize = 64 * 1024;

/// The received bytes of one machine, in order.
///
/// Reading goes through a lent scratch buffer, so that an idle machine holds no memory; a large
/// message is read straight into the inbox, which grows with what has arrived, never with what a
/// header claims.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    bytes: Vec<u8>,
    /// `bytes[start..]` is not used yet.
    start: usize,
    /// How much the message at the start is known to need in all.
    expected: usize,
    /// Space lent at the end of `bytes` begins here.
    lent: Option<usize>,
}

impl Inbox {
    pub(crate) fn unused(&self) -> &[u8] {
        &self.bytes[self.start..self.lent.unwrap_or(self.bytes.len())]
    }

    pub(crate) fn len(&self) -> usize {
        self.lent.unwrap_or(self.bytes.len()) - self.start
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The message at the start takes `len` bytes in all.
    pub(crate) fn expect(&mut self, len: usize) {
        self.expected = len;
    }

    /// Space at the end for a large message; `None` where the scratch buffer does better.
    pub(crate) fn direct_space(&mut self) -> Option<&mut [u8]> {
        self.take_back();
        let have = self.len();
        let missing = self.expected.saturating_sub(have);
        if missing < DIRECT {
            return None;
        }
        let end = self.bytes.len();
        let space = missing.min(have.max(SCRATCH));
        self.bytes.resize(end + space, 0);
        self.lent = Some(end);
        Some(&mut self.bytes[end..])
    }

    /// `n` bytes of the lent space are filled; false when none was lent.
    pub(crate) fn filled(&mut self, n: usize) -> bool {
        let Some(end) = self.lent.take() else { return false };
        let end = end + n.min(self.bytes.len() - end);
        self.bytes.truncate(end);
        true
    }

    /// The bytes, to append to.
    pub(crate) fn tail(&mut self) -> &mut Vec<u8> {
        self.take_back();
        if self.start == self.bytes.len() {
            self.bytes.clear();
            self.start = 0;
        } else if self.start > self.bytes.len() / 2 {
            // What moves is less than what was used since the last move.
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        &mut self.bytes
    }

    /// The first `n` bytes are used.
    pub(crate) fn consume(&mut self, n: usize) {
        self.take_back();
        self.start = (self.start + n).min(self.bytes.len());
        self.expected = 0;
        if self.start == self.bytes.len() {
            self.start = 0;
            if self.bytes.capacity() > KEEP {
                self.bytes = Vec::new();
            } else {
                self.bytes.clear();
            }
        }
    }

    /// Takes the buffer out, with the place where the unused bytes begin.
    pub(crate) fn take(&mut self) -> (Vec<u8>, usize) {
        self.take_back();
        (std::mem::take(&mut self.bytes), std::mem::take(&mut self.start))
    }

    pub(crate) fn has_no_memory(&self) -> bool {
        self.bytes.capacity() == 0
    }

    /// Gives the memory of an empty inbox away.
    pub(crate) fn trim(&mut self) -> Option<Vec<u8>> {
        self.take_back();
        if !self.is_empty() || self.bytes.capacity() == 0 {
            return None;
        }
        self.start = 0;
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        Some(bytes)
    }

    /// Takes back lent space that nobody filled.
    fn take_back(&mut self) {
        if let Some(end) = self.lent.take() {
            self.bytes.truncate(end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_bytes_come_through_the_tail_and_leave_no_memory_behind() {
        let mut inbox = Inbox::default();
        inbox.tail().extend_from_slice(b"abcdef");
        inbox.consume(4);
        assert_eq!(inbox.unused(), b"ef");
        inbox.tail().extend_from_slice(b"gh");
        assert_eq!(inbox.unused(), b"efgh");
        assert!(inbox.trim().is_none());
        inbox.consume(4);
        assert!(inbox.trim().is_some());
        assert!(inbox.has_no_memory());
    }

    #[test]
    fn a_large_message_grows_with_what_arrives() {
        let mut inbox = Inbox::default();
        inbox.tail().extend_from_slice(&[1; 40]);
        inbox.expect(1 << 30);
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
        assert!(inbox.has_no_memory(), "large memory is given up");
    }
}
