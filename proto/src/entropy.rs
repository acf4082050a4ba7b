//! Unpredictable ids from the embedder's seed: the core has no randomness of its own.

use std::fmt;
use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

/// A stream of 128-bit ids: SipHash, keyed with a seed, over a counter.
///
/// The same seed gives the same ids; without the seed nobody can tell the next one.
#[derive(Clone, Default)]
pub(crate) struct Entropy {
    seed: [u8; 16],
    counter: u64,
}

/// The seed is a secret.
impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy")
    }
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

    /// Another stream, which follows from the same seed.
    pub(crate) fn branch(&self) -> Self {
        let mut hasher = SipHasher13::new_with_key(&self.seed);
        hasher.write(b"branch");
        Self::new(hasher.finish128().as_bytes())
    }

    /// A random (version 4) UUID.
    pub(crate) fn uuid(&mut self) -> [u8; 16] {
        versioned(self.bytes())
    }

    /// A source of ids that are unique, and no secrets: cheap to go on with.
    pub(crate) fn labels(&mut self) -> Labels {
        let first = u128::from_be_bytes(self.bytes());
        Labels { next: [(first >> 64) as u64, first as u64] }
    }
}

/// UUIDs (version 4 in form) that count on from a random one: whoever knows one can tell the next.
#[derive(Clone)]
pub(crate) struct Labels {
    /// The halves of a counter. A `u128` would be aligned to 16 bytes, in each connection.
    next: [u64; 2],
}

impl Labels {
    pub(crate) fn uuid(&mut self) -> [u8; 16] {
        let [high, low] = &mut self.next;
        *low = low.wrapping_add(1);
        *high = high.wrapping_add(u64::from(*low == 0));
        versioned((u128::from(*high) << 64 | u128::from(*low)).to_be_bytes())
    }
}

/// Sets the bits that tell a random UUID, as RFC 9562 lays them out.
fn versioned(mut bytes: [u8; 16]) -> [u8; 16] {
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    bytes
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
        let (mut branch, mut again) = (one.branch(), same.branch());
        let from_branch = branch.uuid();
        assert_eq!(from_branch, again.uuid());
        assert_ne!(from_branch, Entropy::new([1; 16]).uuid());
        let mut labels = one.labels();
        let (first, second) = (labels.uuid(), labels.uuid());
        assert_ne!(first, second);
        assert_eq!((second[6] >> 4, second[8] >> 6), (4, 2));
    }
}
