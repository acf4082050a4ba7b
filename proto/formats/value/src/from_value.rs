//! From values to Rust types: `Value` and `&Value` as serde deserializers.

mod access;
mod node;

use serde::{
    de::{self, DeserializeOwned, Deserializer, IntoDeserializer, Visitor},
    forward_to_deserialize_any,
};

use crate::{FormatError, Value};

/// Turns a value into anything that serde can read. To keep the value, or to borrow from it, use
/// `T::deserialize(&value)`.
///
/// # Errors
/// `Type` if the value does not fit the type, `NumberRange` for an int beyond 128 bits where a Rust integer is wanted.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, FormatError> {
    T::deserialize(value)
}

impl<'de> IntoDeserializer<'de, FormatError> for Value {
    type Deserializer = Value;

    fn into_deserializer(self) -> Value {
        self
    }
}

impl<'de> IntoDeserializer<'de, FormatError> for &'de Value {
    type Deserializer = &'de Value;

    fn into_deserializer(self) -> &'de Value {
        self
    }
}

macro_rules! deserializer {
    ($ty:ty) => {
        impl<'de> Deserializer<'de> for $ty {
            type Error = FormatError;

            fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
                node::any(self, visitor)
            }

            fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
                match self {
                    Value::None => visitor.visit_none(),
                    some => visitor.visit_some(some),
                }
            }

            fn deserialize_newtype_struct<V: Visitor<'de>>(
                self,
                name: &'static str,
                visitor: V,
            ) -> Result<V::Value, FormatError> {
                node::newtype(self, name, visitor)
            }

            fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
                node::seq(self, visitor)
            }

            fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, FormatError> {
                node::seq(self, visitor)
            }

            fn deserialize_tuple_struct<V: Visitor<'de>>(
                self,
                _: &'static str,
                _: usize,
                visitor: V,
            ) -> Result<V::Value, FormatError> {
                node::seq(self, visitor)
            }

            fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
                node::bytes(self, visitor)
            }

            fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
                node::bytes(self, visitor)
            }

            fn deserialize_enum<V: Visitor<'de>>(
                self,
                _: &'static str,
                _: &'static [&'static str],
                visitor: V,
            ) -> Result<V::Value, FormatError> {
                match self {
                    Value::Dict(dict) => {
                        let mut pairs = dict.into_iter();
                        match (pairs.next(), pairs.next()) {
                            (Some((name, content)), None) => {
                                visitor.visit_enum(access::Variant { name, content: Some(content) })
                            }
                            _ => Err(de::Error::invalid_value(de::Unexpected::Map, &"a dict with one key")),
                        }
                    }
                    name => visitor.visit_enum(access::Variant { name, content: None }),
                }
            }

            forward_to_deserialize_any! {
                bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string
                unit unit_struct map struct identifier ignored_any
            }
        }
    };
}

