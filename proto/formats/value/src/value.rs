//! The dynamic value.

use bytes::Bytes;

use crate::{
    BigInt, Blob, Complex, Date, DateTime, Decimal, Dict, Instance, Time, TimeDelta, Uuid, blob::decode_base64, key,
};

/// Any Python value.
///
/// Equality is strict by type (`Int(1)` is not `Float(1.0)`) and ignores the order of dicts and sets. `Display` is
/// Python's `repr`. A value takes 32 bytes plus what it points to.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Value {
    /// `None`
    #[default]
    None,
    /// `...`
    Ellipsis,
    /// `True` and `False`
    Bool(bool),
    /// An int that fits an i64.
    Int(i64),
    /// Any other int. Conversions with `From` keep to that; build it by hand only with such a number.
    BigInt(BigInt),
    /// A float.
    Float(f64),
    /// A complex number.
    Complex(Complex),
    /// A str.
    Str(String),
    /// Bytes (boxed: the handle of `Bytes` alone is as large as a value may be).
    Bytes(Box<Bytes>),
    /// A bytearray.
    ByteArray(Vec<u8>),
    /// A list.
    List(Vec<Value>),
    /// A tuple.
    Tuple(Vec<Value>),
    /// A set, in some order.
    Set(Vec<Value>),
    /// A frozen set, in some order.
    FrozenSet(Vec<Value>),
    /// A dict.
    Dict(Dict),
    /// A dict with a `__class__`.
    Instance(Box<Instance>),
    /// A `datetime.datetime`.
    DateTime(DateTime),
    /// A `datetime.date`.
    Date(Date),
    /// A `datetime.time`.
    Time(Time),
    /// A `datetime.timedelta`.
    TimeDelta(TimeDelta),
    /// A `decimal.Decimal`.
    Decimal(Decimal),
    /// A `uuid.UUID`.
    Uuid(Uuid),
}

impl Value {
    /// A set of elements that are equal in Python only once each, the first one kept.
    pub fn set(elements: impl IntoIterator<Item = Value>) -> Value {
        Value::Set(key::unique(elements.into_iter().collect()))
    }

    /// A frozen set, elements as in [`Value::set`].
    pub fn frozenset(elements: impl IntoIterator<Item = Value>) -> Value {
        Value::FrozenSet(key::unique(elements.into_iter().collect()))
    }

    /// Whether it is `None`.
    pub fn is_none(&self) -> bool {
        matches!(self, Value::None)
    }

    /// The text of a str.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The number of an int that fits. Not of a bool.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            Value::BigInt(number) => number.to_i64(),
            _ => None,
        }
    }

    /// The number of a float or an int.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Float(number) => Some(*number),
            Value::Int(number) => Some(*number as f64),
            Value::BigInt(number) => number.to_f64(),
            _ => None,
        }
    }

    /// The truth of a bool.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The elements of a list.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(elements) => Some(elements),
            _ => None,
        }
    }

    /// The elements of a list or a tuple.
    pub fn as_seq(&self) -> Option<&[Value]> {
        match self {
            Value::List(elements) | Value::Tuple(elements) => Some(elements),
            _ => None,
        }
    }

    /// The dict of a dict. An instance is none; see [`Instance::into_dict`].
    pub fn as_dict(&self) -> Option<&Dict> {
        match self {
            Value::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    /// The instance of an instance.
    pub fn as_instance(&self) -> Option<&Instance> {
        match self {
            Value::Instance(instance) => Some(instance),
            _ => None,
        }
    }

    /// What stands under a str key of a dict, or in a field of an instance.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Value::Dict(dict) => dict.get(key),
            Value::Instance(instance) => instance.get(key),
            _ => None,
        }
    }

    /// The bytes of bytes, a bytearray, or serpent's dict `{'data': base64, 'encoding': 'base64'}`.
    pub fn bytes(&self) -> Option<Bytes> {
        match self {
            Value::Bytes(bytes) => Some(Bytes::clone(bytes)),
            Value::ByteArray(bytes) => Some(Bytes::copy_from_slice(bytes)),
            Value::Dict(dict) if dict.get("encoding")?.as_str()? == "base64" => {
                decode_base64(dict.get("data")?.as_str()?).map(Bytes::from)
            }
            _ => None,
        }
    }

    /// Whether Python can hash it, so that it can be a key of a dict or an element of a set.
    pub fn is_hashable(&self) -> bool {
        match self {
            Value::Tuple(elements) => elements.iter().all(Value::is_hashable),
            Value::Decimal(number) => !number.is_signaling(),
            Value::ByteArray(_) | Value::List(_) | Value::Set(_) | Value::Dict(_) | Value::Instance(_) => false,
            _ => true,
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        use Value::*;
        match (self, other) {
            (None, None) | (Ellipsis, Ellipsis) => true,
            (Bool(a), Bool(b)) => a == b,
            (Int(a), Int(b)) => a == b,
            (BigInt(a), BigInt(b)) => a == b,
            (Float(a), Float(b)) => a == b,
            (Complex(a), Complex(b)) => a == b,
            (Str(a), Str(b)) => a == b,
            (Bytes(a), Bytes(b)) => a == b,
            (ByteArray(a), ByteArray(b)) => a == b,
            (List(a), List(b)) | (Tuple(a), Tuple(b)) => a == b,
            (Set(a), Set(b)) | (FrozenSet(a), FrozenSet(b)) => key::same_elements(a, b),
            (Dict(a), Dict(b)) => a == b,
            (Instance(a), Instance(b)) => a == b,
            (DateTime(a), DateTime(b)) => a == b,
            (Date(a), Date(b)) => a == b,
            (Time(a), Time(b)) => a == b,
            (TimeDelta(a), TimeDelta(b)) => a == b,
            (Decimal(a), Decimal(b)) => a == b,
            (Uuid(a), Uuid(b)) => a == b,
            _ => false,
        }
    }
}

