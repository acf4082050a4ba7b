//! The flag bits of protocol 502.

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

/// A message's flags, as in Pyro5's `protocol.py`.
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

    /// From the 16 bits of a header; unknown bits are kept.
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
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
