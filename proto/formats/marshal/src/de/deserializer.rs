//! The methods that serde calls.

use firesteel_value::{FormatError, names};
use serde::de::{Deserializer, Visitor, value::SeqDeserializer};

use super::{
    access::{Elements, Pairs, Variant},
    any::{PLAIN, TAGGED, visit_text},
};
use crate::{
    codes,
    reader::{Number, Reader},
};

impl<'de> Reader<'de> {
    /// An integer of any width.
    #[inline]
    fn visit_integer<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, FormatError> {
        if self.peek() == codes::INT {
            self.advance();
            return visitor.visit_i64(self.int_value()?);
        }
        self.any_number("an integer", visitor)
    }

    fn any_number<V: Visitor<'de>>(&mut self, expected: &str, visitor: V) -> Result<V::Value, FormatError> {
        if self.peek() == codes::REF {
            return self.follow(|reader| reader.any_number(expected, visitor));
        }
        match self.number()? {
            Some(number) => self.visit_number::<PLAIN, V>(number, visitor),
            None => Err(self.wrong_type(expected)),
        }
    }

    fn any_float<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, FormatError> {
        if self.peek() == codes::REF {
            return self.follow(|reader| reader.any_float(visitor));
        }
        let Some(number) = self.number()? else {
            return Err(self.wrong_type("a float"));
        };
        let float = match &number {
            Number::Float(number) => Some(*number),
            Number::Int(number) => Some(*number as f64),
            Number::Wide(number) => Some(*number as f64),
            Number::Big(number) => number.to_f64(),
            Number::Complex(_) => None,
        };
        match float {
            Some(float) => visitor.visit_f64(float),
            None => self.visit_number::<PLAIN, V>(number, visitor),
        }
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = FormatError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        self.any::<PLAIN, V>(visitor)
    }

    firesteel_value::forward_deserializer!('de);

    #[inline]
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        if self.peek() == codes::FLOAT {
            self.advance();
            return visitor.visit_f64(self.float_value()?);
        }
        self.any_float(visitor)
    }

    #[inline]
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        let truth = match self.peek() {
            codes::TRUE => true,
            codes::FALSE => false,
            codes::REF => return self.follow(|reader| reader.deserialize_bool(visitor)),
            _ => return Err(self.wrong_type("a bool")),
        };
        self.advance();
        visitor.visit_bool(truth)
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        match self.text()? {
            Some(text) => visit_text(text, visitor),
            None => self.any::<PLAIN, V>(visitor),
        }
    }

    #[inline]
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        self.deserialize_str(visitor)
    }

    #[inline]
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        if self.peek() == codes::BYTES {
            self.advance();
            return visitor.visit_borrowed_bytes(self.bytes()?);
        }
        self.any::<PLAIN, V>(visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        // A reference never refers to None.
        if self.peek() == codes::NONE {
            self.advance();
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    #[inline]
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        if self.peek() == codes::NONE {
            self.advance();
            return visitor.visit_unit();
        }
        self.any::<PLAIN, V>(visitor)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        match name {
            names::VALUE => self.any::<TAGGED, V>(visitor),
            names::INT => {
                if self.peek() == codes::REF {
                    return self.follow(|reader| reader.deserialize_newtype_struct(name, visitor));
                }
                match self.number()? {
                    Some(Number::Big(number)) => visitor.visit_string(number.to_text()),
                    Some(number) => self.visit_number::<PLAIN, V>(number, visitor),
                    None => Err(self.wrong_type("an integer")),
                }
            }
            _ => visitor.visit_newtype_struct(self),
        }
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        let count = match self.peek() {
            codes::SMALL_TUPLE => {
                self.advance();
                self.byte()?.into()
            }
            codes::TUPLE => {
                self.advance();
                self.size()?
            }
            codes::LIST => {
                self.check_hashable("list")?;
                self.advance();
                self.size()?
            }
            codes::BYTES => {
                self.advance();
                // Bytes can be read into a `Vec<u8>`.
                return visitor.visit_seq(SeqDeserializer::new(self.bytes()?.iter().copied()));
            }
            codes::SET | codes::FROZENSET => return self.any::<PLAIN, V>(visitor),
            codes::REF => return self.follow(|reader| reader.deserialize_seq(visitor)),
            _ => return Err(self.wrong_type("a list, a tuple or a set")),
        };
        Elements::enter(self, count)?.visit(visitor)
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        match self.peek() {
            codes::DICT => {
                self.check_hashable("dict")?;
                self.advance();
                Pairs::visit(self, visitor)
            }
            codes::REF => self.follow(|reader| reader.deserialize_map(visitor)),
            _ => Err(self.wrong_type("a dict")),
        }
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        match self.peek() {
            codes::DICT => {
                self.check_hashable("dict")?;
                self.advance();
                Pairs::visit(self, visitor)
            }
            codes::REF => self.follow(|reader| reader.deserialize_struct(name, fields, visitor)),
            codes::SMALL_TUPLE | codes::TUPLE | codes::LIST => self.deserialize_seq(visitor),
            _ => Err(self.wrong_type("a dict")),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        match self.peek() {
            codes::DICT => {
                self.check_hashable("dict")?;
                self.advance();
                self.enter(0)?;
                if self.peek() == codes::NULL {
                    return Err(self.wrong_type("a variant"));
                }
                let value = visitor.visit_enum(Variant { reader: &mut *self, dict: true })?;
                self.close_dict()?;
                Ok(value)
            }
            codes::REF => self.follow(|reader| reader.deserialize_enum(name, variants, visitor)),
            codes::STRING_REF => visitor.visit_enum(Variant { reader: self, dict: false }),
            _ if self.at_text() => visitor.visit_enum(Variant { reader: self, dict: false }),
            _ => Err(self.wrong_type("a str or a dict with one key")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        self.skip_value()?;
        visitor.visit_unit()
    }
}
