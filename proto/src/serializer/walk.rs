//! A reader that walks through a call step by step, whatever the format.

use std::borrow::Cow;

use firesteel_value::{FormatError, Limits};
use serde::de::DeserializeSeed;

use super::SerializerId;

/// The reader of one of the formats. In JSON it stands inside a call's dictionary. Those that are large are boxed:
/// arguments are moved about.
#[derive(Clone, Debug)]
pub(crate) enum Walk<'a> {
    Serpent(firesteel_serpent::Reader<'a>),
    Marshal(Box<firesteel_marshal::Reader<'a>>),
    Json(firesteel_json::Reader<'a>),
    Msgpack(Box<firesteel_msgpack::Reader<'a>>),
    Pickle(Box<firesteel_pickle::Reader<'a>>),
    Cbor(Box<firesteel_cbor::Reader<'a>>),
}

macro_rules! each {
    ($self:expr, $reader:ident => $body:expr) => {
        match $self {
            Walk::Serpent($reader) => $body,
            Walk::Marshal($reader) => $body,
            Walk::Json($reader) => $body,
            Walk::Msgpack($reader) => $body,
            Walk::Pickle($reader) => $body,
            Walk::Cbor($reader) => $body,
        }
    };
}

impl<'a> Walk<'a> {
    pub(crate) fn new(serializer: SerializerId, bytes: &'a [u8], limits: Limits) -> Result<Self, FormatError> {
        Ok(match serializer {
            SerializerId::Serpent => Self::Serpent(firesteel_serpent::Reader::new(bytes, limits)?),
            SerializerId::Marshal => Self::Marshal(Box::new(firesteel_marshal::Reader::new(bytes, limits)?)),
            SerializerId::Json => Self::Json(firesteel_json::Reader::new(bytes, limits)?),
            SerializerId::Msgpack => Self::Msgpack(Box::new(firesteel_msgpack::Reader::new(bytes, limits)?)),
            SerializerId::Pickle | SerializerId::Dill | SerializerId::Cloudpickle => {
                Self::Pickle(Box::new(firesteel_pickle::Reader::new(bytes, limits)?))
            }
            SerializerId::Cbor => Self::Cbor(Box::new(firesteel_cbor::Reader::new(bytes, limits)?)),
        })
    }

    pub(crate) fn open_sequence(&mut self) -> Result<(), FormatError> {
        each!(self, reader => reader.open_sequence())
    }

    pub(crate) fn next_element(&mut self) -> Result<bool, FormatError> {
        each!(self, reader => reader.next_element())
    }

    pub(crate) fn open_dict(&mut self) -> Result<(), FormatError> {
        each!(self, reader => reader.open_dict())
    }

    pub(crate) fn next_entry(&mut self) -> Result<bool, FormatError> {
        each!(self, reader => reader.next_entry())
    }

    pub(crate) fn str(&mut self) -> Result<Cow<'a, str>, FormatError> {
        each!(self, reader => reader.str())
    }

    pub(crate) fn none(&mut self) -> Result<bool, FormatError> {
        each!(self, reader => reader.none())
    }

    pub(crate) fn end(&mut self) -> Result<(), FormatError> {
        each!(self, reader => reader.end())
    }

    pub(crate) fn seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<S::Value, FormatError> {
        match self {
            Self::Pickle(reader) => seed.deserialize(&mut **reader),
            Self::Serpent(reader) => seed.deserialize(reader),
            Self::Marshal(reader) => seed.deserialize(&mut **reader),
            Self::Json(reader) => seed.deserialize(reader),
            Self::Msgpack(reader) => seed.deserialize(&mut **reader),
            Self::Cbor(reader) => seed.deserialize(&mut **reader),
        }
    }
}
