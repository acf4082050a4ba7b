//! What `Value` and `&Value` have in common as deserializers.

use std::borrow::Cow;

use serde::de::{self, Deserializer, IntoDeserializer, Visitor, value::SeqAccessDeserializer};

use super::access::{Elements, Pairs};
use crate::{
    BigInt, Complex, Date, DateTime, Decimal, FormatError, FormatErrorKind, Tagged, Time, TimeDelta, UnitContent, Uuid,
    Value, dict, names, names::tag, special::Fold,
};

/// A value that can be taken apart, owned or borrowed.
pub(super) trait Node<'de>: Deserializer<'de, Error = FormatError> {
    type Elements: Iterator<Item = Self>;
    type Pairs: Iterator<Item = (Self, Self)>;

    fn open(self) -> Open<'de, Self>;
    fn as_value(&self) -> &Value;
}

/// A value taken apart.
pub(super) enum Open<'de, N: Node<'de>> {
    None,
    Ellipsis,
    Bool(bool),
    Int(i64),
    BigInt(Cow<'de, BigInt>),
    Float(f64),
    Complex(Complex),
    Str(Cow<'de, str>),
    Bytes(Cow<'de, [u8]>),
    ByteArray(Cow<'de, [u8]>),
    List(N::Elements),
    Tuple(N::Elements),
    Set(N::Elements),
    FrozenSet(N::Elements),
    Dict(N::Pairs),
    Instance(Cow<'de, str>, N::Pairs),
    DateTime(DateTime),
    Date(Date),
    Time(Time),
    TimeDelta(TimeDelta),
    Decimal(Cow<'de, Decimal>),
    Uuid(Uuid),
}

impl<'de> Node<'de> for Value {
    type Elements = std::vec::IntoIter<Value>;
    type Pairs = std::vec::IntoIter<(Value, Value)>;

    fn open(self) -> Open<'de, Value> {
        match self {
            Value::None => Open::None,
            Value::Ellipsis => Open::Ellipsis,
            Value::Bool(truth) => Open::Bool(truth),
            Value::Int(number) => Open::Int(number),
            Value::BigInt(number) => Open::BigInt(Cow::Owned(number)),
            Value::Float(number) => Open::Float(number),
            Value::Complex(number) => Open::Complex(number),
            Value::Str(text) => Open::Str(text.into()),
            Value::Bytes(bytes) => Open::Bytes(Cow::Owned((*bytes).into())),
            Value::ByteArray(bytes) => Open::ByteArray(bytes.into()),
            Value::List(elements) => Open::List(elements.into_iter()),
            Value::Tuple(elements) => Open::Tuple(elements.into_iter()),
            Value::Set(elements) => Open::Set(elements.into_iter()),
            Value::FrozenSet(elements) => Open::FrozenSet(elements.into_iter()),
            Value::Dict(dict) => Open::Dict(dict.into_iter()),
            Value::Instance(instance) => Open::Instance(instance.class.into(), instance.fields.into_iter()),
            Value::DateTime(datetime) => Open::DateTime(datetime),
            Value::Date(date) => Open::Date(date),
            Value::Time(time) => Open::Time(time),
            Value::TimeDelta(delta) => Open::TimeDelta(delta),
            Value::Decimal(number) => Open::Decimal(Cow::Owned(number)),
            Value::Uuid(uuid) => Open::Uuid(uuid),
        }
    }

    fn as_value(&self) -> &Value {
        self
    }
}

impl<'de> Node<'de> for &'de Value {
    type Elements = std::slice::Iter<'de, Value>;
    type Pairs = dict::Iter<'de>;

    fn open(self) -> Open<'de, &'de Value> {
        match self {
            Value::None => Open::None,
            Value::Ellipsis => Open::Ellipsis,
            Value::Bool(truth) => Open::Bool(*truth),
            Value::Int(number) => Open::Int(*number),
            Value::BigInt(number) => Open::BigInt(Cow::Borrowed(number)),
            Value::Float(number) => Open::Float(*number),
            Value::Complex(number) => Open::Complex(*number),
            Value::Str(text) => Open::Str(text.into()),
            Value::Bytes(bytes) => Open::Bytes(Cow::Borrowed(bytes)),
            Value::ByteArray(bytes) => Open::ByteArray(bytes.into()),
            Value::List(elements) => Open::List(elements.iter()),
            Value::Tuple(elements) => Open::Tuple(elements.iter()),
            Value::Set(elements) => Open::Set(elements.iter()),
            Value::FrozenSet(elements) => Open::FrozenSet(elements.iter()),
            Value::Dict(dict) => Open::Dict(dict.iter()),
            Value::Instance(instance) => Open::Instance(Cow::Borrowed(&*instance.class), instance.fields.iter()),
            Value::DateTime(datetime) => Open::DateTime(*datetime),
            Value::Date(date) => Open::Date(*date),
            Value::Time(time) => Open::Time(*time),
            Value::TimeDelta(delta) => Open::TimeDelta(*delta),
            Value::Decimal(number) => Open::Decimal(Cow::Borrowed(number)),
            Value::Uuid(uuid) => Open::Uuid(*uuid),
        }
    }

    fn as_value(&self) -> &Value {
        self
    }
}

pub(super) fn any<'de, N: Node<'de>, V: Visitor<'de>>(node: N, visitor: V) -> Result<V::Value, FormatError> {
    match node.open() {
        Open::None | Open::Ellipsis => visitor.visit_unit(),
        Open::Bool(truth) => visitor.visit_bool(truth),
        Open::Int(number) => visitor.visit_i64(number),
        Open::BigInt(number) => match (number.to_i64(), number.to_u64(), number.to_i128(), number.to_u128()) {
            (Some(number), ..) => visitor.visit_i64(number),
            (_, Some(number), ..) => visitor.visit_u64(number),
            (_, _, Some(number), _) => visitor.visit_i128(number),
            (_, _, _, Some(number)) => visitor.visit_u128(number),
            _ => Err(FormatError::new(FormatErrorKind::NumberRange, "integer out of range")),
        },
        Open::Float(number) => visitor.visit_f64(number),
        Open::Complex(number) => complex_parts(number).deserialize_any(visitor),
        Open::Str(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
        Open::Str(Cow::Owned(text)) => visitor.visit_string(text),
        Open::Bytes(Cow::Borrowed(bytes)) | Open::ByteArray(Cow::Borrowed(bytes)) => {
            visitor.visit_borrowed_bytes(bytes)
        }
        Open::Bytes(Cow::Owned(bytes)) | Open::ByteArray(Cow::Owned(bytes)) => visitor.visit_byte_buf(bytes),
        Open::List(elements) | Open::Tuple(elements) | Open::Set(elements) | Open::FrozenSet(elements) => {
            Elements::visit(elements, visitor)
        }
        Open::Dict(pairs) => Pairs::visit(None, pairs, visitor),
        Open::Instance(class, pairs) => Pairs::visit(Some(class), pairs, visitor),
        Open::DateTime(datetime) => visitor.visit_string(datetime.to_string()),
        Open::Date(date) => visitor.visit_string(date.to_string()),
        Open::Time(time) => visitor.visit_string(time.to_string()),
        Open::TimeDelta(delta) => delta_parts(delta).deserialize_any(visitor),
        Open::Decimal(number) => visitor.visit_str(number.as_str()),
        Open::Uuid(uuid) => visitor.visit_string(uuid.to_string()),
    }
}

pub(super) fn newtype<'de, N: Node<'de>, V: Visitor<'de>>(
    node: N,
    name: &'static str,
    visitor: V,
) -> Result<V::Value, FormatError> {
    match (name, node.as_value()) {
        (names::VALUE, _) => tagged(node, visitor),
        (names::INT, Value::BigInt(number)) => visitor.visit_string(number.to_text()),
        (names::INT, Value::Str(_)) => Err(wrong(&node, &visitor)),
        (names::DATETIME, Value::DateTime(datetime)) => visitor.visit_string(datetime.to_content()),
        (names::TIME, Value::Time(time)) => visitor.visit_string(time.to_content()),
        _ => visitor.visit_newtype_struct(node),
    }
}

/// A seq; bytes in any form are one of numbers, so that they can be read into a `Vec<u8>`.
pub(super) fn seq<'de, N: Node<'de>, V: Visitor<'de>>(node: N, visitor: V) -> Result<V::Value, FormatError> {
    match node.as_value() {
        Value::Dict(_) | Value::Bytes(_) | Value::ByteArray(_) => match node.as_value().bytes() {
            Some(bytes) => visitor.visit_seq(de::value::SeqDeserializer::new(bytes.into_iter())),
            None => Err(wrong(&node, &visitor)),
        },
        _ => any(node, visitor),
    }
}

pub(super) fn bytes<'de, N: Node<'de>, V: Visitor<'de>>(node: N, visitor: V) -> Result<V::Value, FormatError> {
    match node.as_value() {
        value @ Value::Dict(_) => match value.bytes() {
            Some(bytes) => visitor.visit_byte_buf(bytes.into()),
            None => any(node, visitor),
        },
        _ => any(node, visitor),
    }
}

fn tagged<'de, N: Node<'de>, V: Visitor<'de>>(node: N, visitor: V) -> Result<V::Value, FormatError> {
    if !matches!(
        node.as_value(),
        Value::Tuple(_)
            | Value::Set(_)
            | Value::FrozenSet(_)
            | Value::Complex(_)
            | Value::BigInt(_)
            | Value::ByteArray(_)
            | Value::Ellipsis
            | Value::DateTime(_)
            | Value::Date(_)
            | Value::Time(_)
            | Value::TimeDelta(_)
            | Value::Decimal(_)
            | Value::Uuid(_)
    ) {
        return any(node, visitor);
    }
    match node.open() {
        Open::Tuple(elements) => visitor.visit_enum(Tagged::new(tag::TUPLE, Elements::deserializer(elements))),
        Open::Set(elements) => visitor.visit_enum(Tagged::new(tag::SET, Elements::deserializer(elements))),
        Open::FrozenSet(elements) => visitor.visit_enum(Tagged::new(tag::FROZENSET, Elements::deserializer(elements))),
        Open::Complex(number) => visitor.visit_enum(Tagged::new(tag::COMPLEX, complex_parts(number))),
        Open::BigInt(number) => visitor.visit_enum(Tagged::new(tag::INT, number.to_text().into_deserializer())),
        Open::ByteArray(bytes) => {
            let bytes = Value::ByteArray(bytes.into_owned());
            visitor.visit_enum(Tagged::new(tag::BYTEARRAY, bytes))
        }
        Open::DateTime(datetime) => text(tag::DATETIME, datetime.to_content(), visitor),
        Open::Date(date) => text(tag::DATE, date.to_string(), visitor),
        Open::Time(time) => text(tag::TIME, time.to_content(), visitor),
        Open::TimeDelta(delta) => visitor.visit_enum(Tagged::new(tag::TIMEDELTA, delta_parts(delta))),
        Open::Decimal(number) => text(tag::DECIMAL, number.to_string(), visitor),
        Open::Uuid(uuid) => text(tag::UUID, uuid.to_string(), visitor),
        _ => visitor.visit_enum(Tagged::new(tag::ELLIPSIS, UnitContent::new())),
    }
}

fn text<'de, V: Visitor<'de>>(tag: &'static str, content: String, visitor: V) -> Result<V::Value, FormatError> {
    visitor.visit_enum(Tagged::new(tag, content.into_deserializer()))
}

type Parts<T, const N: usize> =
    SeqAccessDeserializer<de::value::SeqDeserializer<std::array::IntoIter<T, N>, FormatError>>;

fn delta_parts(delta: TimeDelta) -> Parts<i64, 3> {
    let parts = [delta.days().into(), delta.seconds().into(), delta.microseconds().into()];
    SeqAccessDeserializer::new(de::value::SeqDeserializer::new(parts.into_iter()))
}

fn complex_parts(number: Complex) -> Parts<f64, 2> {
    SeqAccessDeserializer::new(de::value::SeqDeserializer::new([number.re, number.im].into_iter()))
}

fn wrong<'de, N: Node<'de>>(node: &N, expected: &dyn de::Expected) -> FormatError {
    de::Error::invalid_type(crate::de::unexpected(node.as_value()), expected)
}
