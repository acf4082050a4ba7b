//! From Rust types to values.

use serde::ser::{self, Error as _, Serialize};

use crate::{
    BigInt, Complex, Date, DateTime, Decimal, Dict, FormatError, Instance, Time, TimeDelta, Uuid, Value, from_value,
    names, special::Fold as _,
};

/// Turns anything that serde can write into a value.
///
/// # Errors
/// Only those that a `Serialize` implementation reports itself.
pub fn to_value<T: Serialize + ?Sized>(value: &T) -> Result<Value, FormatError> {
    value.serialize(ValueSerializer)
}

/// The serializer behind [`to_value`].
#[derive(Clone, Copy, Debug, Default)]
pub struct ValueSerializer;

impl ser::Serializer for ValueSerializer {
    type Ok = Value;
    type Error = FormatError;
    type SerializeSeq = Elements;
    type SerializeTuple = Elements;
    type SerializeTupleStruct = Elements;
    type SerializeTupleVariant = Elements;
    type SerializeMap = Pairs;
    type SerializeStruct = Pairs;
    type SerializeStructVariant = Pairs;

    fn serialize_bool(self, truth: bool) -> Result<Value, FormatError> {
        Ok(truth.into())
    }

    fn serialize_i8(self, number: i8) -> Result<Value, FormatError> {
        Ok(number.into())
    }

    fn serialize_i16(self, number: i16) -> Result<Value, FormatError> {
        Ok(number.into())
    }

    fn serialize_i32(self, number: i32) -> Result<Value, FormatError> {
        Ok(number.into())
    }

    fn serialize_i64(self, number: i64) -> Result<Value, FormatError> {
        Ok(number.into())
    }

    fn serialize_i128(self, number: i128) -> Result<Value, FormatError> {
        Ok(number.into())
    }

    fn serialize_u8(self, number: u8) -> Result<Value, FormatError> {
        Ok(number.into())
    }

    fn serialize_u16(self, number: u16) -> Result<Value, FormatError> {
        Ok(number.into())
    }

    fn serialize_u32(self, number: u32) -> Result<Value, FormatError> {
        Ok(number.into())
    }

    fn serialize_u64(self, number: u64) -> Result<Value, FormatError> {
        Ok(number.into())
    }

    fn serialize_u128(self, number: u128) -> Result<Value, FormatError> {
        Ok(number.into())
    }

    fn serialize_f32(self, number: f32) -> Result<Value, FormatError> {
        Ok(number.into())
    }

    fn serialize_f64(self, number: f64) -> Result<Value, FormatError> {
        Ok(number.into())
    }

    fn serialize_char(self, char: char) -> Result<Value, FormatError> {
        Ok(char.into())
    }

