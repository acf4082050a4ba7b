//! The methods that serde calls.

use firesteel_value::{FormatError, names};
use serde::de::{Deserializer, IgnoredAny, Visitor, value::SeqDeserializer};

use super::{
    access::{Elements, Pairs, Variant},
    any::Mode,
};
use crate::reader::{Int, Reader};

impl<'de> Reader<'de> {
    /// An integer of any width.
    #[inline]
    fn visit_integer<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, FormatError> {
        match self.try_int() {
            Some(Int::I64(number)) => visitor.visit_i64(number),
            Some(Int::U64(number)) => visitor.visit_u64(number),
            None => self.rare(visitor),
        }
    }

    /// What does not look as the type that was asked for: the visitor has the last word.
    #[cold]
    fn rare<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, FormatError> {
        self.any(Mode::Plain, visitor)
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = FormatError;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        self.any(Mode::Plain, visitor)
    }

    firesteel_value::forward_deserializer!('de);

    #[inline]
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        if let Some(number) = self.try_float() {
            return visitor.visit_f64(number);
        }
        match self.try_int() {
            Some(Int::I64(number)) => visitor.visit_f64(number as f64),
            Some(Int::U64(number)) => visitor.visit_f64(number as f64),
            None => self.float_of_ext(visitor),
        }
    }

    #[inline]
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        self.any(Mode::Plain, visitor)
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        match self.try_str()? {
            Some(text) => visitor.visit_borrowed_str(text),
            None => self.rare(visitor),
        }
    }

    #[inline]
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        self.deserialize_str(visitor)
    }

    #[inline]
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        match self.try_bytes()? {
            Some(bytes) => visitor.visit_borrowed_bytes(bytes),
            None => self.rare(visitor),
        }
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        if self.take_nil() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        self.any(Mode::Plain, visitor)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        match name {
            names::VALUE => self.any(Mode::Tagged, visitor),
            names::INT => self.integer(visitor),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        match self.array_head()? {
            Some(count) => Elements::new(self, count).visit(visitor),
            None => self.bytes_as_seq(visitor),
        }
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        match self.map_head()? {
            Some(count) => Pairs::visit(self, count, visitor),
            None => self.rare(visitor),
        }
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        match self.map_head()? {
            Some(count) => Pairs::visit(self, count, visitor),
            None => self.deserialize_seq(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        match self.variant_head()? {
            true => {
                self.check_hashable()?;
                self.enter()?;
                let value = visitor.visit_enum(Variant { reader: &mut *self, map: true })?;
                self.leave();
                Ok(value)
            }
            false => visitor.visit_enum(Variant { reader: self, map: false }),
        }
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        self.any(Mode::Tagged, IgnoredAny)?;
        visitor.visit_unit()
    }
}

impl<'de> Reader<'de> {
    /// An integer of any size, as text if it is large.
    fn integer<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, FormatError> {
        match self.try_int() {
            Some(Int::I64(number)) => return visitor.visit_i64(number),
            Some(Int::U64(number)) => return visitor.visit_u64(number),
            None => {}
        }
        match self.large_int()? {
            Some(number) => visitor.visit_string(number.to_text()),
            None => Err(self.wrong_type("an integer")),
        }
    }

    #[cold]
    fn float_of_ext<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, FormatError> {
        match self.large_int()? {
            Some(number) => match number.to_f64() {
                Some(number) => visitor.visit_f64(number),
                None => self.visit_big(number, Mode::Plain, visitor),
            },
            None => self.any(Mode::Plain, visitor),
        }
    }

    /// Bytes can be read into a `Vec<u8>`.
    #[cold]
    fn bytes_as_seq<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, FormatError> {
        match self.try_bytes()? {
            Some(bytes) => visitor.visit_seq(SeqDeserializer::new(bytes.iter().copied())),
            None => self.any(Mode::Plain, visitor),
        }
    }
}
