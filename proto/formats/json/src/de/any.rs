//! Values of every kind, and those that serde does not know.

use std::borrow::Cow;

use firesteel_value::{FormatError, FormatErrorKind, Tagged, decode_base64, names::tag};
use serde::de::{IntoDeserializer, Visitor};

use super::access::{Elements, Pairs};
use crate::reader::{Literal, Number, Progress, Quick, Reader};

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
    #[inline]
    pub(super) fn any<V: Visitor<'de>>(&mut self, mode: Mode, visitor: V) -> Result<V::Value, FormatError> {
        match self.peek() {
            Some(b'"') => self.visit_string(visitor),
            Some(b'0'..=b'9' | b'-') => match self.quick_number() {
                Quick::Int(number) => visitor.visit_i64(number),
                Quick::Float(bits) => visitor.visit_f64(f64::from_bits(bits)),
                Quick::None => {
                    let number = self.number()?;
                    self.visit_number(mode, number, visitor)
                }
            },
            Some(b'[') => Elements::visit(self, visitor),
            Some(b'{') => Pairs::visit(self, visitor),
            _ => match self.literal()? {
                Literal::Null => visitor.visit_unit(),
                Literal::Bool(truth) => visitor.visit_bool(truth),
                Literal::Float(number) => visitor.visit_f64(number),
            },
        }
    }

    /// At a quote.
    #[inline]
    pub(super) fn visit_string<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, FormatError> {
        match self.string()? {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    #[inline(never)]
    pub(super) fn visit_number<V: Visitor<'de>>(
        &self,
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
                _ => Err(self.out_of_range("an integer of 128 bits")),
            },
        }
    }

    #[cold]
    pub(super) fn out_of_range(&self, range: &str) -> FormatError {
        let message = format!("the integer is out of the range of {range}");
        FormatError::at(FormatErrorKind::NumberRange, self.offset(), message)
    }

    /// At a brace: the bytes that are written as a dict.
    pub(super) fn base64(&mut self) -> Result<Vec<u8>, FormatError> {
        let (mut data, mut encoding) = (None, None);
        self.enter()?;
        let mut progress = Progress::Start;
        while self.next_in(b'}', &mut progress)? {
            let key = self.key()?;
            self.colon()?;
            match &*key {
                "data" => data = Some(self.str()?),
                "encoding" => encoding = Some(self.str()?),
                _ => self.skip_value()?,
            }
        }
        let problem = match (data, encoding.as_deref()) {
            (Some(data), Some("base64")) => match decode_base64(&data) {
                Some(bytes) => return Ok(bytes),
                None => "invalid base64",
            },
            _ => "bytes as a dict need the keys data and encoding, which must be base64",
        };
        Err(FormatError::at(FormatErrorKind::Type, self.offset(), problem))
    }
}