    fn serialize_str(self, text: &str) -> Result<Value, FormatError> {
        Ok(text.into())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<Value, FormatError> {
        Ok(bytes::Bytes::copy_from_slice(bytes).into())
    }

    fn serialize_none(self) -> Result<Value, FormatError> {
        Ok(Value::None)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, FormatError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Value, FormatError> {
        Ok(Value::None)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Value, FormatError> {
        Ok(Value::None)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Value, FormatError> {
        Ok(variant.into())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        content: &T,
    ) -> Result<Value, FormatError> {
        let value = content.serialize(self)?;
        Ok(match (name, value) {
            (names::SET, Value::List(elements)) => Value::set(elements),
            (names::FROZENSET, Value::List(elements)) => Value::frozenset(elements),
            (names::COMPLEX, Value::Tuple(parts)) => match parts[..] {
                [Value::Float(re), Value::Float(im)] => Value::Complex(Complex { re, im }),
                _ => return Err(FormatError::custom("a complex number needs two floats")),
            },
            (names::INT, Value::Str(text)) => text.parse::<BigInt>()?.into(),
            (names::BYTEARRAY, Value::Bytes(bytes)) => Value::ByteArray(bytes.to_vec()),
            (names::ELLIPSIS, _) => Value::Ellipsis,
            (names::DATETIME, Value::Str(text)) => text.parse::<DateTime>()?.into(),
            (names::DATE, Value::Str(text)) => text.parse::<Date>()?.into(),
            (names::TIME, Value::Str(text)) => text.parse::<Time>()?.into(),
            (names::FOLD, Value::DateTime(datetime)) => datetime.folded().into(),
            (names::FOLD, Value::Time(time)) => time.folded().into(),
            (names::TIMEDELTA, parts) => from_value::<TimeDelta>(parts)?.into(),
            (names::DECIMAL, Value::Str(text)) => text.parse::<Decimal>()?.into(),
            (names::UUID, Value::Str(text)) => text.parse::<Uuid>()?.into(),
            (_, value) => value,
        })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        content: &T,
    ) -> Result<Value, FormatError> {
        Ok(in_variant(Some(variant), content.serialize(self)?))
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Elements, FormatError> {
        Ok(Elements::new(Value::List, None, len))
    }

    fn serialize_tuple(self, len: usize) -> Result<Elements, FormatError> {
        Ok(Elements::new(Value::Tuple, None, Some(len)))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Elements, FormatError> {
        self.serialize_tuple(len)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Elements, FormatError> {
        Ok(Elements::new(Value::Tuple, Some(variant), Some(len)))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Pairs, FormatError> {
        Ok(Pairs::new(None, len))
    }

    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Pairs, FormatError> {
        Ok(Pairs::new(None, Some(len)))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Pairs, FormatError> {
        Ok(Pairs::new(Some(variant), Some(len)))
    }
}

/// A value inside of the dict that names its variant.
fn in_variant(variant: Option<&'static str>, value: Value) -> Value {
    match variant {
        None => value,
        Some(variant) => Dict::from_iter([(variant, value)]).into(),
    }
}

/// A list or tuple that is being built.
#[derive(Debug)]
pub struct Elements {
    make: fn(Vec<Value>) -> Value,
    variant: Option<&'static str>,
    elements: Vec<Value>,
}

impl Elements {
    fn new(make: fn(Vec<Value>) -> Value, variant: Option<&'static str>, len: Option<usize>) -> Elements {
        Elements { make, variant, elements: Vec::with_capacity(len.unwrap_or(0)) }
    }
}

macro_rules! elements {
    ($($name:ident $method:ident)*) => {$(
        impl ser::$name for Elements {
            type Ok = Value;
            type Error = FormatError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), FormatError> {
                self.elements.push(to_value(value)?);
                Ok(())
            }

            fn end(self) -> Result<Value, FormatError> {
                Ok(in_variant(self.variant, (self.make)(self.elements)))
            }
        }
    )*};
}

elements!(
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
);

/// A dict that is being built.
#[derive(Debug)]
pub struct Pairs {
    variant: Option<&'static str>,
    key: Option<Value>,
    pairs: Vec<(Value, Value)>,
}

impl Pairs {
    fn new(variant: Option<&'static str>, len: Option<usize>) -> Pairs {
        Pairs { variant, key: None, pairs: Vec::with_capacity(len.unwrap_or(0)) }
    }

    fn finish(self) -> Value {
        in_variant(self.variant, dict_or_instance(self.pairs))
    }
}

fn dict_or_instance(pairs: Vec<(Value, Value)>) -> Value {
    let mut dict = Dict::from_pairs(pairs);
    match dict.remove_str(crate::CLASS) {
        Some(class) => Instance { class, fields: dict }.into(),
        None => Value::Dict(dict),
    }
}

impl ser::SerializeMap for Pairs {
    type Ok = Value;
    type Error = FormatError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), FormatError> {
        self.key = Some(to_value(key)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), FormatError> {
        let key = self.key.take().ok_or_else(|| FormatError::custom("a value without a key"))?;
        self.pairs.push((key, to_value(value)?));
        Ok(())
    }

    fn end(self) -> Result<Value, FormatError> {
        Ok(self.finish())
    }
}

macro_rules! pairs {
    ($($name:ident)*) => {$(
        impl ser::$name for Pairs {
            type Ok = Value;
            type Error = FormatError;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), FormatError> {
                self.pairs.push((key.into(), to_value(value)?));
                Ok(())
            }

            fn end(self) -> Result<Value, FormatError> {
                Ok(self.finish())
            }
        }
    )*};
}

pairs!(SerializeStruct SerializeStructVariant);
