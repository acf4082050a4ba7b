//! The flags of a message, as bits of protocol 502.

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

/// A message's flags, as in Pyro5's `protocol.py`. Those of protocol 48 (Pyro4's `message.py`) are translated.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags(u16);

impl Flags {
    /// None set.
    pub const NONE: Self = Self(0);
    /// The payload is an exception.
    pub const EXCEPTION: Self = Self(1);
    /// The payload is compressed; annotations are not.
    pub const COMPRESSED: Self = Self(2);
    /// No answer is wanted.
    pub const ONEWAY: Self = Self(4);
    /// Several calls in one.
    pub const BATCH: Self = Self(8);
    /// The result is a stream of items.
    pub const ITEM_STREAM: Self = Self(16);
    /// The arguments stay serialized (annotation `BLBI`).
    pub const KEEP_SERIALIZED: Self = Self(32);
    /// The header holds a correlation id.
    pub const CORRELATION_ID: Self = Self(64);

    /// Protocol 48 alone: the handshake carries the object's metadata.
    pub const META_ON_CONNECT: Self = Self(1 << 15);

    /// From the 16 bits of a header; unknown bits are kept.
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// From the 16 bits of a header of protocol 48; unknown bits are dropped.
    pub(super) const fn from_pyro4(bits: u16) -> Self {
        let same = bits & PYRO4_SAME;
        let meta = if bits & PYRO4_META_ON_CONNECT != 0 { Self::META_ON_CONNECT.0 } else { 0 };
        Self(same | meta | ((bits >> 1) & PYRO4_SHIFTED))
    }

    /// The 16 bits of a header of protocol 48.
    pub(super) const fn to_pyro4(self) -> u16 {
        let meta = if self.contains(Self::META_ON_CONNECT) { PYRO4_META_ON_CONNECT } else { 0 };
        (self.0 & PYRO4_SAME) | meta | ((self.0 & PYRO4_SHIFTED) << 1)
    }

    /// The 16 bits of a header.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// True when every flag of `other` is set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// These flags without those of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// The flags that both protocols have at the same place: exception, compressed, oneway, batch.
const PYRO4_SAME: u16 = 0b1111;
const PYRO4_META_ON_CONNECT: u16 = 1 << 4;
/// Those that protocol 48 has one place higher: item stream, keep serialized.
const PYRO4_SHIFTED: u16 = 0b11_0000;

impl BitOr for Flags {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 7] =
            ["EXCEPTION", "COMPRESSED", "ONEWAY", "BATCH", "ITEM_STREAM", "KEEP_SERIALIZED", "CORRELATION_ID"];
        let mut rest = self.0;
        let mut separator = "";
        if self.contains(Self::META_ON_CONNECT) {
            rest &= !Self::META_ON_CONNECT.0;
            f.write_str("META_ON_CONNECT")?;
            separator = " | ";
        }
        for (bit, name) in NAMES.iter().enumerate() {
            if rest & (1 << bit) != 0 {
                rest &= !(1 << bit);
                write!(f, "{separator}{name}")?;
                separator = " | ";
            }
        }
        if rest != 0 || self.0 == 0 {
            write!(f, "{separator}{rest:#x}")?;
        }
        Ok(())
    }
}
