//! Values of every kind.

use firesteel_value::{BigInt, Complex, FormatError, FormatErrorKind, Tagged, names::tag};
use serde::de::{
    Deserializer, IntoDeserializer, Visitor,
    value::{SeqAccessDeserializer, SeqDeserializer},
};

use super::access::{Elements, Pairs};
use crate::reader::{Ext, Reader};

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
        let marker = self.byte()?;
        match marker {
            0x00..=0x7f => visitor.visit_i64(marker.into()),
            0x80..=0x8f => self.visit_pairs((marker & 0x0f).into(), visitor),
            0x90..=0x9f => self.visit_elements((marker & 0x0f).into(), mode, visitor),
            0xa0..=0xbf => {
                let text = self.text((marker & 0x1f).into())?;
                visitor.visit_borrowed_str(text)
            }
            0xc0 => visitor.visit_unit(),
            0xc1 => Err(self.syntax("the byte 0xc1 begins no value")),
            0xc2 | 0xc3 => visitor.visit_bool(marker == 0xc3),
            0xc4..=0xc6 => {
                let len = self.length(marker - 0xc4)?;
                visitor.visit_borrowed_bytes(self.take(len)?)
            }
            0xc7..=0xc9 => {
                let len = self.length(marker - 0xc7)?;
                self.visit_ext(len, mode, visitor)
            }
            0xca => visitor.visit_f64(f32::from_be_bytes(self.array()?).into()),
            0xcb => visitor.visit_f64(f64::from_be_bytes(self.array()?)),
            0xcc => visitor.visit_i64(self.byte()?.into()),
            0xcd => visitor.visit_i64(u16::from_be_bytes(self.array()?).into()),
            0xce => visitor.visit_i64(u32::from_be_bytes(self.array()?).into()),
            0xcf => visitor.visit_u64(u64::from_be_bytes(self.array()?)),
            0xd0 => visitor.visit_i64(i8::from_be_bytes(self.array()?).into()),
            0xd1 => visitor.visit_i64(i16::from_be_bytes(self.array()?).into()),
            0xd2 => visitor.visit_i64(i32::from_be_bytes(self.array()?).into()),
            0xd3 => visitor.visit_i64(i64::from_be_bytes(self.array()?)),
            0xd4..=0xd8 => self.visit_ext(1 << (marker - 0xd4), mode, visitor),
            0xd9..=0xdb => {
                let len = self.length(marker - 0xd9)?;
                let text = self.text(len)?;
                visitor.visit_borrowed_str(text)
            }
            0xdc | 0xdd => {
                let count = self.length(marker - 0xdb)?;
                self.visit_elements(count, mode, visitor)
            }
            0xde | 0xdf => {
                let count = self.length(marker - 0xdd)?;
                self.visit_pairs(count, visitor)
            }
            0xe0..=0xff => visitor.visit_i64((marker as i8).into()),
        }
    }

    #[inline]
    fn visit_elements<V: Visitor<'de>>(
        &mut self,
        count: usize,
        mode: Mode,
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        self.check_count(count, 1)?;
        if mode == Mode::Tagged && self.is_hashing() {
            return visitor.visit_enum(Tagged::new(tag::TUPLE, Elements::new(self, count)));
        }
        Elements::new(self, count).visit(visitor)
    }

    #[inline]
    fn visit_pairs<V: Visitor<'de>>(&mut self, count: usize, visitor: V) -> Result<V::Value, FormatError> {
        self.check_count(count, 2)?;
        Pairs::visit(self, count, visitor)
    }

    #[cold]
    fn visit_ext<V: Visitor<'de>>(&mut self, len: usize, mode: Mode, visitor: V) -> Result<V::Value, FormatError> {
        match self.ext(len)? {
            Ext::Int(number) => self.visit_big(number, mode, visitor),
            Ext::Complex(number) if mode == Mode::Tagged => {
                visitor.visit_enum(Tagged::new(tag::COMPLEX, parts(number)))
            }
            Ext::Complex(number) => parts(number).deserialize_any(visitor),
            Ext::DateTime(moment) => visit_text(tag::DATETIME, moment.to_string(), mode, visitor),
            Ext::Date(date) => visit_text(tag::DATE, date.to_string(), mode, visitor),
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
            _ if mode == Mode::Tagged => visitor.visit_enum(Tagged::new(tag::INT, number.to_hex().into_deserializer())),
            _ => Err(FormatError::at(FormatErrorKind::NumberRange, self.offset(), "integer out of range")),
        }
    }
}

fn visit_text<'de, V: Visitor<'de>>(
    tag: &'static str,
    text: String,
    mode: Mode,
    visitor: V,
) -> Result<V::Value, FormatError> {
    match mode {
        Mode::Tagged => visitor.visit_enum(Tagged::new(tag, text.into_deserializer())),
        Mode::Plain => visitor.visit_string(text),
    }
}

fn parts(number: Complex) -> SeqAccessDeserializer<SeqDeserializer<std::array::IntoIter<f64, 2>, FormatError>> {
    SeqAccessDeserializer::new(SeqDeserializer::new([number.re, number.im].into_iter()))
}
