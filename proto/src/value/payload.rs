//! A whole payload, decoded only if somebody asks.

use std::fmt;
use std::ops::Range;

use bytes::Bytes;
use firesteel_value::from_value;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::class_names::may_hold_instances;
use super::{ClassNames, FormatError, Value};
use crate::serializer::{SerializerId, Style, document, read_from};
use crate::wire::Dialect;

/// The serialized form of one value: what a call returns, undecoded.
#[derive(Clone)]
pub struct Payload {
    serializer: SerializerId,
    /// How Pyro's own classes are named in it.
    dialect: Dialect,
    /// Written by this program, so that it can stand inside of another document of its format.
    ours: bool,
    /// What converts instances of classes that are read from it.
    classes: ClassNames,
    data: Data,
}

/// Where the bytes are. A buffer with a window costs no copy on either side: a received one still
/// holds the message's header, one to be sent can be used again.
#[derive(Clone)]
enum Data {
    Window(Vec<u8>, Range<usize>),
    Shared(Bytes),
}

impl Payload {
    /// Serializes `value` in the serializer's default style.
    ///
    /// # Errors
    /// A value that the serializer cannot express.
    pub fn encode<T: Serialize + ?Sized>(serializer: SerializerId, value: &T) -> Result<Self, FormatError> {
        // Room as in the formats' own `to_vec`.
        Self::encode_into(Vec::with_capacity(128), &Style::new(serializer), value)
    }

    /// Bytes that are serialized already, with Pyro's own classes named as in Pyro5.
    pub fn from_bytes(serializer: SerializerId, bytes: impl Into<Bytes>) -> Self {
        let (dialect, classes) = (Dialect::Pyro5, ClassNames::default());
        Self { serializer, dialect, ours: false, classes, data: Data::Shared(bytes.into()) }
    }

    /// The format of the bytes.
    pub fn serializer(&self) -> SerializerId {
        self.serializer
    }

    /// Decodes into a type of the caller's choice.
    ///
    /// # Errors
    /// Bytes that are malformed, or hold something else.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, FormatError> {
        if self.classes.reads() && may_hold_instances(!self.serializer.is_pickle(), self.as_slice()) {
            return from_value(self.classes.converted(self.raw_value()?)?);
        }
        read_from(self.dialect, self.serializer, self.as_slice())
    }

    /// Decodes into whatever it is.
    ///
    /// # Errors
    /// Bytes that are malformed.
    pub fn to_value(&self) -> Result<Value, FormatError> {
        self.decode()
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        match &self.data {
            Data::Window(buffer, window) => &buffer[window.clone()],
            Data::Shared(bytes) => bytes,
        }
    }

    /// The bytes, without a copy.
    pub fn into_bytes(self) -> Bytes {
        match self.data {
            Data::Window(buffer, window) => Bytes::from(buffer).slice(window),
            Data::Shared(bytes) => bytes,
        }
    }

    /// Serializes into a buffer that is used again.
    pub(crate) fn encode_into<T: Serialize + ?Sized>(
        mut buffer: Vec<u8>,
        style: &Style<'_>,
        value: &T,
    ) -> Result<Self, FormatError> {
        buffer.clear();
        style.write(value, &mut buffer)?;
        Ok(Self::written(style, buffer))
    }

    /// A whole document that was written here.
    pub(crate) fn written(style: &Style<'_>, bytes: Vec<u8>) -> Self {
        let window = 0..bytes.len();
        let (serializer, dialect) = (style.serializer, style.dialect);
        let classes = ClassNames::default();
        Self { serializer, dialect, ours: true, classes, data: Data::Window(bytes, window) }
    }

    /// The value without what begins and ends its document, if it can stand inside of another: what was
    /// written elsewhere may refer to its own beginning.
    pub(crate) fn as_element(&self) -> Option<&[u8]> {
        let (head, tail) = document(self.serializer);
        let element = self.as_slice().strip_prefix(head)?.strip_suffix(tail)?;
        self.ours.then_some(element)
    }

    /// A received payload in the buffer that it came in.
    pub(crate) fn received(serializer: SerializerId, dialect: Dialect, buffer: Vec<u8>, window: Range<usize>) -> Self {
        let classes = ClassNames::default();
        Self { serializer, dialect, ours: false, classes, data: Data::Window(buffer, window) }
    }

    /// How Pyro's own classes are named in it.
    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The same bytes, from a peer that speaks `dialect`.
    pub(crate) fn named_as_in(self, dialect: Dialect) -> Self {
        Self { dialect, ..self }
    }

    /// The same, with what converts the instances in it when they are read.
    pub(crate) fn with_classes(self, classes: &ClassNames) -> Self {
        if classes.reads() { Self { classes: classes.clone(), ..self } } else { self }
    }

    /// What it holds, unconverted.
    pub(crate) fn raw_value(&self) -> Result<Value, FormatError> {
        read_from(self.dialect, self.serializer, self.as_slice())
    }

    /// The same with Pyro's own classes named as in `style`, decoded and written again where that may
    /// make a difference.
    pub(crate) fn in_style(self, style: &Style<'_>) -> Result<Self, FormatError> {
        if self.reads_as_in(style.dialect) {
            return Ok(Self { dialect: style.dialect, ..self });
        }
        Self::encode_into(Vec::new(), style, &self.raw_value()?)
    }

    /// Whether a peer that speaks `dialect` reads the same in these bytes.
    pub(crate) fn reads_as_in(&self, dialect: Dialect) -> bool {
        self.dialect == dialect || memchr::memmem::find(self.as_slice(), b"Pyro").is_none()
    }

    /// The buffer, for use again, where this payload owns one.
    pub(crate) fn recycle(self) -> Option<Vec<u8>> {
        match self.data {
            Data::Window(buffer, _) => Some(buffer),
            Data::Shared(_) => None,
        }
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        self.serializer == other.serializer && self.as_slice() == other.as_slice()
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.as_slice();
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(100)]);
        write!(f, "Payload({:?}, {} bytes, {shown:?})", self.serializer, bytes.len())
    }
}
