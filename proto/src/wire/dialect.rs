//! The two generations of Pyro's wire protocol.

use std::fmt;

/// Which of Pyro's wire protocols a message is in. The names are those of the programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Protocol 502, spoken by Pyro5.
    #[default]
    Pyro5,
    /// Protocol 48, spoken by Pyro4 (4.82).
    Pyro4,
}

impl Dialect {
    /// The version number in its headers.
    pub const fn version(self) -> u16 {
        match self {
            Self::Pyro5 => 502,
            Self::Pyro4 => 48,
        }
    }

    /// From the version number of a header.
    pub const fn from_version(version: u16) -> Option<Self> {
        match version {
            502 => Some(Self::Pyro5),
            48 => Some(Self::Pyro4),
            _ => None,
        }
    }

    /// Bytes of a header.
    pub const fn header_len(self) -> usize {
        match self {
            Self::Pyro5 => 40,
            Self::Pyro4 => 24,
        }
    }

    /// Bytes before an annotation's value: its name, and a length of four bytes or two.
    pub(super) const fn annotation_head(self) -> usize {
        match self {
            Self::Pyro5 => 8,
            Self::Pyro4 => 6,
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "protocol {}", self.version())
    }
}
