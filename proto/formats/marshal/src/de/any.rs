//! Values of every kind, and those that serde does not know.

use std::borrow::Cow;

use firesteel_value::{BigInt, Complex, FormatError, FormatErrorKind, Tagged, UnitContent, names::tag};
use serde::de::{
    Deserializer, IntoDeserializer, Visitor,
    value::{SeqAccessDeserializer, SeqDeserializer},
};

use super::access::{Elements, Pairs};
use crate::{
    codes,
    reader::{Number, Reader},
};

/// The visitor knows what serde knows.
pub(super) const PLAIN: bool = false;
/// The visitor asked for everything: what serde does not know is a tagged enum.
pub(super) const TAGGED: bool = true;

impl<'de> Reader<'de> {
    /// The next value, whatever it is.
    #[inline]
    pub(super) fn any<const MODE: bool, V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, FormatError> {
        match self.peek() {
            codes::SHORT_ASCII | codes::SHORT_ASCII_INTERNED => {
                self.advance();
                visit_text(self.short_ascii()?, visitor)
            }
            codes::INT => {
                self.advance();
                visitor.visit_i64(self.int_value()?)
            }
            codes::FLOAT => {
                self.advance();
                visitor.visit_f64(self.float_value()?)
            }
            codes::NONE => {
                self.advance();
                visitor.visit_unit()
            }
            codes::TRUE => {
                self.advance();
                visitor.visit_bool(true)
            }
            codes::FALSE => {
                self.advance();
                visitor.visit_bool(false)
            }
            codes::UNICODE | codes::INTERNED => {
                self.advance();
                visitor.visit_borrowed_str(self.unicode()?)
            }
            codes::BYTES => {
                self.advance();
                visitor.visit_borrowed_bytes(self.bytes()?)
            }
            codes::LIST => {
                self.check_hashable("list")?;
                self.advance();
                let count = self.size()?;
                Elements::enter(self, count)?.visit(visitor)
            }
            codes::DICT => {
                self.check_hashable("dict")?;
                self.advance();
                Pairs::visit(self, visitor)
            }
            codes::SMALL_TUPLE => {
                self.advance();
                let count = self.byte()?.into();
                self.tuple::<MODE, V>(count, visitor)
            }
            _ => self.any_rare::<MODE, V>(visitor),
        }
    }

    fn any_rare<const MODE: bool, V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, FormatError> {
        match self.peek() {
            codes::TUPLE => {
                self.advance();
                let count = self.size()?;
                self.tuple::<MODE, V>(count, visitor)
            }
            codes::SET => {
                self.check_hashable("set")?;
                self.set::<MODE, V>(tag::SET, visitor)
            }
            codes::FROZENSET => self.set::<MODE, V>(tag::FROZENSET, visitor),
            codes::ASCII | codes::ASCII_INTERNED => {
                self.advance();
                visit_text(self.ascii()?, visitor)
            }
            codes::ELLIPSIS => {
                self.advance();
                match MODE {
                    TAGGED => visitor.visit_enum(Tagged::new(tag::ELLIPSIS, UnitContent::new())),
                    PLAIN => visitor.visit_unit(),
                }
            }
            codes::REF | codes::STRING_REF => self.follow(|reader| reader.any::<MODE, V>(visitor)),
            _ => match self.number()? {
                Some(number) => self.visit_number::<MODE, V>(number, visitor),
                None => Err(self.no_value()),
            },
        }
    }

    #[inline(always)]
    fn tuple<const MODE: bool, V: Visitor<'de>>(&mut self, count: usize, visitor: V) -> Result<V::Value, FormatError> {
        let elements = Elements::enter(self, count)?;
        match MODE {
            TAGGED => visitor.visit_enum(Tagged::new(tag::TUPLE, elements)),
            PLAIN => elements.visit(visitor),
        }
    }

    fn set<const MODE: bool, V: Visitor<'de>>(
        &mut self,
        tag: &'static str,
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        self.advance();
        let count = self.size()?;
        let before = self.begin_hashing();
        let elements = Elements::enter(self, count)?;
        let value = match MODE {
            TAGGED => visitor.visit_enum(Tagged::new(tag, elements)),
            PLAIN => elements.visit(visitor),
        }?;
        self.end_hashing(before);
        Ok(value)
    }

    pub(super) fn visit_number<const MODE: bool, V: Visitor<'de>>(
        &mut self,
        number: Number,
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        match number {
            Number::Int(number) => visitor.visit_i64(number),
            Number::Float(number) => visitor.visit_f64(number),
            Number::Wide(number) => match u64::try_from(number) {
                Ok(number) => visitor.visit_u64(number),
                Err(_) => visitor.visit_i128(number),
            },
            Number::Big(number) => match (number.to_i128(), number.to_u128()) {
                (Some(number), _) => visitor.visit_i128(number),
                (_, Some(number)) => visitor.visit_u128(number),
                _ if MODE == TAGGED => visitor.visit_enum(Tagged::new(tag::INT, number.to_hex().into_deserializer())),
                _ => Err(self.out_of_range(&number)),
            },
            Number::Complex(number) if MODE == TAGGED => visitor.visit_enum(Tagged::new(tag::COMPLEX, parts(number))),
            Number::Complex(number) => parts(number).deserialize_any(visitor),
        }
    }

    #[cold]
    fn out_of_range(&self, number: &BigInt) -> FormatError {
        let message = format!("an integer of {} bits is out of range", number.bits());
        FormatError::at(FormatErrorKind::NumberRange, self.offset(), message)
    }
}

#[inline(always)]
pub(super) fn visit_text<'de, V: Visitor<'de>>(text: Cow<'de, str>, visitor: V) -> Result<V::Value, FormatError> {
    match text {
        Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
        Cow::Owned(text) => visitor.visit_string(text),
    }
}

fn parts(number: Complex) -> SeqAccessDeserializer<SeqDeserializer<std::array::IntoIter<f64, 2>, FormatError>> {
    SeqAccessDeserializer::new(SeqDeserializer::new([number.re, number.im].into_iter()))
}
