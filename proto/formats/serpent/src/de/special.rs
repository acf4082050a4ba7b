//! Values of every kind, and those that serde does not know.

use std::borrow::Cow;

use firesteel_value::{Complex, FormatError, FormatErrorKind, Tagged, UnitContent, Value, decode_base64, names::tag};
use serde::de::{
    Deserialize, Deserializer, IntoDeserializer, Visitor,
    value::{SeqAccessDeserializer, SeqDeserializer},
};

use super::access::{Elements, Pairs};
use crate::reader::{BARE, Name, Number, Reader, Text};

/// What the visitor asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// What serde knows.
    Plain,
    /// Everything, the rest as tagged enums.
    Tagged,
}

impl<'de> Reader<'de> {
    /// The next value, whatever it is.
    pub(super) fn any<V: Visitor<'de>>(&mut self, mode: Mode, visitor: V) -> Result<V::Value, FormatError> {
        self.skip_space()?;
        match self.peek() {
            _ if self.take_bare() => self.tuple(mode, BARE, visitor),
            Some(b'\'' | b'"') => self.visit_string(visitor),
            Some(b'0'..=b'9' | b'-' | b'+') => {
                let number = self.number(0)?;
                self.visit_number(mode, number, visitor)
            }
            Some(b'[') => {
                self.check_hashable("list")?;
                self.enter()?;
                Elements::new(self, b']').visit(visitor)
            }
            Some(b'{') => self.visit_braces(mode, visitor),
            Some(b'(') => self.visit_paren(mode, visitor),
            _ if self.at_number() => {
                let number = self.number(0)?;
                self.visit_number(mode, number, visitor)
            }
            _ if self.at_string() => self.visit_string(visitor),
            _ => {
                let name = self.name()?;
                visit_name(mode, name, visitor)
            }
        }
    }

    #[inline]
    fn visit_string<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, FormatError> {
        match self.string()? {
            Text::Str(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
            Text::Str(Cow::Owned(text)) => visitor.visit_string(text),
            Text::Bytes(Cow::Borrowed(bytes)) => visitor.visit_borrowed_bytes(bytes),
            Text::Bytes(Cow::Owned(bytes)) => visitor.visit_byte_buf(bytes),
        }
    }

    #[inline]
    pub(super) fn visit_number<V: Visitor<'de>>(
        &mut self,
        mode: Mode,
        number: Number,
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        match number {
            Number::Int(number) => visitor.visit_i64(number),
            Number::Float(number) => visitor.visit_f64(number),
            Number::Big(number) => match (number.to_u64(), number.to_i128(), number.to_u128()) {
                (Some(number), ..) => visitor.visit_u64(number),
                (_, Some(number), _) => visitor.visit_i128(number),
                (_, _, Some(number)) => visitor.visit_u128(number),
                _ if mode == Mode::Tagged => {
                    visitor.visit_enum(Tagged::new(tag::INT, number.to_hex().into_deserializer()))
                }
                _ => {
                    let message = "integer out of range";
                    Err(FormatError::at(FormatErrorKind::NumberRange, self.offset(), message))
                }
            },
            Number::Complex(number) if mode == Mode::Tagged => {
                visitor.visit_enum(Tagged::new(tag::COMPLEX, parts(number)))
            }
            Number::Complex(number) => parts(number).deserialize_any(visitor),
        }
    }

    fn visit_braces<V: Visitor<'de>>(&mut self, mode: Mode, visitor: V) -> Result<V::Value, FormatError> {
        self.check_hashable("set")?;
        let dict = self.is_dict()?;
        self.enter()?;
        match mode {
            _ if dict => Pairs::visit(self, visitor),
            Mode::Tagged => visitor.visit_enum(Tagged::new(tag::SET, Elements::new(self, b'}'))),
            Mode::Plain => Elements::new(self, b'}').visit(visitor),
        }
    }

    fn visit_paren<V: Visitor<'de>>(&mut self, mode: Mode, visitor: V) -> Result<V::Value, FormatError> {
        if self.is_tuple()? {
            self.enter()?;
            return self.tuple(mode, b')', visitor);
        }
        let groups = self.open_groups()?;
        if self.at_number() {
            let number = self.number(groups)?;
            return self.visit_number(mode, number, visitor);
        }
        let value = self.any(mode, visitor)?;
        self.close_groups(groups)?;
        Ok(value)
    }

    fn tuple<V: Visitor<'de>>(&mut self, mode: Mode, close: u8, visitor: V) -> Result<V::Value, FormatError> {
        match mode {
            Mode::Tagged => visitor.visit_enum(Tagged::new(tag::TUPLE, Elements::new(self, close))),
            Mode::Plain => Elements::new(self, close).visit(visitor),
        }
    }

    /// At a brace: the bytes that serpent writes as a dict, if it is one; else nothing is consumed.
    pub(super) fn base64(&mut self) -> Result<Option<Vec<u8>>, FormatError> {
        if !self.is_dict()? {
            return Ok(None);
        }
        self.open_dict()?;
        let (mut data, mut encoding) = (None, None);
        while self.next_entry()? {
            match &*self.str()? {
                "data" => data = Some(self.str()?),
                "encoding" => encoding = Some(self.str()?),
                _ => self.skip()?,
            }
        }
        if encoding.as_deref() != Some("base64") {
            let message = "bytes as a dict need the keys data and encoding, which must be base64";
            return Err(FormatError::at(FormatErrorKind::Type, self.offset(), message));
        }
        match data.as_deref().and_then(decode_base64) {
            Some(bytes) => Ok(Some(bytes)),
            None => Err(FormatError::at(FormatErrorKind::Type, self.offset(), "invalid base64")),
        }
    }

    /// A float from anything but a plain number: serpent's dict for NaN.
    pub(super) fn float_in_dict<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, FormatError> {
        match Value::deserialize(&mut *self)? {
            Value::Float(number) => visitor.visit_f64(number),
            _ => Err(FormatError::at(FormatErrorKind::Type, self.offset(), "expected a float, found a dict or a set")),
        }
    }
}

fn visit_name<'de, V: Visitor<'de>>(mode: Mode, name: Name, visitor: V) -> Result<V::Value, FormatError> {
    let no_elements = || SeqDeserializer::<_, FormatError>::new(std::iter::empty::<()>());
    match (name, mode) {
        (Name::None, _) => visitor.visit_unit(),
        (Name::True, _) => visitor.visit_bool(true),
        (Name::False, _) => visitor.visit_bool(false),
        (Name::Ellipsis, Mode::Plain) => visitor.visit_unit(),
        (Name::Ellipsis, Mode::Tagged) => visitor.visit_enum(Tagged::new(tag::ELLIPSIS, UnitContent::new())),
        (Name::EmptySet, Mode::Plain) => visitor.visit_seq(no_elements()),
        (Name::EmptySet, Mode::Tagged) => {
            visitor.visit_enum(Tagged::new(tag::SET, SeqAccessDeserializer::new(no_elements())))
        }
    }
}

fn parts(number: Complex) -> SeqAccessDeserializer<SeqDeserializer<std::array::IntoIter<f64, 2>, FormatError>> {
    SeqAccessDeserializer::new(SeqDeserializer::new([number.re, number.im].into_iter()))
}
