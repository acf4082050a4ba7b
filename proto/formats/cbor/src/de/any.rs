//! Values of every kind.

use ciborium_ll::{Header, simple};
use firesteel_value::{BigInt, FormatError, FormatErrorKind, Tagged, names::tag};
use serde::de::{IntoDeserializer, Visitor};

use super::access::{Elements, Pairs};
use crate::reader::{Int, Reader};

/// What the visitor asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// What serde knows.
    Plain,
    /// Everything, the rest as tagged enums.
    Tagged,
    /// Nothing, but what is skipped must be right.
    Skip,
}

impl<'de> Reader<'de> {
    /// The next value, whatever it is.
    #[inline]
    pub(super) fn any<V: Visitor<'de>>(&mut self, mode: Mode, visitor: V) -> Result<V::Value, FormatError> {
        match self.head()? {
            Header::Positive(number) => visit_int(Int::Positive(number), visitor),
            Header::Negative(number) => visit_int(Int::Negative(number), visitor),
            Header::Float(number) => visitor.visit_f64(number),
            Header::Text(Some(len)) => {
                let text = self.text(len)?;
                visitor.visit_borrowed_str(text)
            }
            Header::Text(None) => visitor.visit_string(self.text_pieces()?),
            Header::Bytes(Some(len)) => visitor.visit_borrowed_bytes(self.take(len)?),
            Header::Bytes(None) => visitor.visit_byte_buf(self.bytes_pieces()?),
            Header::Array(count) => {
                let items = self.items(count, 1)?;
                if mode == Mode::Tagged && self.is_hashing() {
                    return visitor.visit_enum(Tagged::new(tag::TUPLE, Elements::new(self, items)));
                }
                Elements::new(self, items).visit(visitor)
            }
            Header::Map(count) => {
                let items = self.items(count, 2)?;
                Pairs::visit(self, items, visitor)
            }
            Header::Simple(simple::NULL | simple::UNDEFINED) => visitor.visit_unit(),
            Header::Simple(simple::FALSE) => visitor.visit_bool(false),
            Header::Simple(simple::TRUE) => visitor.visit_bool(true),
            Header::Simple(number) => Err(self.simple(number)),
            Header::Tag(number) => self.visit_tag(number, mode, visitor),
            Header::Break => Err(self.syntax("an end where a value is expected")),
        }
    }

    pub(super) fn visit_big<V: Visitor<'de>>(
        &self,
        number: BigInt,
        mode: Mode,
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        match (number.to_i64(), number.to_u64(), number.to_i128(), number.to_u128()) {
            (Some(number), ..) => visitor.visit_i64(number),
            (_, Some(number), ..) => visitor.visit_u64(number),
            (_, _, Some(number), _) => visitor.visit_i128(number),
            (.., Some(number)) => visitor.visit_u128(number),
            _ if mode == Mode::Skip => visitor.visit_unit(),
            _ if mode == Mode::Tagged => visitor.visit_enum(Tagged::new(tag::INT, number.to_hex().into_deserializer())),
            _ => Err(FormatError::at(FormatErrorKind::NumberRange, self.offset(), "integer out of range")),
        }
    }
}

#[inline]
pub(super) fn visit_int<'de, V: Visitor<'de>>(number: Int, visitor: V) -> Result<V::Value, FormatError> {
    match number {
        Int::Positive(number) => match i64::try_from(number) {
            Ok(number) => visitor.visit_i64(number),
            Err(_) => visitor.visit_u64(number),
        },
        Int::Negative(number) => match i64::try_from(number) {
            Ok(number) => visitor.visit_i64(!number),
            Err(_) => visitor.visit_i128(!i128::from(number)),
        },
    }
}
