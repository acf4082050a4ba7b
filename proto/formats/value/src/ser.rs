//! How values write themselves to any serde format.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, SerializeTuple, Serializer};

use crate::{CLASS, Dict, Instance, Value, names};

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::None => serializer.serialize_none(),
            Value::Bool(truth) => serializer.serialize_bool(*truth),
            Value::Int(number) => serializer.serialize_i64(*number),
            Value::Float(number) => serializer.serialize_f64(*number),
            Value::Str(text) => serializer.serialize_str(text),
            Value::List(elements) => {
                let mut seq = serializer.serialize_seq(Some(elements.len()))?;
                for element in elements {
                    match element {
                        Value::Int(number) => seq.serialize_element(number)?,
                        Value::Float(number) => seq.serialize_element(number)?,
                        Value::Str(text) => seq.serialize_element(text)?,
                        element => seq.serialize_element(element)?,
                    }
                }
                seq.end()
            }
            Value::Dict(dict) => dict.serialize(serializer),
            other => less_usual(other, serializer),
        }
    }
}

/// The other kinds, apart so that the usual ones stay quick.
#[inline(never)]
fn less_usual<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Value::Ellipsis => serializer.serialize_newtype_struct(names::ELLIPSIS, &()),
        Value::BigInt(number) => number.serialize(serializer),
        Value::Complex(number) => number.serialize(serializer),
        Value::Bytes(bytes) => serializer.serialize_bytes(bytes),
        Value::ByteArray(bytes) => serializer.serialize_newtype_struct(names::BYTEARRAY, &RawBytes(bytes)),
        Value::Tuple(elements) => {
            let mut tuple = serializer.serialize_tuple(elements.len())?;
            for element in elements {
                tuple.serialize_element(element)?;
            }
            tuple.end()
        }
        Value::Set(elements) => serializer.serialize_newtype_struct(names::SET, elements),
        Value::FrozenSet(elements) => serializer.serialize_newtype_struct(names::FROZENSET, elements),
        Value::Instance(instance) => instance.serialize(serializer),
        Value::DateTime(datetime) => datetime.serialize(serializer),
        Value::Date(date) => date.serialize(serializer),
        Value::Time(time) => time.serialize(serializer),
        Value::TimeDelta(delta) => delta.serialize(serializer),
        Value::Decimal(number) => number.serialize(serializer),
        Value::Uuid(uuid) => uuid.serialize(serializer),
        // The usual ones, which do not come here.
        Value::None
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Str(_)
        | Value::List(_)
        | Value::Dict(_) => serializer.serialize_unit(),
    }
}

impl Serialize for Dict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (key, value) in self.as_pairs() {
            match key {
                Value::Str(text) => map.serialize_key(text)?,
                key => map.serialize_key(key)?,
            }
            match value {
                Value::Int(number) => map.serialize_value(number)?,
                Value::Float(number) => map.serialize_value(number)?,
                Value::Str(text) => map.serialize_value(text)?,
                value => map.serialize_value(value)?,
            }
        }
        map.end()
    }
}

impl Serialize for Instance {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(names::INSTANCE, &ClassDict(self))
    }
}

struct ClassDict<'a>(&'a Instance);

impl Serialize for ClassDict<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.fields.len() + 1))?;
        map.serialize_entry(CLASS, &self.0.class)?;
        for (key, value) in &self.0.fields {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

struct RawBytes<'a>(&'a [u8]);

impl Serialize for RawBytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}