impl From<()> for Value {
    fn from((): ()) -> Value {
        Value::None
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Value {
        Value::Bool(truth)
    }
}

macro_rules! from_small_ints {
    ($($int:ty)*) => {$(
        impl From<$int> for Value {
            fn from(number: $int) -> Value {
                Value::Int(number.into())
            }
        }
    )*};
}

from_small_ints!(i8 i16 i32 i64 u8 u16 u32);

macro_rules! from_large_ints {
    ($($int:ty)*) => {$(
        impl From<$int> for Value {
            fn from(number: $int) -> Value {
                match i64::try_from(number) {
                    Ok(small) => Value::Int(small),
                    // No integer of Rust is both outside of i64 and outside of i128 and u128.
                    Err(_) => Value::BigInt((number as u128).into()),
                }
            }
        }
    )*};
}

from_large_ints!(u64 u128 usize);

impl From<isize> for Value {
    fn from(number: isize) -> Value {
        Value::Int(number as i64)
    }
}

impl From<i128> for Value {
    fn from(number: i128) -> Value {
        i64::try_from(number).map_or_else(|_| Value::BigInt(number.into()), Value::Int)
    }
}

impl From<BigInt> for Value {
    fn from(number: BigInt) -> Value {
        match number.to_i64() {
            Some(small) => Value::Int(small),
            None => Value::BigInt(number),
        }
    }
}

impl From<f32> for Value {
    fn from(number: f32) -> Value {
        Value::Float(number.into())
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Value {
        Value::Float(number)
    }
}

impl From<Complex> for Value {
    fn from(number: Complex) -> Value {
        Value::Complex(number)
    }
}

impl From<char> for Value {
    fn from(char: char) -> Value {
        Value::Str(char.into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Str(text.into())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Value {
        Value::Str(text.clone())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Str(text)
    }
}

impl From<Bytes> for Value {
    fn from(bytes: Bytes) -> Value {
        Value::Bytes(Box::new(bytes))
    }
}

impl From<Blob> for Value {
    fn from(blob: Blob) -> Value {
        blob.0.into()
    }
}

impl From<Dict> for Value {
    fn from(dict: Dict) -> Value {
        Value::Dict(dict)
    }
}

impl From<Instance> for Value {
    fn from(instance: Instance) -> Value {
        Value::Instance(Box::new(instance))
    }
}

macro_rules! from_special {
    ($($type:ident)*) => {$(
        impl From<$type> for Value {
            fn from(special: $type) -> Value {
                Value::$type(special)
            }
        }
    )*};
}

from_special!(DateTime Date Time TimeDelta Decimal Uuid);

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(option: Option<T>) -> Value {
        option.map_or(Value::None, Into::into)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(elements: Vec<T>) -> Value {
        Value::List(elements.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>> FromIterator<T> for Value {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Value {
        Value::List(elements.into_iter().map(Into::into).collect())
    }
}

macro_rules! from_tuples {
    ($(($($name:ident)+))*) => {$(
        impl<$($name: Into<Value>),+> From<($($name,)+)> for Value {
            #[allow(non_snake_case)]
            fn from(($($name,)+): ($($name,)+)) -> Value {
                Value::Tuple(vec![$($name.into()),+])
            }
        }
    )*};
}

from_tuples!((A)(A B)(A B C)(A B C D)(A B C D E)(A B C D E F));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_small() {
        assert!(size_of::<Value>() <= 32);
    }

    #[test]
    fn integers_are_canonical() {
        assert_eq!(Value::from(u64::MAX).to_string(), "18446744073709551615");
        assert_eq!(Value::from(7_u128), Value::Int(7));
        assert_eq!(Value::from(BigInt::from(i128::from(i64::MIN))), Value::Int(i64::MIN));
    }

    #[test]
    fn display_is_pythons_repr() {
        let value = Value::Tuple(vec![
            Value::None,
            Value::Ellipsis,
            Value::from((1,)),
            Value::set([]),
            Value::frozenset([1.into()]),
            Value::frozenset([]),
            Value::ByteArray(b"a'".to_vec()),
            Bytes::from_static(b"\0").into(),
            Value::List(vec![f64::INFINITY.into(), f64::NAN.into(), 1e16.into()]),
            Instance::new("a.B").with("x", true).into(),
            Dict::from_iter([(1, "it's")]).into(),
        ]);
        assert_eq!(
            value.to_string(),
            r#"(None, Ellipsis, (1,), set(), frozenset({1}), frozenset(), bytearray(b"a\'"), b'\x00', [inf, nan, 1e+16], {'__class__': 'a.B', 'x': True}, {1: "it's"})"#
        );
    }
}
