//! Keys of dicts: always strings in JSON, in which Python puts numbers, bools and None as well.

use std::borrow::Cow;

use firesteel_value::{FormatError, FormatErrorKind, Limits, names};
use serde::de::{Deserializer, IntoDeserializer, Visitor, value::CowStrDeserializer};

use super::any::Mode;
use crate::reader::{Number, Reader};

/// Reads the key at which a reader stands, without the colon.
pub(crate) struct Key<'a, 'de>(pub(crate) &'a mut Reader<'de>);

macro_rules! integers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
            let number = self.0.inside_key("an integer", |inner| inner.integer())?;
            self.0.visit_number(Mode::Plain, number, visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Key<'_, 'de> {
    type Error = FormatError;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        match self.0.key()? {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    integers!(
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    );

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        visitor.visit_f64(self.0.inside_key("a float", |inner| inner.any_float())?)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        visitor.visit_bool(self.0.inside_key("a bool", |inner| inner.value::<bool>())?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        let mut ahead = self.0.clone();
        if ahead.key()? == "null" {
            *self.0 = ahead;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        match name {
            names::VALUE => self.deserialize_any(visitor),
            names::INT => match self.0.inside_key("an integer", |inner| inner.integer())? {
                Number::Big(number) => visitor.visit_string(number.to_text()),
                number => self.0.visit_number(Mode::Plain, number, visitor),
            },
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        let variant: CowStrDeserializer<'de, FormatError> = self.0.key()?.into_deserializer();
        visitor.visit_enum(variant)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        self.0.inside_key("null", |inner| inner.value::<()>())?;
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, FormatError> {
        self.deserialize_unit(visitor)
    }

    serde::forward_to_deserialize_any! {
        char str string bytes byte_buf seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl Reader<'_> {
    /// At a key: reads what is written inside of the string.
    fn inside_key<T>(
        &mut self,
        expected: &str,
        read: impl FnOnce(&mut Reader<'_>) -> Result<T, FormatError>,
    ) -> Result<T, FormatError> {
        let start = self.offset();
        let text = self.key()?;
        let mut inner = Reader::new(text.as_bytes(), Limits::default())?;
        // White space around it is none of Python's doing.
        let tight = inner.offset() == 0 && !text.ends_with([' ', '\t', '\n', '\r']);
        match read(&mut inner).and_then(|value| inner.end().map(|()| value)) {
            Ok(value) if tight => Ok(value),
            Err(error) if error.category() == FormatErrorKind::NumberRange => {
                Err(FormatError::at(error.category(), start, error.message().to_owned()))
            }
            _ => {
                let message = format!("expected {expected} in a key, found {text:?}");
                Err(FormatError::at(FormatErrorKind::Type, start, message))
            }
        }
    }
}
