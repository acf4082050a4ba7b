//! How each serializer is used by Pyro: its id on the wire, the shape of a call, the style of values.
//!
//! What each does with the types of Python stands in [`SerializerId`].

mod arguments;
mod classed;
mod framing;
mod list;
mod style;
mod walk;

use std::fmt;
use std::str::FromStr;

pub use arguments::Arguments;
pub(crate) use arguments::{BatchedCall, Blob, CallContent, Opening, call_begins};
pub(crate) use list::ListWriter;
pub(crate) use style::{Style, document, read, read_from};
pub(crate) use walk::Walk;

use crate::wire::Dialect;

/// A serialization format that messages can be in.
///
/// What becomes of a [`Value`](crate::Value) that is sent, and arrives at the other end, in each. "=" is the
/// same value; pickle stands for dill and cloudpickle too. A test keeps this table true.
///
/// | type | serpent | marshal | json | msgpack | pickle | cbor |
/// |---|---|---|---|---|---|---|
/// | None | = | = | = | = | = | = |
/// | bool | = | = | = | = | = | = |
/// | int | = | = | = | = | = | = |
/// | int beyond 64 bits | = | = | = | = ³ | = | = |
/// | float | = | = | = | = | = | = |
/// | complex | = | = | refused | = ³ | = | = |
/// | str | = | = | = | = | = | = |
/// | bytes | dict, keys str ¹ | = | dict, keys str ¹ | = | = | = |
/// | bytearray | dict, keys str ¹ | bytes | dict, keys str ¹ | bytes | = | = |
/// | tuple | = | = | list | list | = | = |
/// | list | = | = | = | = | = | = |
/// | set | = | = | list | list | = | = |
/// | set, empty | tuple | = | list | list | = | = |
/// | frozenset | set | = | refused | refused | = | = |
/// | dict, keys str | = | = | = | = | = | = |
/// | dict, keys int | = | = | dict, keys str | = ⁴ | = | = |
/// | datetime | str | str ² | str | = ³ | = | = |
/// | datetime with offset | str | str ² | str | refused | = | = |
/// | date | str | str ² | str | = ³ | = | = |
/// | time | str | str ² | refused | refused | = | = |
/// | timedelta | float ⁵ | tuple ² | refused | refused | = | = |
/// | Decimal | str | str ² | str | str | = | = |
/// | UUID | str | str | str | str | = | = |
/// | Ellipsis | refused | = ² | refused | refused | = | = |
/// | exception | = | = | = ⁶ | = ⁶ | = ⁷ | = |
/// | instance | = | = | = ⁶ | = ⁶ | refused ⁷ | = |
///
/// Python's Pyro does the same, but for these:
///
/// 1. [`Blob`](crate::Blob) reads that dictionary as bytes. Python's json refuses bytes.
/// 2. Python's marshal serializer refuses these; it reads what is written here.
/// 3. Pyro4 does not read msgpack's extension types in arguments, but in results.
/// 4. Python's msgpack does not read such keys.
/// 5. The seconds. In marshal it is days, seconds and microseconds.
/// 6. Tuples in it arrive as lists: so do the arguments of an exception, which Python makes a tuple again.
/// 7. Written are exceptions of Python's own and Pyro's own classes, the latter in protocol 48. Others are refused,
///    as the reader would import what they name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SerializerId {
    /// Python literals: Pyro's default.
    #[default]
    Serpent,
    /// Python's own format for compiled code: fast, and Python alone reads it.
    Marshal,
    /// JSON as Python writes it.
    Json,
    /// msgpack with Pyro's extension types. In Pyro4 it has to be asked for.
    Msgpack,
    /// Python's pickle, in protocol 48 alone; read as data, and off unless accepted.
    Pickle,
    /// The same bytes as pickle, under the id of dill.
    Dill,
    /// The same bytes as pickle, under the id of cloudpickle.
    Cloudpickle,
    /// CBOR: between firesteel peers alone, lossless for every value.
    Cbor,
}

impl SerializerId {
    /// All that there are.
    pub const ALL: [Self; 8] = [
        Self::Serpent,
        Self::Marshal,
        Self::Json,
        Self::Msgpack,
        Self::Pickle,
        Self::Dill,
        Self::Cloudpickle,
        Self::Cbor,
    ];

