//! The values as serde deserializers.

mod access;
mod deserializer;
mod special;

use firesteel_value::{FormatError, FormatErrorKind, Tagged, UnitContent, names::tag};
use serde::de::{
    Deserializer, IntoDeserializer, Visitor,
    value::{SeqAccessDeserializer, SeqDeserializer},
};

use crate::{
    arena::{Arena, Item, Kind, Node, Object},
    scalar::{self, Quick, Scalar},
};
use access::{Elements, Pairs};

type Parts<T, const N: usize> = SeqAccessDeserializer<SeqDeserializer<std::array::IntoIter<T, N>, FormatError>>;

/// A value that is to be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a, 'de> {
    pub(crate) arena: &'a Arena<'de>,
    pub(crate) node: Node,
}

/// What the visitor asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// What serde knows.
    Plain,
    /// Everything, the rest as tagged enums.
    Tagged,
}

impl<'a, 'de> Cursor<'a, 'de> {
    #[inline(always)]
    fn quick(self) -> Quick<'de> {
        self.node.at().map_or(Quick::Other, |at| scalar::quick(self.arena.bytes, at))
    }

    #[inline(never)]
    fn item(self) -> Result<Item<'a, 'de>, FormatError> {
        self.arena.item(self.node)
    }

    /// The value, whatever it is.
    #[inline]
    pub(crate) fn any<V: Visitor<'de>>(self, mode: Mode, visitor: V) -> Result<V::Value, FormatError> {
        match self.quick() {
            Quick::Str(bytes) => {
                if let Ok(text) = std::str::from_utf8(bytes) {
                    return visitor.visit_borrowed_str(text);
                }
            }
            Quick::Int(number) => return visitor.visit_i64(number),
            Quick::Float(number) => return visitor.visit_f64(number),
            Quick::Other => {
                if let Some(object) = self.arena.object(self.node) {
                    return self.object(mode, object, visitor);
                }
            }
        }
        self.seldom(mode, visitor)
    }

    #[inline(never)]
    fn seldom<V: Visitor<'de>>(self, mode: Mode, visitor: V) -> Result<V::Value, FormatError> {
        match self.item()? {
            Item::Scalar(scalar) => self.scalar(mode, scalar, visitor),
            Item::Owned(text) => visitor.visit_str(text),
            Item::Object(object) => self.object(mode, object, visitor),
        }
    }

    fn scalar<V: Visitor<'de>>(self, mode: Mode, scalar: Scalar<'de>, visitor: V) -> Result<V::Value, FormatError> {
        match scalar {
            Scalar::Str(text) => visitor.visit_borrowed_str(text),
            Scalar::Int(number) => visitor.visit_i64(number),
            Scalar::Float(number) => visitor.visit_f64(number),
            Scalar::None => visitor.visit_unit(),
            Scalar::Bool(truth) => visitor.visit_bool(truth),
            Scalar::Bytes(bytes) | Scalar::ByteArray(bytes) => visitor.visit_borrowed_bytes(bytes),
            Scalar::Text(text) => visitor.visit_string(text),
            Scalar::Raw(bytes) => visitor.visit_byte_buf(bytes),
            Scalar::EmptyTuple => self.tuple(mode, &[], visitor),
            Scalar::Ellipsis if mode == Mode::Plain => visitor.visit_unit(),
            Scalar::Ellipsis => visitor.visit_enum(Tagged::new(tag::ELLIPSIS, UnitContent::new())),
            Scalar::Big(number) => match (number.to_u64(), number.to_i128(), number.to_u128()) {
                (Some(number), ..) => visitor.visit_u64(number),
                (_, Some(number), _) => visitor.visit_i128(number),
                (_, _, Some(number)) => visitor.visit_u128(number),
                _ if mode == Mode::Tagged => {
                    visitor.visit_enum(Tagged::new(tag::INT, number.to_hex().into_deserializer()))
                }
                _ => Err(self.error(FormatErrorKind::NumberRange, "integer out of range")),
            },
        }
    }

    #[inline]
    fn object<V: Visitor<'de>>(self, mode: Mode, object: &'a Object, visitor: V) -> Result<V::Value, FormatError> {
        let nodes = self.arena.nodes(object);
        match (object.kind, mode) {
            (Kind::Dict | Kind::Exception | Kind::Class(_), _) => Pairs::visit(self.arena, nodes, visitor),
            (Kind::List, _) | (Kind::Set | Kind::FrozenSet, Mode::Plain) => Elements::visit(self.arena, nodes, visitor),
            (Kind::Tuple, _) => self.tuple(mode, nodes, visitor),
            (Kind::Set, _) => visitor.visit_enum(Tagged::new(tag::SET, Elements::new(self.arena, nodes))),
            (Kind::FrozenSet, _) => visitor.visit_enum(Tagged::new(tag::FROZENSET, Elements::new(self.arena, nodes))),
            _ => self.special(mode, object, visitor),
        }
    }

    #[inline]
    fn tuple<V: Visitor<'de>>(self, mode: Mode, nodes: &'a [Node], visitor: V) -> Result<V::Value, FormatError> {
        match mode {
            Mode::Plain => Elements::visit(self.arena, nodes, visitor),
            Mode::Tagged => visitor.visit_enum(Tagged::new(tag::TUPLE, Elements::new(self.arena, nodes))),
        }
    }

    #[inline(never)]
    fn special<V: Visitor<'de>>(self, mode: Mode, object: &Object, visitor: V) -> Result<V::Value, FormatError> {
        let tagged = |tag, text: String, visitor: V| match mode {
            Mode::Plain => visitor.visit_string(text),
            Mode::Tagged => visitor.visit_enum(Tagged::new(tag, text.into_deserializer())),
        };
        match object.kind {
            Kind::Latin1 => visitor.visit_byte_buf(self.arena.latin1(object)?),
            Kind::ByteArray => {
                let bytes = self.arena.raw(self.node)?.unwrap_or_default();
                match mode {
                    Mode::Plain => access::visit_bytes(bytes, visitor),
                    Mode::Tagged => visitor.visit_enum(Tagged::new(tag::BYTEARRAY, access::Bytes(bytes))),
                }
            }
            Kind::Complex => {
                let (re, im) = self.complex(object)?;
                let parts: Parts<f64, 2> = SeqAccessDeserializer::new(SeqDeserializer::new([re, im].into_iter()));
                match mode {
                    Mode::Plain => parts.deserialize_any(visitor),
                    Mode::Tagged => visitor.visit_enum(Tagged::new(tag::COMPLEX, parts)),
                }
            }
            Kind::TimeDelta => {
                let delta = self.delta(object)?;
                let parts = [delta.days().into(), delta.seconds().into(), delta.microseconds().into()];
                let parts: Parts<i64, 3> = SeqAccessDeserializer::new(SeqDeserializer::new(parts.into_iter()));
                match mode {
                    Mode::Plain => parts.deserialize_any(visitor),
                    Mode::Tagged => visitor.visit_enum(Tagged::new(tag::TIMEDELTA, parts)),
                }
            }
            Kind::DateTime => tagged(tag::DATETIME, self.datetime(object, mode)?, visitor),
            Kind::Time => tagged(tag::TIME, self.time(object, mode)?, visitor),
            Kind::Date => tagged(tag::DATE, self.date(object)?, visitor),
            Kind::Decimal => tagged(tag::DECIMAL, self.decimal(object)?, visitor),
            Kind::Uuid => tagged(tag::UUID, self.uuid(object)?, visitor),
            Kind::Array(format) => self.array(format, object, visitor),
            kind => {
                let name = match kind {
                    Kind::Global(global) => global.to_string(),
                    _ => kind.name().to_owned(),
                };
                let message = format!("pickle holds {name} where a value is expected, which is refused");
                Err(self.error(FormatErrorKind::Unsupported, message))
            }
        }
    }

    #[cold]
    fn error(self, kind: FormatErrorKind, message: impl Into<std::borrow::Cow<'static, str>>) -> FormatError {
        FormatError::at(kind, self.arena.offset(self.node), message)
    }

    /// An error about the value, which is not what was expected.
    #[cold]
    pub(crate) fn wrong_type(self, expected: &str) -> FormatError {
        let found = match self.item() {
            Err(error) => return error,
            Ok(Item::Object(object)) => object.kind.name(),
            Ok(Item::Owned(_)) => "str",
            Ok(Item::Scalar(scalar)) => match scalar {
                Scalar::None => "None",
                Scalar::Ellipsis => "Ellipsis",
                Scalar::Bool(_) => "bool",
                Scalar::Int(_) | Scalar::Big(_) => "int",
                Scalar::Float(_) => "float",
                Scalar::Str(_) | Scalar::Text(_) => "str",
                Scalar::Bytes(_) | Scalar::Raw(_) => "bytes",
                Scalar::ByteArray(_) => "bytearray",
                Scalar::EmptyTuple => "tuple",
            },
        };
        self.error(FormatErrorKind::Type, format!("expected {expected}, found {found}"))
    }
}
