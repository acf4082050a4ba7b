//! Elements, pairs and variants, as serde walks through them.

use firesteel_value::{FormatError, VariantContent};
use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, Visitor};

use crate::reader::Reader;

/// What visitors are told of sizes at most; a claimed one is never larger than the bytes that are left, but claims may
/// be nested.
const MAX_HINT: usize = 4096;

/// The elements of an array, whose header was read.
pub(super) struct Elements<'a, 'de> {
    reader: &'a mut Reader<'de>,
    left: usize,
}

impl<'a, 'de> Elements<'a, 'de> {
    #[inline]
    pub(super) fn new(reader: &'a mut Reader<'de>, count: usize) -> Elements<'a, 'de> {
        Elements { reader, left: count }
    }

    /// Shows all elements to a visitor.
    #[inline]
    pub(super) fn visit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, FormatError> {
        let count = self.left;
        self.reader.enter()?;
        let value = visitor.visit_seq(&mut self)?;
        if self.left != 0 {
            return Err(de::Error::invalid_length(count, &"fewer elements"));
        }
        self.reader.leave();
        Ok(value)
    }
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
        Some(self.left.min(MAX_HINT))
    }
}

/// The content of a tagged tuple.
impl<'de> Deserializer<'de> for Elements<'_, 'de> {
    type Error = FormatError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        self.visit(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The pairs of a map, whose header was read.
pub(super) struct Pairs<'a, 'de> {
    reader: &'a mut Reader<'de>,
    left: usize,
}

impl<'a, 'de> Pairs<'a, 'de> {
    /// Shows all pairs to a visitor.
    #[inline]
    pub(super) fn visit<V: Visitor<'de>>(
        reader: &'a mut Reader<'de>,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        reader.check_hashable()?;
        reader.enter()?;
        let mut pairs = Pairs { reader, left: count };
        let value = visitor.visit_map(&mut pairs)?;
        if pairs.left != 0 {
            return Err(de::Error::invalid_length(count, &"fewer keys"));
        }
        pairs.reader.leave();
        Ok(value)
    }
}

impl<'de> MapAccess<'de> for Pairs<'_, 'de> {
    type Error = FormatError;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, FormatError> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
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
        Some(self.left.min(MAX_HINT))
    }
}

/// A variant of an enum: a str, or a map of one pair whose header was read.
pub(super) struct Variant<'a, 'de> {
    pub(super) reader: &'a mut Reader<'de>,
    pub(super) map: bool,
}

impl<'a, 'de> EnumAccess<'de> for Variant<'a, 'de> {
    type Error = FormatError;
    type Variant = VariantContent<&'a mut Reader<'de>>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self::Variant), FormatError> {
        let before = self.reader.begin_hashing();
        let variant = seed.deserialize(&mut *self.reader)?;
        self.reader.end_hashing(before);
        Ok((variant, VariantContent(self.map.then_some(self.reader))))
    }
}

impl<'de> Variant<'_, 'de> {}