deserializer!(Value);
deserializer!(&'de Value);

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Serialize};

    use crate::{BigInt, Blob, Complex, Dict, FrozenSet, Instance, Set, Value, from_value, to_value};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Everything {
        unit: (),
        option: Option<i32>,
        tuple: (i8, u64, i128),
        chars: Vec<char>,
        map: BTreeMap<i64, f32>,
        set: Set<u8>,
        frozen: FrozenSet<String>,
        complex: Complex,
        big: BigInt,
        blob: Blob,
        shapes: Vec<Shape>,
        value: Value,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Shape {
        Unit,
        Newtype(u8),
        Tuple(u8, bool),
        Struct { side: f64 },
    }

    fn everything() -> Everything {
        Everything {
            unit: (),
            option: None,
            tuple: (-1, u64::MAX, i128::MIN),
            chars: vec!['a', 'ä'],
            map: [(-1, 0.5), (2, 1.5)].into(),
            set: vec![1, 2].into(),
            frozen: vec!["x".into()].into(),
            complex: Complex::new(1.0, -2.0),
            big: "0x1_0000_0000_0000_0000_0000_0000_0000_0000_0".parse().unwrap(),
            blob: b"bytes"[..].into(),
            shapes: vec![Shape::Unit, Shape::Newtype(1), Shape::Tuple(2, true), Shape::Struct { side: 1.0 }],
            value: all_values(),
        }
    }

    fn all_values() -> Value {
        let big: BigInt = "-99999999999999999999999999999999999999999999".parse().unwrap();
        Value::Tuple(vec![
            Value::None,
            Value::Ellipsis,
            true.into(),
            Value::Int(-5),
            big.into(),
            u64::MAX.into(),
            Value::Float(0.5),
            Complex::new(0.0, 1.0).into(),
            "text".into(),
            Blob::from(&b"\xff"[..]).into(),
            Value::ByteArray(vec![1]),
            Value::List(vec![1.into(), "two".into()]),
            Value::set([Value::Int(1)]),
            Value::frozenset([]),
            Dict::from_iter([(Value::from((1, 2)), Value::None)]).into(),
            Instance::new("builtins.ValueError").with("args", ("bad",)).into(),
        ])
    }

    #[test]
    fn everything_comes_back() {
        let value = to_value(&everything()).unwrap();
        assert_eq!(Everything::deserialize(&value).unwrap(), everything());
        assert_eq!(from_value::<Everything>(value).unwrap(), everything());
    }

    #[test]
    fn a_value_is_its_own_value() {
        assert_eq!(to_value(&all_values()).unwrap(), all_values());
        assert_eq!(Value::deserialize(&all_values()).unwrap(), all_values());
        assert_eq!(from_value::<Value>(all_values()).unwrap(), all_values());
    }

    #[test]
    fn bytes_come_in_many_forms() {
        let base64 = Value::from(Dict::from_iter([("data", "aGkh"), ("encoding", "base64")]));
        for value in [base64, Blob::from(&b"hi!"[..]).into(), Value::ByteArray(b"hi!".to_vec())] {
            assert_eq!(Blob::deserialize(&value).unwrap(), b"hi!"[..].into());
            assert_eq!(Vec::<u8>::deserialize(&value).unwrap(), b"hi!");
            assert_eq!(value.bytes().unwrap(), &b"hi!"[..]);
            assert_eq!(from_value::<Blob>(value).unwrap(), b"hi!"[..].into());
        }
        assert!(Blob::deserialize(&Value::from("hi!")).is_err());
        assert!(Vec::<u8>::deserialize(&Value::from(Dict::from_iter([("data", "aGkh")]))).is_err());
    }

    #[test]
    fn serpents_nan_is_a_float() {
        let nan = Instance::new("float").with("value", "nan");
        assert!(matches!(Value::deserialize(&Value::from(nan)).unwrap(), Value::Float(nan) if nan.is_nan()));
        let complex = Instance::new("complex").with("real", 1.5).with("imag", 2);
        assert_eq!(Value::deserialize(&Value::from(complex)).unwrap(), Complex::new(1.5, 2.0).into());
    }

    #[test]
    fn foreign_formats_give_values() {
        let value: Value = serde_json::from_str(r#"{"a": [1, 2.5, null], "__class__": "x.Y"}"#).unwrap();
        let fields = Value::List(vec![1.into(), 2.5.into(), Value::None]);
        assert_eq!(value, Instance::new("x.Y").with("a", fields).into());
        assert_eq!(serde_json::to_string(&value).unwrap(), r#"{"__class__":"x.Y","a":[1,2.5,null]}"#);
        let set: Set<i32> = serde_json::from_str("[1, 2]").unwrap();
        assert_eq!(serde_json::to_string(&set).unwrap(), "[1,2]");
        assert_eq!(serde_json::from_str::<Complex>("[1, 2.5]").unwrap(), Complex::new(1.0, 2.5));
        let big: BigInt = serde_json::from_str("\"-123456789012345678901234567890\"").unwrap();
        assert_eq!(serde_json::to_string(&big).unwrap(), "\"-123456789012345678901234567890\"");
        assert_eq!(serde_json::from_str::<BigInt>("18446744073709551615").unwrap().to_u64(), Some(u64::MAX));
    }

    #[test]
    fn wrong_types_are_errors() {
        assert!(from_value::<i32>("1".into()).is_err());
        assert!(from_value::<BigInt>("1".into()).is_err());
        assert!(from_value::<String>(1.into()).is_err());
        assert!(from_value::<Shape>("Nothing".into()).is_err());
        assert!(from_value::<Shape>(Value::None).is_err());
        assert!(from_value::<(i32, i32)>((1, 2, 3).into()).is_err());
        assert!(from_value::<Instance>(Dict::new().into()).is_err());
        let text = from_value::<u8>(300.into()).unwrap_err().to_string();
        assert_eq!(text, "invalid value: integer `300`, expected u8");
    }
}
