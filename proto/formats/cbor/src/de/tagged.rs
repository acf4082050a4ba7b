//! Values behind tags.

use std::borrow::Cow;

use firesteel_value::{
    Date, DateTime, Decimal, FormatError, FormatErrorKind, Tagged, Time, TimeDelta, UnitContent, Uuid, names::tag,
};
use serde::de::{Deserialize, IntoDeserializer, Visitor, value::StrDeserializer};

use super::{access::Elements, any::Mode};
use crate::{
    reader::{Items, Reader},
    tags,
};

impl<'de> Reader<'de> {
    /// What stands behind a tag, which was read. A tag that is not known is passed over.
    #[inline(never)]
    pub(super) fn visit_tag<V: Visitor<'de>>(
        &mut self,
        number: u64,
        mode: Mode,
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        match number {
            tags::TUPLE => {
                let items = self.elements()?;
                match mode {
                    Mode::Tagged => visitor.visit_enum(Tagged::new(tag::TUPLE, Elements::new(self, items))),
                    _ => Elements::new(self, items).visit(visitor),
                }
            }
            tags::SET => {
                self.check_hashable("set")?;
                self.visit_set(tag::SET, mode, visitor)
            }
            tags::FROZENSET => self.visit_set(tag::FROZENSET, mode, visitor),
            tags::BIG | tags::NEGATIVE_BIG => {
                let number = self.big(number == tags::NEGATIVE_BIG)?;
                self.visit_big(number, mode, visitor)
            }
            tags::COMPLEX => self.visit_parts::<(f64, f64), V>(tag::COMPLEX, mode, visitor),
            tags::TIMEDELTA => self.visit_parts::<TimeDelta, V>(tag::TIMEDELTA, mode, visitor),
            tags::BYTEARRAY => {
                self.check_hashable("bytearray")?;
                let bytes = self.bytes()?;
                match mode {
                    Mode::Tagged => visitor
                        .visit_enum(Tagged::new(tag::BYTEARRAY, serde::de::value::BytesDeserializer::new(&bytes))),
                    _ => match bytes {
                        Cow::Borrowed(bytes) => visitor.visit_borrowed_bytes(bytes),
                        Cow::Owned(bytes) => visitor.visit_byte_buf(bytes),
                    },
                }
            }
            tags::ELLIPSIS if !self.take_null() => Err(self.wrong_type("null")),
            tags::ELLIPSIS => match mode {
                Mode::Tagged => visitor.visit_enum(Tagged::new(tag::ELLIPSIS, UnitContent::new())),
                _ => visitor.visit_unit(),
            },
            tags::DATETIME | tags::RFC3339 => self.visit_text::<DateTime, V>(tag::DATETIME, mode, visitor),
            tags::DATE => self.visit_text::<Date, V>(tag::DATE, mode, visitor),
            tags::TIME => self.visit_text::<Time, V>(tag::TIME, mode, visitor),
            tags::DECIMAL => self.visit_text::<Decimal, V>(tag::DECIMAL, mode, visitor),
            tags::UUID => {
                let bytes = self.bytes()?;
                let Ok(bytes) = <[u8; 16]>::try_from(&*bytes) else {
                    let message = "a UUID needs 16 bytes";
                    return Err(FormatError::at(FormatErrorKind::Syntax, self.offset(), message));
                };
                let text = Uuid::from_bytes(bytes).to_string();
                match mode {
                    Mode::Tagged => visitor.visit_enum(Tagged::new(tag::UUID, text.into_deserializer())),
                    _ => visitor.visit_string(text),
                }
            }
            _ => {
                self.enter()?;
                let value = self.any(mode, visitor)?;
                self.leave();
                Ok(value)
            }
        }
    }

    fn visit_set<V: Visitor<'de>>(
        &mut self,
        tag: &'static str,
        mode: Mode,
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        let items = self.elements()?;
        match mode {
            Mode::Tagged => visitor.visit_enum(Tagged::new(tag, Elements::set(self, items))),
            _ => Elements::set(self, items).visit(visitor),
        }
    }

    /// An array of a few parts, which are checked if nobody else does.
    fn visit_parts<T: Deserialize<'de>, V: Visitor<'de>>(
        &mut self,
        tag: &'static str,
        mode: Mode,
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        match mode {
            Mode::Plain => {
                let items = self.elements()?;
                Elements::new(self, items).visit(visitor)
            }
            Mode::Tagged => visitor.visit_enum(Tagged::new(tag, self)),
            Mode::Skip => {
                T::deserialize(self)?;
                visitor.visit_unit()
            }
        }
    }

    /// A text of some form, which is checked if nobody else does.
    fn visit_text<T: Deserialize<'de>, V: Visitor<'de>>(
        &mut self,
        tag: &'static str,
        mode: Mode,
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        let text = self.any_text()?;
        let content = || -> StrDeserializer<'_, FormatError> { text.as_ref().into_deserializer() };
        match mode {
            Mode::Plain => match text {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            },
            Mode::Tagged => visitor.visit_enum(Tagged::new(tag, content())),
            Mode::Skip => {
                T::deserialize(content())?;
                visitor.visit_unit()
            }
        }
    }

    fn elements(&mut self) -> Result<Items, FormatError> {
        match self.array_head()? {
            Some(items) => Ok(items),
            None => Err(self.wrong_type("an array")),
        }
    }
}