    /// From the number in a header.
    pub const fn from_wire(dialect: Dialect, id: u8) -> Option<Self> {
        Some(match (dialect, id) {
            (_, 1) => Self::Serpent,
            (Dialect::Pyro5, 2) | (Dialect::Pyro4, 3) => Self::Marshal,
            (Dialect::Pyro5, 3) | (Dialect::Pyro4, 2) => Self::Json,
            (Dialect::Pyro5, 4) | (Dialect::Pyro4, 6) => Self::Msgpack,
            (Dialect::Pyro4, 4) => Self::Pickle,
            (Dialect::Pyro4, 5) => Self::Dill,
            (Dialect::Pyro4, 7) => Self::Cloudpickle,
            (_, CBOR) => Self::Cbor,
            _ => return None,
        })
    }

    /// The number in a header; none where the dialect does not know the serializer.
    pub const fn to_wire(self, dialect: Dialect) -> Option<u8> {
        Some(match (self, dialect) {
            (Self::Serpent, _) => 1,
            (Self::Marshal, Dialect::Pyro5) | (Self::Json, Dialect::Pyro4) => 2,
            (Self::Json, Dialect::Pyro5) | (Self::Marshal, Dialect::Pyro4) => 3,
            (Self::Msgpack, Dialect::Pyro5) => 4,
            (Self::Msgpack, Dialect::Pyro4) => 6,
            (Self::Pickle, Dialect::Pyro4) => 4,
            (Self::Dill, Dialect::Pyro4) => 5,
            (Self::Cloudpickle, Dialect::Pyro4) => 7,
            (Self::Cbor, _) => CBOR,
            (Self::Pickle | Self::Dill | Self::Cloudpickle, Dialect::Pyro5) => return None,
        })
    }

    /// True for those that name classes without `__class__`.
    pub(crate) const fn is_pickle(self) -> bool {
        matches!(self, Self::Pickle | Self::Dill | Self::Cloudpickle)
    }

    /// Pyro's name of it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Serpent => "serpent",
            Self::Marshal => "marshal",
            Self::Json => "json",
            Self::Msgpack => "msgpack",
            Self::Pickle => "pickle",
            Self::Dill => "dill",
            Self::Cloudpickle => "cloudpickle",
            Self::Cbor => "cbor",
        }
    }
}

/// The id of CBOR in both dialects: of firesteel's own choice, far from Pyro's.
const CBOR: u8 = 0x63;

impl fmt::Display for SerializerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// From Pyro's name of it.
impl FromStr for SerializerId {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|id| id.name() == name).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|id| id.name()).collect();
            format!("unknown serializer {name:?}: choose one of {}", known.join(", "))
        })
    }
}

/// A set of serializers: those that messages may be in.
///
/// ```
/// use firesteel_proto::{SerializerId, Serializers};
/// let accepted = Serializers::default().with(SerializerId::Pickle);
/// assert!(accepted.accept(SerializerId::Pickle) && !accepted.accept(SerializerId::Dill));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Serializers(u8);

impl Serializers {
    /// None at all.
    pub const NONE: Self = Self(0);

    /// These and one more.
    #[must_use]
    pub const fn with(self, serializer: SerializerId) -> Self {
        Self(self.0 | 1 << serializer as u8)
    }

    /// These without one.
    #[must_use]
    pub const fn without(self, serializer: SerializerId) -> Self {
        Self(self.0 & !(1 << serializer as u8))
    }

    /// Whether one is among them.
    pub const fn accept(self, serializer: SerializerId) -> bool {
        self.0 & (1 << serializer as u8) != 0
    }
}

/// All but those of pickle's family.
impl Default for Serializers {
    fn default() -> Self {
        use SerializerId::{Cbor, Json, Marshal, Msgpack, Serpent};
        [Serpent, Marshal, Json, Msgpack, Cbor].into_iter().collect()
    }
}

impl FromIterator<SerializerId> for Serializers {
    fn from_iter<I: IntoIterator<Item = SerializerId>>(serializers: I) -> Self {
        serializers.into_iter().fold(Self::NONE, Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_pyro() {
        let ids = |dialect| SerializerId::ALL.map(|serializer| serializer.to_wire(dialect));
        assert_eq!(ids(Dialect::Pyro5), [Some(1), Some(2), Some(3), Some(4), None, None, None, Some(0x63)]);
        assert_eq!(ids(Dialect::Pyro4), [Some(1), Some(3), Some(2), Some(6), Some(4), Some(5), Some(7), Some(0x63)]);
        for dialect in [Dialect::Pyro5, Dialect::Pyro4] {
            for id in 0..=255 {
                if let Some(serializer) = SerializerId::from_wire(dialect, id) {
                    assert_eq!(serializer.to_wire(dialect), Some(id));
                }
            }
        }
    }
}
