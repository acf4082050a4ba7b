//! Keys of dicts: strings, and what Python's json makes strings of.

use firesteel_value::{FormatError, FormatErrorKind, names};
use serde::ser::{self, Impossible, Serialize};

use super::Serializer;

/// A serde serializer of one key, which is in quotes whatever it is, and of what stands before and after it.
#[derive(Debug)]
pub struct MapKey<'s, 'a> {
    serializer: &'s mut Serializer<'a>,
    first: bool,
}

impl<'s, 'a> MapKey<'s, 'a> {
    #[inline]
    pub(super) fn new(serializer: &'s mut Serializer<'a>, first: bool) -> MapKey<'s, 'a> {
        MapKey { serializer, first }
    }

    /// What is no string outside of keys.
    fn quoted(self, write: impl FnOnce(&mut Serializer<'a>) -> Result<(), FormatError>) -> Result<(), FormatError> {
        self.serializer.put(if self.first { b"\"" } else { b", \"" });
        write(self.serializer)?;
        self.serializer.put(b"\": ");
        Ok(())
    }
}

macro_rules! as_value {
    ($($method:ident $ty:ty)*) => {$(
        fn $method(self, value: $ty) -> Result<(), FormatError> {
            self.quoted(|serializer| serializer.$method(value))
        }
    )*};
}

impl<'s, 'a> ser::Serializer for MapKey<'s, 'a> {
    type Ok = ();
    type Error = FormatError;
    type SerializeSeq = Impossible<(), FormatError>;
    type SerializeTuple = Impossible<(), FormatError>;
    type SerializeTupleStruct = Impossible<(), FormatError>;
    type SerializeTupleVariant = Impossible<(), FormatError>;
    type SerializeMap = Impossible<(), FormatError>;
    type SerializeStruct = Impossible<(), FormatError>;
    type SerializeStructVariant = Impossible<(), FormatError>;

    as_value!(
        serialize_bool bool
        serialize_i8 i8 serialize_i16 i16 serialize_i32 i32 serialize_i64 i64 serialize_i128 i128
        serialize_u8 u8 serialize_u16 u16 serialize_u32 u32 serialize_u64 u64 serialize_u128 u128
        serialize_f32 f32 serialize_f64 f64
    );

    fn serialize_char(self, char: char) -> Result<(), FormatError> {
        self.serialize_str(char.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result<(), FormatError> {
        self.serializer.key(text, self.first);
        Ok(())
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), FormatError> {
        Err(no_key("bytes"))
    }

    fn serialize_none(self) -> Result<(), FormatError> {
        self.quoted(|serializer| serializer.serialize_none())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), FormatError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), FormatError> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), FormatError> {
        self.serialize_none()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), FormatError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        content: &T,
    ) -> Result<(), FormatError> {
        Err(no_key(match name {
            names::INT => return self.quoted(|serializer| serializer.special(name, content)),
            names::SET => "set",
            names::FROZENSET => "frozenset",
            names::COMPLEX => "complex",
            names::BYTEARRAY => "bytearray",
            names::ELLIPSIS => "ellipsis",
            names::INSTANCE => "dict",
            names::DATETIME => "datetime.datetime",
            names::DATE => "datetime.date",
            names::TIME => "datetime.time",
            names::TIMEDELTA => "datetime.timedelta",
            names::DECIMAL => "decimal.Decimal",
            names::UUID => "UUID",
            _ => return content.serialize(self),
        }))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), FormatError> {
        Err(no_key("dict"))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, FormatError> {
        Err(no_key("list"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, FormatError> {
        Err(no_key("tuple"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, FormatError> {
        Err(no_key("tuple"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, FormatError> {
        Err(no_key("dict"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, FormatError> {
        Err(no_key("dict"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, FormatError> {
        Err(no_key("dict"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, FormatError> {
        Err(no_key("dict"))
    }
}

/// In the words of Python's json.
#[cold]
fn no_key(class: &str) -> FormatError {
    FormatError::new(FormatErrorKind::Unsupported, format!("keys must be str, int, float, bool or None, not {class}"))
}
