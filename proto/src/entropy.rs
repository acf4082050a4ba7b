//! Unpredictable ids from the embedder's seed: the core has no randomness of its own.

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

/// A stream of 128-bit ids: SipHash, keyed with a seed, over a counter.
///
/// The same seed gives the same ids; without the seed nobody can tell the next one.
#[derive(Clone)]
pub(crate) struct Entropy {
    seed: [u8; 16],
    counter: u64,
}

impl Entropy {
    pub(crate) fn new(seed: [u8; 16]) -> Self {
        Self { seed, counter: 0 }
    }

    /// Sixteen bytes never given before.
    pub(crate) fn bytes(&mut self) -> [u8; 16] {
        let mut hasher = SipHasher13::new_with_key(&self.seed);
        hasher.write_u64(self.counter);
        self.counter += 1;
        hasher.finish128().as_bytes()
    }

    /// A random (version 4) UUID, as RFC 9562 lays it out.
    pub(crate) fn uuid(&mut self) -> [u8; 16] {
        let mut bytes = self.bytes();
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        bytes
    }

    /// A stream of its own for a part of the whole.
    pub(crate) fn fork(&mut self) -> Self {
        Self::new(self.bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_from_the_seed_and_do_not_repeat() {
        let mut one = Entropy::new([1; 16]);
        let mut same = Entropy::new([1; 16]);
        let mut other = Entropy::new([2; 16]);
        let first = one.uuid();
        assert_eq!(first, same.uuid());
        assert_ne!(first, other.uuid());
        assert_ne!(first, one.uuid());
        assert_eq!((first[6] >> 4, first[8] >> 6), (4, 2));
        assert_ne!(one.fork().bytes(), one.fork().bytes());
    }
}
