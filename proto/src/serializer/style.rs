//! Writing and reading values, whatever the format.

use firesteel_value::{FormatError, Value, ValueSerializer, from_value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::SerializerId;
use super::classed::Classed;
use crate::Config;
use crate::value::{ClassNames, dialects};
use crate::wire::Dialect;

/// How values are written: the format, and the context that it needs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Style<'a> {
    pub(crate) serializer: SerializerId,
    pub(crate) dialect: Dialect,
    pub(crate) bytes_repr: bool,
    pub(crate) classes: Option<&'a ClassNames>,
}

/// Runs an expression with the writer of a style's format.
macro_rules! with_writer {
    ($style:expr, $out:expr, |$writer:ident| $body:expr) => {{
        let style: &Style<'_> = $style;
        let rewrite = (style.dialect == $crate::wire::Dialect::Pyro4)
            .then_some(firesteel_value::Rewrite($crate::value::dialects::to_pyro4));
        macro_rules! with {
            ($format:ident) => {{
                let mut options = $format::Options::default();
                options.rewrite = rewrite;
                with!($format, options)
            }};
            ($format:ident, $options:expr) => {{
                let mut writer = $format::Serializer::new($out, &$options);
                let $writer = &mut writer;
                $body
            }};
        }
        match style.serializer {
            SerializerId::Serpent => {
                let mut options = firesteel_serpent::Options::default();
                options.rewrite = rewrite;
                options.bytes_repr = style.bytes_repr;
                with!(firesteel_serpent, options)
            }
            SerializerId::Marshal => with!(firesteel_marshal),
            SerializerId::Json => with!(firesteel_json),
            SerializerId::Msgpack => with!(firesteel_msgpack),
            SerializerId::Pickle | SerializerId::Dill | SerializerId::Cloudpickle => {
                let mut options = firesteel_pickle::Options::default();
                options.rewrite = rewrite;
                // A peer that has an instance passed on shall not choose what another one imports.
                options.any_class = false;
                with!(firesteel_pickle, options)
            }
            SerializerId::Cbor => with!(firesteel_cbor),
        }
    }};
}
pub(super) use with_writer;

impl<'a> Style<'a> {
    pub(crate) fn new(serializer: SerializerId) -> Self {
        Self { serializer, ..Self::default() }
    }

    pub(crate) fn of(serializer: SerializerId, dialect: Dialect, config: &'a Config) -> Self {
        let classes = (!config.classes.is_empty()).then_some(&config.classes);
        Self { serializer, dialect, bytes_repr: config.bytes_repr, classes }
    }

    /// Appends a whole document.
    pub(crate) fn write<T: Serialize + ?Sized>(&self, value: &T, out: &mut Vec<u8>) -> Result<(), FormatError> {
        let (head, tail) = document(self.serializer);
        out.extend_from_slice(head);
        self.write_value(value, out)?;
        out.extend_from_slice(tail);
        Ok(())
    }

    /// Appends a text, without what begins and ends a document.
    pub(crate) fn write_text(&self, text: &str, out: &mut Vec<u8>) -> Result<(), FormatError> {
        match self.serializer {
            SerializerId::Serpent => {
                firesteel_value::pyrepr::str(out, text);
                Ok(())
            }
            _ => with_writer!(self, out, |writer| text.serialize(writer)),
        }
    }

    /// Appends a value, without what begins and ends a document.
    pub(crate) fn write_value<T: Serialize + ?Sized>(&self, value: &T, out: &mut Vec<u8>) -> Result<(), FormatError> {
        match self.classes {
            None => with_writer!(self, out, |writer| value.serialize(writer)),
            // Structs with a class go through a value: so each type is compiled once for all formats.
            Some(classes) => {
                let value = classes.written(value.serialize(Classed::new(ValueSerializer, classes))?)?;
                with_writer!(self, out, |writer| value.serialize(writer))
            }
        }
    }
}

/// What begins and ends a document.
pub(crate) const fn document(serializer: SerializerId) -> (&'static [u8], &'static [u8]) {
    match serializer {
        SerializerId::Serpent => (firesteel_serpent::HEADER, b""),
        // PROTO 2, STOP
        SerializerId::Pickle | SerializerId::Dill | SerializerId::Cloudpickle => (b"\x80\x02", b"."),
        SerializerId::Marshal | SerializerId::Json | SerializerId::Msgpack | SerializerId::Cbor => (b"", b""),
    }
}

/// Reads a whole document, with Pyro's classes as they come.
pub(crate) fn read<T: DeserializeOwned>(serializer: SerializerId, bytes: &[u8]) -> Result<T, FormatError> {
    match serializer {
        SerializerId::Serpent => firesteel_serpent::from_slice(bytes),
        SerializerId::Marshal => firesteel_marshal::from_slice(bytes),
        SerializerId::Json => firesteel_json::from_slice(bytes),
        SerializerId::Msgpack => firesteel_msgpack::from_slice(bytes),
        SerializerId::Pickle | SerializerId::Dill | SerializerId::Cloudpickle => firesteel_pickle::from_slice(bytes),
        SerializerId::Cbor => firesteel_cbor::from_slice(bytes),
    }
}

/// Reads a whole document that came in a dialect.
pub(crate) fn read_from<T: DeserializeOwned>(
    dialect: Dialect,
    serializer: SerializerId,
    bytes: &[u8],
) -> Result<T, FormatError> {
    if dialect == Dialect::Pyro4 && dialects::mentions_pyro4(bytes) {
        let mut value: Value = read(serializer, bytes)?;
        dialects::translate(&mut value, dialects::to_pyro5);
        return from_value(value);
    }
    read(serializer, bytes)
}
