//! Elements, pairs and variants, as serde walks through them.

use firesteel_value::{FormatError, FormatErrorKind, VariantContent};
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, Visitor};

use crate::{codes, reader::Reader};

/// The elements of a list, tuple or set, behind its size.
pub(super) struct Elements<'a, 'de> {
    reader: &'a mut Reader<'de>,
    left: usize,
}

impl<'a, 'de> Elements<'a, 'de> {
    /// Enters a container of so many elements.
    #[inline(always)]
    pub(super) fn enter(reader: &'a mut Reader<'de>, count: usize) -> Result<Elements<'a, 'de>, FormatError> {
        let left = reader.enter(count)?;
        Ok(Elements { reader, left })
    }

    /// Shows all elements to a visitor.
    #[inline(always)]
    pub(super) fn visit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, FormatError> {
        let value = visitor.visit_seq(&mut self)?;
        if self.left > 0 {
            return Err(more(self.reader, "more elements than expected"));
        }
        self.reader.leave();
        Ok(value)
    }
}

#[cold]
fn more(reader: &Reader<'_>, message: &'static str) -> FormatError {
    FormatError::at(FormatErrorKind::Type, reader.offset(), message)
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = FormatError;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, FormatError> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        seed.deserialize(&mut *self.reader).map(Some)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// The content of a tagged tuple or set.
impl<'de> Deserializer<'de> for Elements<'_, 'de> {
    type Error = FormatError;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        self.visit(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The pairs of a dict, behind its code.
pub(super) struct Pairs<'a, 'de> {
    reader: &'a mut Reader<'de>,
}

impl<'a, 'de> Pairs<'a, 'de> {
    #[inline(always)]
    pub(super) fn visit<V: Visitor<'de>>(reader: &'a mut Reader<'de>, visitor: V) -> Result<V::Value, FormatError> {
        reader.enter(0)?;
        let value = visitor.visit_map(Pairs { reader: &mut *reader })?;
        reader.close_dict()?;
        Ok(value)
    }
}

impl Reader<'_> {
    /// Consumes the end of a dict.
    #[inline(always)]
    pub(super) fn close_dict(&mut self) -> Result<(), FormatError> {
        match self.peek() {
            codes::NULL => {
                self.advance();
                self.leave();
                Ok(())
            }
            0 => Err(self.cut()),
            _ => Err(more(self, "more keys than expected")),
        }
    }
}

impl<'de> MapAccess<'de> for Pairs<'_, 'de> {
    type Error = FormatError;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, FormatError> {
        match self.reader.peek() {
            codes::NULL => return Ok(None),
            // What can be hashed anyway.
            codes::SHORT_ASCII | codes::SHORT_ASCII_INTERNED | codes::UNICODE | codes::INTERNED | codes::INT => {
                return seed.deserialize(&mut *self.reader).map(Some);
            }
            _ => {}
        }
        let before = self.reader.begin_hashing();
        let key = seed.deserialize(&mut *self.reader)?;
        self.reader.end_hashing(before);
        Ok(Some(key))
    }

    #[inline]
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, FormatError> {
        seed.deserialize(&mut *self.reader)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.reader.pairs_ahead())
    }
}

/// A variant of an enum: a str, or a dict with one key whose code is consumed.
pub(super) struct Variant<'a, 'de> {
    pub(super) reader: &'a mut Reader<'de>,
    pub(super) dict: bool,
}

impl<'a, 'de> EnumAccess<'de> for Variant<'a, 'de> {
    type Error = FormatError;
    type Variant = VariantContent<&'a mut Reader<'de>>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self::Variant), FormatError> {
        let before = self.reader.begin_hashing();
        let variant = seed.deserialize(&mut *self.reader)?;
        self.reader.end_hashing(before);
        Ok((variant, VariantContent(self.dict.then_some(self.reader))))
    }
}

impl Variant<'_, '_> {}
