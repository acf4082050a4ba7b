//! Elements, pairs and variants, as serde walks through them.

use firesteel_value::{FormatError, VariantContent};
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, Visitor};

use crate::reader::{Progress, Reader};

/// The elements of a list, tuple or set, whose opening bracket is consumed.
pub(super) struct Elements<'a, 'de> {
    reader: &'a mut Reader<'de>,
    close: u8,
    progress: Progress,
}

impl<'a, 'de> Elements<'a, 'de> {
    pub(super) fn new(reader: &'a mut Reader<'de>, close: u8) -> Elements<'a, 'de> {
        Elements { reader, close, progress: Progress::default() }
    }

    /// Shows all elements to a visitor, and consumes the closing bracket.
    #[inline]
    pub(super) fn visit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, FormatError> {
        let set = self.close == b'}';
        let before = set && self.reader.begin_hashing();
        let value = visitor.visit_seq(&mut self)?;
        if set {
            self.reader.end_hashing(before);
        }
        self.reader.finish(self.close, &mut self.progress)?;
        Ok(value)
    }
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = FormatError;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, FormatError> {
        if self.reader.next_in(self.close, &mut self.progress)? {
            seed.deserialize(&mut *self.reader).map(Some)
        } else {
            Ok(None)
        }
    }
}

/// The content of a tagged tuple or set.
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

/// The pairs of a dict, whose opening bracket is consumed.
pub(super) struct Pairs<'a, 'de> {
    reader: &'a mut Reader<'de>,
    progress: Progress,
}

impl<'a, 'de> Pairs<'a, 'de> {
    #[inline]
    pub(super) fn visit<V: Visitor<'de>>(reader: &'a mut Reader<'de>, visitor: V) -> Result<V::Value, FormatError> {
        let mut pairs = Pairs { reader, progress: Progress::default() };
        let value = visitor.visit_map(&mut pairs)?;
        pairs.reader.finish(b'}', &mut pairs.progress)?;
        Ok(value)
    }
}

impl<'de> MapAccess<'de> for Pairs<'_, 'de> {
    type Error = FormatError;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, FormatError> {
        if !self.reader.next_in(b'}', &mut self.progress)? {
            return Ok(None);
        }
        let before = self.reader.begin_hashing();
        let key = seed.deserialize(&mut *self.reader)?;
        self.reader.end_hashing(before);
        Ok(Some(key))
    }

    #[inline]
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, FormatError> {
        self.reader.colon()?;
        seed.deserialize(&mut *self.reader)
    }
}

/// A variant of an enum: a str, or a dict with one key whose bracket is consumed.
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
        if self.dict {
            self.reader.colon()?;
        }
        Ok((variant, VariantContent(self.dict.then_some(self.reader))))
    }
}

impl<'de> Variant<'_, 'de> {}
