//! The methods that serde calls.

use std::borrow::Cow;

use firesteel_value::{FormatError, names};
use serde::de::{Deserializer, Visitor, value::SeqDeserializer};

use super::{
    access::{Elements, Pairs, Variant},
    special::Mode,
};
use crate::reader::{BARE, Name, Number, Quick, Reader, Text};

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = FormatError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        self.any(Mode::Plain, visitor)
    }

    firesteel_value::forward_deserializer!('de);

    #[inline]
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        match self.quick_number() {
            Quick::Float(bits) => return visitor.visit_f64(f64::from_bits(bits)),
            Quick::Int(number) => return visitor.visit_f64(number as f64),
            Quick::None => {}
        }
        let groups = self.open_groups()?;
        if self.at_number() {
            return match self.number(groups)? {
                Number::Float(number) => visitor.visit_f64(number),
                Number::Int(number) => visitor.visit_f64(number as f64),
                Number::Big(number) => match number.to_f64() {
                    Some(number) => visitor.visit_f64(number),
                    None => self.visit_number(Mode::Plain, Number::Big(number), visitor),
                },
                number => self.visit_number(Mode::Plain, number, visitor),
            };
        }
        if self.peek() != Some(b'{') {
            return Err(self.wrong_type("a float"));
        }
        let value = self.float_in_dict(visitor)?;
        self.close_groups(groups)?;
        Ok(value)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        let groups = self.open_groups()?;
        let truth = match self.peek() {
            Some(b'T' | b'F') => self.name()? == Name::True,
            _ => return Err(self.wrong_type("a bool")),
        };
        self.close_groups(groups)?;
        visitor.visit_bool(truth)
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        self.skip_space()?;
        if let Some(text) = self.plain_string() {
            return visitor.visit_borrowed_str(text);
        }
        let groups = self.open_groups()?;
        if !self.at_string() {
            return Err(self.wrong_type("a str"));
        }
        let text = self.string()?;
        self.close_groups(groups)?;
        match text {
            Text::Str(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
            Text::Str(Cow::Owned(text)) => visitor.visit_string(text),
            Text::Bytes(bytes) => visitor.visit_bytes(&bytes),
        }
    }

    #[inline]
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        self.skip_space()?;
        match self.plain_string() {
            Some(text) => visitor.visit_borrowed_str(text),
            None => self.any(Mode::Plain, visitor),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        let groups = self.open_groups()?;
        let bytes = match self.peek() {
            Some(b'{') => self.base64()?,
            Some(b'[' | b'(') => None,
            _ if !self.at_string() => return Err(self.wrong_type("bytes")),
            _ => match self.string()? {
                Text::Bytes(Cow::Borrowed(bytes)) => {
                    self.close_groups(groups)?;
                    return visitor.visit_borrowed_bytes(bytes);
                }
                Text::Bytes(Cow::Owned(bytes)) => Some(bytes),
                Text::Str(text) => {
                    return Err(serde::de::Error::invalid_type(serde::de::Unexpected::Str(&text), &visitor));
                }
            },
        };
        let value = match bytes {
            Some(bytes) => visitor.visit_byte_buf(bytes)?,
            None => self.any(Mode::Plain, visitor)?,
        };
        self.close_groups(groups)?;
        Ok(value)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        self.skip_space()?;
        match self.peek() {
            Some(b'N') => {
                if !self.plain_none() {
                    self.name()?;
                }
                visitor.visit_none()
            }
            Some(b'(') => {
                if self.none_in_groups()? {
                    return visitor.visit_none();
                }
                visitor.visit_some(self)
            }
            _ => visitor.visit_some(self),
        }
    }

    #[inline]
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        if self.plain_none() {
            return visitor.visit_unit();
        }
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
            names::INT => {
                let groups = self.open_groups()?;
                if !self.at_number() {
                    return Err(self.wrong_type("an integer"));
                }
                match self.number(groups)? {
                    Number::Big(number) => visitor.visit_string(number.to_text()),
                    number => self.visit_number(Mode::Plain, number, visitor),
                }
            }
            _ => visitor.visit_newtype_struct(self),
        }
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        let groups = self.open_groups()?;
        let value = match self.peek() {
            _ if self.take_bare() => Elements::new(self, BARE).visit(visitor)?,
            Some(b'[') => {
                self.check_hashable("list")?;
                self.enter()?;
                Elements::new(self, b']').visit(visitor)?
            }
            Some(b'(') => {
                self.enter()?;
                Elements::new(self, b')').visit(visitor)?
            }
            Some(b'{') => match self.base64()? {
                // Bytes can be read into a `Vec<u8>`.
                Some(bytes) => visitor.visit_seq(SeqDeserializer::new(bytes.into_iter()))?,
                None => self.any(Mode::Plain, visitor)?,
            },
            Some(b's') => self.any(Mode::Plain, visitor)?,
            _ if !self.at_string() => return Err(self.wrong_type("a list, a tuple or a set")),
            _ => match self.string()? {
                Text::Bytes(bytes) => visitor.visit_seq(SeqDeserializer::new(bytes.iter().copied()))?,
                Text::Str(text) => {
                    return Err(serde::de::Error::invalid_type(serde::de::Unexpected::Str(&text), &visitor));
                }
            },
        };
        self.close_groups(groups)?;
        Ok(value)
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        let groups = self.open_groups()?;
        if self.peek() != Some(b'{') {
            return Err(self.wrong_type("a dict"));
        }
        self.check_hashable("dict")?;
        self.enter()?;
        let value = Pairs::visit(self, visitor)?;
        self.close_groups(groups)?;
        Ok(value)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        let groups = self.open_groups()?;
        let value = match self.peek() {
            Some(b'{') => {
                self.check_hashable("dict")?;
                self.enter()?;
                Pairs::visit(self, visitor)?
            }
            _ => self.deserialize_seq(visitor)?,
        };
        self.close_groups(groups)?;
        Ok(value)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        let groups = self.open_groups()?;
        let value = if self.peek() == Some(b'{') {
            self.check_hashable("dict")?;
            self.enter()?;
            let mut progress = Default::default();
            if !self.next_in(b'}', &mut progress)? {
                return Err(self.wrong_type("a variant"));
            }
            let value = visitor.visit_enum(Variant { reader: &mut *self, dict: true })?;
            self.finish(b'}', &mut progress)?;
            value
        } else if self.at_string() {
            visitor.visit_enum(Variant { reader: &mut *self, dict: false })?
        } else {
            return Err(self.wrong_type("a str or a dict with one key"));
        };
        self.close_groups(groups)?;
        Ok(value)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        if self.take_bare() {
            return Elements::new(self, BARE).visit(visitor);
        }
        self.skip_value()?;
        visitor.visit_unit()
    }
}

impl<'de> Reader<'de> {
    /// An integer of any width.
    #[inline]
    fn visit_integer<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, FormatError> {
        match self.quick_number() {
            Quick::Int(number) => return visitor.visit_i64(number),
            Quick::Float(bits) => return visitor.visit_f64(f64::from_bits(bits)),
            Quick::None => {}
        }
        let groups = self.open_groups()?;
        if !self.at_number() {
            return Err(self.wrong_type("an integer"));
        }
        let number = self.number(groups)?;
        self.visit_number(Mode::Plain, number, visitor)
    }
}
