//! Elements, pairs and variants of values, as serde walks through them.

use std::borrow::Cow;

use serde::de::{
    self, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
    value::{CowStrDeserializer, SeqAccessDeserializer},
};

use super::node::Node;
use crate::{CLASS, FormatError};

/// The elements of a list, tuple or set.
pub(super) struct Elements<I>(I);

impl<'de, I: Iterator<Item: Node<'de>>> Elements<I> {
    /// Shows all elements to a visitor; an error if it leaves some.
    pub(super) fn visit<V: Visitor<'de>>(elements: I, visitor: V) -> Result<V::Value, FormatError> {
        let len = elements.size_hint().0;
        let mut elements = Elements(elements);
        let value = visitor.visit_seq(&mut elements)?;
        match elements.0.next() {
            None => Ok(value),
            Some(_) => Err(de::Error::invalid_length(len, &"fewer elements")),
        }
    }

    pub(super) fn deserializer(elements: I) -> SeqAccessDeserializer<Elements<I>> {
        SeqAccessDeserializer::new(Elements(elements))
    }
}

impl<'de, I: Iterator<Item: Node<'de>>> SeqAccess<'de> for Elements<I> {
    type Error = FormatError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, FormatError> {
        self.0.next().map(|element| seed.deserialize(element)).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.size_hint().0)
    }
}

/// The pairs of a dict or an instance, whose class comes first.
pub(super) struct Pairs<'de, I, N> {
    class_key: bool,
    class: Option<Cow<'de, str>>,
    pairs: I,
    value: Option<N>,
}

impl<'de, N: Node<'de>, I: Iterator<Item = (N, N)>> Pairs<'de, I, N> {
    pub(super) fn visit<V: Visitor<'de>>(
        class: Option<Cow<'de, str>>,
        pairs: I,
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        let mut pairs = Pairs { class_key: class.is_some(), class, pairs, value: None };
        let len = pairs.size_hint();
        let value = visitor.visit_map(&mut pairs)?;
        match pairs.pairs.next() {
            None => Ok(value),
            Some(_) => Err(de::Error::invalid_length(len.unwrap_or(0), &"fewer keys")),
        }
    }
}

impl<'de, N: Node<'de>, I: Iterator<Item = (N, N)>> MapAccess<'de> for Pairs<'de, I, N> {
    type Error = FormatError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, FormatError> {
        if self.class_key {
            self.class_key = false;
            return seed.deserialize(de::value::BorrowedStrDeserializer::new(CLASS)).map(Some);
        }
        let Some((key, value)) = self.pairs.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, FormatError> {
        if let Some(class) = self.class.take() {
            let class: CowStrDeserializer<'de, FormatError> = class.into_deserializer();
            return seed.deserialize(class);
        }
        match self.value.take() {
            Some(value) => seed.deserialize(value),
            None => Err(de::Error::custom("a value was asked for before its key")),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.pairs.size_hint().0 + usize::from(self.class_key))
    }
}

/// A variant of an enum: a str, or the one pair of a dict.
pub(super) struct Variant<N> {
    pub(super) name: N,
    pub(super) content: Option<N>,
}

impl<'de, N: Node<'de>> EnumAccess<'de> for Variant<N> {
    type Error = FormatError;
    type Variant = Content<N>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content<N>), FormatError> {
        Ok((seed.deserialize(self.name)?, Content(self.content)))
    }
}

/// What stands behind the name of a variant.
pub(super) struct Content<N>(Option<N>);

impl<N> Content<N> {
    fn some(self) -> Result<N, FormatError> {
        self.0.ok_or_else(|| de::Error::invalid_type(de::Unexpected::UnitVariant, &"a variant with content"))
    }
}

impl<'de, N: Node<'de>> VariantAccess<'de> for Content<N> {
    type Error = FormatError;

    fn unit_variant(self) -> Result<(), FormatError> {
        self.0.map_or(Ok(()), de::Deserialize::deserialize)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, FormatError> {
        seed.deserialize(self.some()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, FormatError> {
        self.some()?.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        self.some()?.deserialize_struct("", fields, visitor)
    }
}
