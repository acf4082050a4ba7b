//! The methods that serde calls for values.

use firesteel_value::{FormatError, names};
use serde::de::{Deserializer, Visitor, value::SeqDeserializer};

use super::{
    access::{Elements, Pairs, Variant},
    any::Mode,
};
use crate::reader::{Literal, Number, Quick, Reader};

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = FormatError;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        self.any(Mode::Plain, visitor)
    }

    firesteel_value::forward_deserializer!('de);

    #[inline]
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        match self.quick_number() {
            Quick::Float(bits) => visitor.visit_f64(f64::from_bits(bits)),
            Quick::Int(number) => visitor.visit_f64(number as f64),
            Quick::None => visitor.visit_f64(self.any_float()?),
        }
    }

    #[inline]
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        match self.peek() {
            Some(b't' | b'f') => visitor.visit_bool(self.literal()? == Literal::Bool(true)),
            _ => Err(self.wrong_type("a bool")),
        }
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        if self.peek() != Some(b'"') {
            return Err(self.wrong_type("a str"));
        }
        self.visit_string(visitor)
    }

    #[inline]
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        self.any(Mode::Plain, visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        match self.peek() {
            Some(b'{') => visitor.visit_byte_buf(self.base64()?),
            Some(b'[') => Elements::visit(self, visitor),
            _ => Err(self.wrong_type("bytes")),
        }
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        if self.peek() == Some(b'n') {
            self.literal()?;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    #[inline]
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        if self.peek() == Some(b'n') {
            self.literal()?;
            return visitor.visit_unit();
        }
        Err(self.wrong_type("null"))
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        match name {
            names::VALUE => self.any(Mode::Tagged, visitor),
            names::INT => match self.integer()? {
                Number::Big(number) => visitor.visit_string(number.to_text()),
                number => self.visit_number(Mode::Plain, number, visitor),
            },
            _ => visitor.visit_newtype_struct(self),
        }
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        match self.peek() {
            Some(b'[') => Elements::visit(self, visitor),
            // Bytes can be read into a `Vec<u8>`.
            Some(b'{') => visitor.visit_seq(SeqDeserializer::new(self.base64()?.into_iter())),
            _ => Err(self.wrong_type("a list")),
        }
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        if self.peek() != Some(b'{') {
            return Err(self.wrong_type("a dict"));
        }
        Pairs::visit(self, visitor)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        match self.peek() {
            Some(b'{') => Pairs::visit(self, visitor),
            Some(b'[') => Elements::visit(self, visitor),
            _ => Err(self.wrong_type("a dict")),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        Variant::visit(self, visitor)
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        self.skip_value()?;
        visitor.visit_unit()
    }
}

impl<'de> Reader<'de> {
    /// An integer of any width.
    #[inline]
    fn visit_integer<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, FormatError> {
        match self.quick_number() {
            Quick::Int(number) => visitor.visit_i64(number),
            Quick::Float(bits) => visitor.visit_f64(f64::from_bits(bits)),
            Quick::None => self.any_integer(visitor),
        }
    }

    #[inline(never)]
    fn any_integer<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, FormatError> {
        let number = self.integer()?;
        self.visit_number(Mode::Plain, number, visitor)
    }

    /// A number where an integer is expected; a float is left to the visitor to refuse.
    pub(super) fn integer(&mut self) -> Result<Number, FormatError> {
        if !self.at_number() {
            return Err(self.wrong_type("an integer"));
        }
        self.number()
    }

    #[inline(never)]
    pub(super) fn any_float(&mut self) -> Result<f64, FormatError> {
        match self.peek() {
            Some(b'N' | b'I') => match self.literal()? {
                Literal::Float(number) => Ok(number),
                _ => Err(self.wrong_type("a float")),
            },
            _ if !self.at_number() => Err(self.wrong_type("a float")),
            _ => match self.number()? {
                Number::Float(number) => Ok(number),
                Number::Int(number) => Ok(number as f64),
                Number::Big(number) => number.to_f64().ok_or_else(|| self.out_of_range("floats")),
            },
        }
    }
}
