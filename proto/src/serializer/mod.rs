//! How each serializer is used by Pyro: its id on the wire, the shape of a call, the style of values.

mod arguments;
mod classed;
mod marshal_text;

use std::fmt;
use std::str::FromStr;

use firesteel_value::FormatError;
use serde::{Deserialize, Serialize};

pub use arguments::Arguments;
pub(crate) use arguments::CallContent;
pub(crate) use marshal_text::{MARSHAL, marshal_text, read_marshal_text};

use crate::value::ClassNames;

/// A serialization format that messages can be in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SerializerId {
    /// Python literals: Pyro's default.
    #[default]
    Serpent,
}

impl SerializerId {
    /// All that there are.
    pub const ALL: [Self; 1] = [Self::Serpent];

    /// From the byte in a header of protocol 502.
    pub const fn from_wire(id: u8) -> Option<Self> {
        match id {
            1 => Some(Self::Serpent),
            _ => None,
        }
    }

    /// The byte in a header of protocol 502.
    pub const fn to_wire(self) -> u8 {
        match self {
            Self::Serpent => 1,
        }
    }

    /// Pyro's name of it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Serpent => "serpent",
        }
    }
}

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

/// How values are written: the format, and the context that it needs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Style<'a> {
    pub(crate) serializer: SerializerId,
    pub(crate) bytes_repr: bool,
    pub(crate) classes: Option<&'a ClassNames>,
}

impl<'a> Style<'a> {
    pub(crate) fn new(serializer: SerializerId) -> Self {
        Self { serializer, bytes_repr: false, classes: None }
    }

    pub(crate) fn of(serializer: SerializerId, config: &'a crate::Config) -> Self {
        let classes = (!config.classes.is_empty()).then_some(&config.classes);
        Self { serializer, bytes_repr: config.bytes_repr, classes }
    }

    /// Appends a whole document.
    pub(crate) fn write<T: Serialize + ?Sized>(&self, value: &T, out: &mut Vec<u8>) -> Result<(), FormatError> {
        match self.serializer {
            SerializerId::Serpent => {
                out.extend_from_slice(firesteel_serpent::HEADER);
                self.write_serpent(value, out)
            }
        }
    }

    fn serpent<'o>(&self, out: &'o mut Vec<u8>) -> firesteel_serpent::Serializer<'o> {
        let mut options = firesteel_serpent::Options::default();
        options.bytes_repr = self.bytes_repr;
        firesteel_serpent::Serializer::new(out, &options)
    }

    fn write_serpent<T: Serialize + ?Sized>(&self, value: &T, out: &mut Vec<u8>) -> Result<(), FormatError> {
        let mut serializer = self.serpent(out);
        match self.classes {
            None => value.serialize(&mut serializer),
            Some(classes) => value.serialize(classed::Classed::new(&mut serializer, classes)),
        }
    }
}

/// Reads a whole document.
pub(crate) fn read<'de, T: Deserialize<'de>>(serializer: SerializerId, bytes: &'de [u8]) -> Result<T, FormatError> {
    match serializer {
        SerializerId::Serpent => firesteel_serpent::from_slice(bytes),
    }
}
