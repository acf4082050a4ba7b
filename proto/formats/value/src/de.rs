//! How values read themselves from any serde format.

use std::fmt;

use serde::de::{
    self, Deserialize, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
};

use crate::{BigInt, CLASS, Complex, Dict, Instance, Value, names};

/// Sizes that a peer claims are believed up to here; beyond, vectors grow as elements arrive.
const MAX_RESERVED: usize = 1024;

impl<'de> Deserialize<'de> for Value {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_newtype_struct(names::VALUE, ValueVisitor)
    }
}

/// Any dict; an instance gives its class dict.
impl<'de> Deserialize<'de> for Dict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Dict, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Dict(dict) => Ok(dict),
            Value::Instance(instance) => Ok(instance.into_dict()),
            other => Err(D::Error::invalid_type(unexpected(&other), &"a dict")),
        }
    }
}

/// A dict with a `__class__`.
impl<'de> Deserialize<'de> for Instance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Instance, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Instance(instance) => Ok(*instance),
            other => Err(D::Error::invalid_type(unexpected(&other), &"a dict with a __class__")),
        }
    }
}

/// What serde's error messages call a value.
pub(crate) fn unexpected(value: &Value) -> Unexpected<'_> {
    match value {
        Value::None => Unexpected::Unit,
        Value::Ellipsis => Unexpected::Other("ellipsis"),
        Value::Bool(truth) => Unexpected::Bool(*truth),
        Value::Int(number) => Unexpected::Signed(*number),
        Value::BigInt(_) => Unexpected::Other("large integer"),
        Value::Float(number) => Unexpected::Float(*number),
        Value::Complex(_) => Unexpected::Other("complex number"),
        Value::Str(text) => Unexpected::Str(text),
        Value::Bytes(bytes) => Unexpected::Bytes(bytes),
        Value::ByteArray(bytes) => Unexpected::Bytes(bytes),
        Value::List(_) => Unexpected::Seq,
        Value::Tuple(_) => Unexpected::Other("tuple"),
        Value::Set(_) | Value::FrozenSet(_) => Unexpected::Other("set"),
        Value::Dict(_) => Unexpected::Map,
        Value::Instance(_) => Unexpected::Other("instance"),
        Value::DateTime(_) => Unexpected::Other("datetime"),
        Value::Date(_) => Unexpected::Other("date"),
        Value::Time(_) => Unexpected::Other("time"),
        Value::TimeDelta(_) => Unexpected::Other("timedelta"),
        Value::Decimal(_) => Unexpected::Other("decimal"),
        Value::Uuid(_) => Unexpected::Other("UUID"),
    }
}

/// A dict that was read: an instance if it has a class, or one of the numbers that serpent writes as instances.
fn finish_dict(pairs: Vec<(Value, Value)>, class: bool) -> Value {
    let mut dict = Dict::from_pairs(pairs);
    let Some(class) = class.then(|| dict.remove_str(CLASS)).flatten() else {
        return Value::Dict(dict);
    };
    let special = match &*class {
        "float" => {
            dict.get("value").and_then(Value::as_str).filter(|text| *text == "nan").map(|_| Value::Float(f64::NAN))
        }
        "complex" => part(dict.get("real")).zip(part(dict.get("imag"))).map(|(re, im)| Complex::new(re, im).into()),
        _ => None,
    };
    special.unwrap_or_else(|| Instance { class, fields: dict }.into())
}

/// A vector begins with room for four: for many containers of one element, a peer could make that most of the memory.
fn shrink_single<T>(items: &mut Vec<T>) {
    if items.len() == 1 {
        items.shrink_to_fit();
    }
}

fn part(value: Option<&Value>) -> Option<f64> {
    value?.as_f64()
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::None)
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::None)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    #[inline]
    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_i128<E>(self, number: i128) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u128<E>(self, number: u128) -> Result<Value, E> {
        Ok(number.into())
    }

    #[inline]
    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    #[inline]
    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Str(text.into()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::Str(text))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Value, E> {
        Ok(Value::Bytes(Box::new(bytes::Bytes::copy_from_slice(bytes))))
    }

    fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Value, E> {
        Ok(Value::Bytes(Box::new(bytes.into())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Value, A::Error> {
        ElementsVisitor.visit_seq(seq).map(Value::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut pairs = Vec::with_capacity(map.size_hint().unwrap_or(0).min(MAX_RESERVED));
        let mut class = false;
        while let Some(key) = map.next_key::<Value>()? {
            class |= matches!(&key, Value::Str(text) if text == CLASS);
            pairs.push((key, map.next_value()?));
        }
        shrink_single(&mut pairs);
        Ok(finish_dict(pairs, class))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Value, A::Error> {
        let (tag, content) = data.variant::<Tag>()?;
        Ok(match tag {
            Tag::Tuple => Value::Tuple(content.newtype_variant::<Elements>()?.0),
            Tag::Set => Value::set(content.newtype_variant::<Elements>()?.0),
            Tag::FrozenSet => Value::frozenset(content.newtype_variant::<Elements>()?.0),
            Tag::Complex => {
                let (re, im) = content.newtype_variant()?;
                Value::Complex(Complex { re, im })
            }
            Tag::Int => content.newtype_variant::<IntText>()?.0.into(),
            Tag::ByteArray => Value::ByteArray(content.newtype_variant::<crate::Blob>()?.to_vec()),
            Tag::Ellipsis => {
                content.unit_variant()?;
                Value::Ellipsis
            }
            Tag::Instance => content.newtype_variant()?,
            Tag::DateTime => Value::DateTime(content.newtype_variant()?),
            Tag::Date => Value::Date(content.newtype_variant()?),
            Tag::Time => Value::Time(content.newtype_variant()?),
            Tag::TimeDelta => Value::TimeDelta(content.newtype_variant()?),
            Tag::Decimal => Value::Decimal(content.newtype_variant()?),
            Tag::Uuid => Value::Uuid(content.newtype_variant()?),
        })
    }
}

#[derive(serde::Deserialize)]
#[serde(variant_identifier, rename_all = "lowercase")]
enum Tag {
    Tuple,
    Set,
    FrozenSet,
    Complex,
    Int,
    ByteArray,
    Ellipsis,
    Instance,
    DateTime,
    Date,
    Time,
    TimeDelta,
    Decimal,
    Uuid,
}

/// The elements of a tuple or a set.
struct Elements(Vec<Value>);

impl<'de> Deserialize<'de> for Elements {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Elements, D::Error> {
        deserializer.deserialize_seq(ElementsVisitor).map(Elements)
    }
}

struct ElementsVisitor;

impl<'de> Visitor<'de> for ElementsVisitor {
    type Value = Vec<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("elements")
    }

    #[inline]
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<Value>, A::Error> {
        let mut elements = Vec::with_capacity(seq.size_hint().unwrap_or(0).min(MAX_RESERVED));
        while let Some(element) = seq.next_element()? {
            elements.push(element);
        }
        shrink_single(&mut elements);
        Ok(elements)
    }
}

/// The text of an integer, as [`names::INT`] describes it.
struct IntText(BigInt);

impl<'de> Deserialize<'de> for IntText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<IntText, D::Error> {
        struct TextVisitor;

        impl de::Visitor<'_> for TextVisitor {
            type Value = IntText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the digits of an integer")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<IntText, E> {
                text.parse().map(IntText).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(TextVisitor)
    }
}
