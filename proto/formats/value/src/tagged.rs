//! How formats report types that serde lacks to a visitor that asked for [`names::VALUE`](crate::names::VALUE).

use std::marker::PhantomData;

use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, VariantAccess, Visitor};

/// An `EnumAccess` made of a tag of [`names::tag`](crate::names::tag) and a deserializer for the content.
///
/// A format answers `visitor.visit_enum(Tagged::new(tag::SET, deserializer_of_the_elements))`.
pub struct Tagged<D> {
    tag: &'static str,
    content: D,
}

impl<D> Tagged<D> {
    /// A tag and its content.
    pub fn new(tag: &'static str, content: D) -> Tagged<D> {
        Tagged { tag, content }
    }
}

impl<'de, D: Deserializer<'de>> EnumAccess<'de> for Tagged<D> {
    type Error = D::Error;
    type Variant = Tagged<D>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Tagged<D>), D::Error> {
        let tag: de::value::StrDeserializer<'static, D::Error> = self.tag.into_deserializer();
        Ok((seed.deserialize(tag)?, self))
    }
}

impl<'de, D: Deserializer<'de>> VariantAccess<'de> for Tagged<D> {
    type Error = D::Error;

    fn unit_variant(self) -> Result<(), D::Error> {
        de::Deserialize::deserialize(self.content)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, D::Error> {
        seed.deserialize(self.content)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.content.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, D::Error> {
        self.content.deserialize_map(visitor)
    }
}

/// A deserializer of a unit: the content of [`tag::ELLIPSIS`](crate::names::tag::ELLIPSIS).
pub struct UnitContent<E>(PhantomData<E>);

impl<E> UnitContent<E> {
    /// A unit.
    #[allow(clippy::new_without_default)]
    pub fn new() -> UnitContent<E> {
        UnitContent(PhantomData)
    }
}

impl<'de, E: de::Error> Deserializer<'de> for UnitContent<E> {
    type Error = E;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A `VariantAccess` of the content behind the name of a variant: none for what is written as its name alone.
#[doc(hidden)]
pub struct VariantContent<D>(pub Option<D>);

impl<D> VariantContent<D> {
    fn some<E: de::Error>(self) -> Result<D, E> {
        self.0.ok_or_else(|| E::invalid_type(de::Unexpected::UnitVariant, &"a variant with content"))
    }
}

impl<'de, D: Deserializer<'de>> VariantAccess<'de> for VariantContent<D> {
    type Error = D::Error;

    fn unit_variant(self) -> Result<(), D::Error> {
        self.0.map_or(Ok(()), de::Deserialize::deserialize)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, D::Error> {
        seed.deserialize(self.some()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.some()?.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.some()?.deserialize_struct("", fields, visitor)
    }
}
