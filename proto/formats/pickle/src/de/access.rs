//! Elements, pairs, variants and bytes, as serde walks through them.

use std::borrow::Cow;

use firesteel_value::{FormatError, VariantContent};
use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, Visitor};

use super::Cursor;
use crate::arena::{Arena, Node};

/// The elements of a list, tuple or set.
pub(super) struct Elements<'a, 'de> {
    arena: &'a Arena<'de>,
    nodes: std::slice::Iter<'a, Node>,
}

impl<'a, 'de> Elements<'a, 'de> {
    #[inline]
    pub(super) fn new(arena: &'a Arena<'de>, nodes: &'a [Node]) -> Elements<'a, 'de> {
        Elements { arena, nodes: nodes.iter() }
    }

    /// Shows all elements to a visitor; an error if it leaves some.
    #[inline]
    pub(super) fn visit<V: Visitor<'de>>(
        arena: &'a Arena<'de>,
        nodes: &'a [Node],
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        let mut elements = Elements::new(arena, nodes);
        let value = visitor.visit_seq(&mut elements)?;
        if elements.nodes.len() > 0 {
            return Err(de::Error::invalid_length(nodes.len(), &"fewer elements"));
        }
        Ok(value)
    }
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = FormatError;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, FormatError> {
        match self.nodes.next() {
            Some(node) => seed.deserialize(Cursor { arena: self.arena, node: *node }).map(Some),
            None => Ok(None),
        }
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.nodes.len())
    }
}

/// The content of a tagged tuple or set.
impl<'de> Deserializer<'de> for Elements<'_, 'de> {
    type Error = FormatError;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        Elements::visit(self.arena, self.nodes.as_slice(), visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The pairs of a dict.
pub(super) struct Pairs<'a, 'de> {
    arena: &'a Arena<'de>,
    nodes: std::slice::Iter<'a, Node>,
}

impl<'a, 'de> Pairs<'a, 'de> {
    /// Shows all pairs to a visitor; an error if it leaves some.
    #[inline]
    pub(super) fn visit<V: Visitor<'de>>(
        arena: &'a Arena<'de>,
        nodes: &'a [Node],
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        let mut pairs = Pairs { arena, nodes: nodes.iter() };
        let value = visitor.visit_map(&mut pairs)?;
        if pairs.nodes.len() > 0 {
            return Err(de::Error::invalid_length(nodes.len() / 2, &"fewer keys"));
        }
        Ok(value)
    }
}

impl<'de> MapAccess<'de> for Pairs<'_, 'de> {
    type Error = FormatError;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, FormatError> {
        match self.nodes.next() {
            Some(node) => seed.deserialize(Cursor { arena: self.arena, node: *node }).map(Some),
            None => Ok(None),
        }
    }

    #[inline]
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, FormatError> {
        match self.nodes.next() {
            Some(node) => seed.deserialize(Cursor { arena: self.arena, node: *node }),
            None => Err(de::Error::custom("a value was asked for before its key")),
        }
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.nodes.len() / 2)
    }
}

/// A variant of an enum: a str, or the one pair of a dict.
pub(super) struct Variant<'a, 'de> {
    pub(super) name: Cursor<'a, 'de>,
    pub(super) content: Option<Cursor<'a, 'de>>,
}

impl<'a, 'de> EnumAccess<'de> for Variant<'a, 'de> {
    type Error = FormatError;
    type Variant = VariantContent<Cursor<'a, 'de>>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self::Variant), FormatError> {
        Ok((seed.deserialize(self.name)?, VariantContent(self.content)))
    }
}

/// The content of a tagged bytearray.
pub(super) struct Bytes<'de>(pub(super) Cow<'de, [u8]>);

impl<'de> Deserializer<'de> for Bytes<'de> {
    type Error = FormatError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        visit_bytes(self.0, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, FormatError> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

pub(super) fn visit_bytes<'de, V: Visitor<'de>>(bytes: Cow<'de, [u8]>, visitor: V) -> Result<V::Value, FormatError> {
    match bytes {
        Cow::Borrowed(bytes) => visitor.visit_borrowed_bytes(bytes),
        Cow::Owned(bytes) => visitor.visit_byte_buf(bytes),
    }
}
