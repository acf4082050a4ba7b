//! Elements, pairs and variants, as serde walks through them.

use firesteel_value::{FormatError, VariantContent};
use serde::de::{self, DeserializeSeed, EnumAccess, MapAccess, SeqAccess, Visitor};

use super::Key;
use crate::reader::{Progress, Reader};

/// The elements of a list.
pub(super) struct Elements<'a, 'de> {
    reader: &'a mut Reader<'de>,
    progress: Progress,
}

impl<'de> Elements<'_, 'de> {
    /// At an opening bracket: shows all elements to a visitor.
    #[inline]
    pub(super) fn visit<V: Visitor<'de>>(reader: &mut Reader<'de>, visitor: V) -> Result<V::Value, FormatError> {
        reader.enter()?;
        let mut elements = Elements { reader, progress: Progress::Start };
        let value = visitor.visit_seq(&mut elements)?;
        elements.reader.finish(b']', &mut elements.progress)?;
        Ok(value)
    }
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = FormatError;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, FormatError> {
        if self.reader.next_in(b']', &mut self.progress)? {
            seed.deserialize(&mut *self.reader).map(Some)
        } else {
            Ok(None)
        }
    }
}

/// The pairs of a dict.
pub(super) struct Pairs<'a, 'de> {
    reader: &'a mut Reader<'de>,
    progress: Progress,
}

impl<'de> Pairs<'_, 'de> {
    /// At an opening brace: shows all pairs to a visitor.
    #[inline]
    pub(super) fn visit<V: Visitor<'de>>(reader: &mut Reader<'de>, visitor: V) -> Result<V::Value, FormatError> {
        reader.enter()?;
        let mut pairs = Pairs { reader, progress: Progress::Start };
        let value = visitor.visit_map(&mut pairs)?;
        pairs.reader.finish(b'}', &mut pairs.progress)?;
        Ok(value)
    }
}

impl<'de> MapAccess<'de> for Pairs<'_, 'de> {
    type Error = FormatError;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, FormatError> {
        if self.reader.next_in(b'}', &mut self.progress)? {
            seed.deserialize(Key(self.reader)).map(Some)
        } else {
            Ok(None)
        }
    }

    #[inline]
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, FormatError> {
        self.reader.colon()?;
        seed.deserialize(&mut *self.reader)
    }
}

/// A variant of an enum: a str, or a dict with one pair.
pub(super) struct Variant<'a, 'de> {
    reader: &'a mut Reader<'de>,
    dict: bool,
}

impl<'de> Variant<'_, 'de> {
    pub(super) fn visit<V: Visitor<'de>>(reader: &mut Reader<'de>, visitor: V) -> Result<V::Value, FormatError> {
        match reader.peek() {
            Some(b'"') => visitor.visit_enum(Variant { reader, dict: false }),
            Some(b'{') => {
                reader.enter()?;
                let mut progress = Progress::Start;
                if !reader.next_in(b'}', &mut progress)? {
                    return Err(de::Error::invalid_value(de::Unexpected::Map, &"a dict with one key"));
                }
                let value = visitor.visit_enum(Variant { reader: &mut *reader, dict: true })?;
                reader.finish(b'}', &mut progress)?;
                Ok(value)
            }
            _ => Err(reader.wrong_type("a str or a dict with one key")),
        }
    }
}

impl<'a, 'de> EnumAccess<'de> for Variant<'a, 'de> {
    type Error = FormatError;
    type Variant = VariantContent<&'a mut Reader<'de>>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self::Variant), FormatError> {
        let variant = seed.deserialize(Key(self.reader))?;
        if self.dict {
            self.reader.colon()?;
        }
        Ok((variant, VariantContent(self.dict.then_some(self.reader))))
    }
}
