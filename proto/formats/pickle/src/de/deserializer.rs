//! The methods that serde calls.

use firesteel_value::{FormatError, names};
use serde::de::{Deserializer, IgnoredAny, Visitor, value::SeqDeserializer};

use super::{
    Cursor, Mode,
    access::{Elements, Pairs, Variant},
};
use crate::{
    arena::{Item, Kind},
    scalar::{Quick, Scalar},
};

impl<'de> Cursor<'_, 'de> {
    /// An integer of any width.
    #[inline]
    fn visit_integer<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        if let Quick::Int(number) = self.quick() {
            return visitor.visit_i64(number);
        }
        match self.item()? {
            Item::Scalar(scalar @ (Scalar::Int(_) | Scalar::Big(_) | Scalar::Float(_))) => {
                self.scalar(Mode::Plain, scalar, visitor)
            }
            _ => Err(self.wrong_type("an integer")),
        }
    }

    /// What serde takes for a seq and is none in Python, or is empty.
    #[inline(never)]
    fn other_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        match self.item()? {
            Item::Object(object) if matches!(object.kind, Kind::Complex | Kind::TimeDelta | Kind::Array(_)) => {
                self.special(Mode::Plain, object, visitor)
            }
            Item::Scalar(Scalar::EmptyTuple) => Elements::visit(self.arena, &[], visitor),
            // Bytes can be read into a `Vec<u8>`.
            _ => match self.arena.raw(self.node)? {
                Some(bytes) => visitor.visit_seq(SeqDeserializer::new(bytes.iter().copied())),
                None => Err(self.wrong_type("a list, a tuple or a set")),
            },
        }
    }
}

impl<'de> Deserializer<'de> for Cursor<'_, 'de> {
    type Error = FormatError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        self.any(Mode::Plain, visitor)
    }

    firesteel_value::forward_deserializer!('de);

    #[inline]
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        match self.quick() {
            Quick::Float(number) => return visitor.visit_f64(number),
            Quick::Int(number) => return visitor.visit_f64(number as f64),
            _ => {}
        }
        match self.item()? {
            Item::Scalar(Scalar::Float(number)) => visitor.visit_f64(number),
            Item::Scalar(Scalar::Int(number)) => visitor.visit_f64(number as f64),
            Item::Scalar(Scalar::Big(number)) => match number.to_f64() {
                Some(number) => visitor.visit_f64(number),
                None => self.scalar(Mode::Plain, Scalar::Big(number), visitor),
            },
            _ => Err(self.wrong_type("a float")),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        match self.item()? {
            Item::Scalar(Scalar::Bool(truth)) => visitor.visit_bool(truth),
            _ => Err(self.wrong_type("a bool")),
        }
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        if let Quick::Str(bytes) = self.quick()
            && let Ok(text) = std::str::from_utf8(bytes)
        {
            return visitor.visit_borrowed_str(text);
        }
        match self.item()? {
            Item::Scalar(Scalar::Str(text)) => visitor.visit_borrowed_str(text),
            Item::Scalar(Scalar::Text(text)) => visitor.visit_string(text),
            Item::Owned(text) => visitor.visit_str(text),
            Item::Scalar(scalar @ (Scalar::Bytes(_) | Scalar::Raw(_))) => self.scalar(Mode::Plain, scalar, visitor),
            // What is a text for serde.
            Item::Object(object)
                if matches!(
                    object.kind,
                    Kind::DateTime
                        | Kind::Date
                        | Kind::Time
                        | Kind::Decimal
                        | Kind::Uuid
                        | Kind::Latin1
                        | Kind::Array(_)
                ) =>
            {
                self.special(Mode::Plain, object, visitor)
            }
            _ => Err(self.wrong_type("a str")),
        }
    }

    #[inline]
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        self.any(Mode::Plain, visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        match self.item()? {
            Item::Scalar(Scalar::Bytes(bytes)) => visitor.visit_borrowed_bytes(bytes),
            Item::Scalar(Scalar::None | Scalar::Bool(_) | Scalar::Int(_) | Scalar::Float(_)) => {
                Err(self.wrong_type("bytes"))
            }
            _ => self.any(Mode::Plain, visitor),
        }
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        if self.arena.is_none(self.node) { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        self.any(Mode::Plain, visitor)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        match name {
            names::VALUE => self.any(Mode::Tagged, visitor),
            names::INT => match self.item()? {
                Item::Scalar(Scalar::Big(number)) => visitor.visit_string(number.to_text()),
                _ => self.deserialize_i64(visitor),
            },
            // A fold is told only to those who ask.
            names::DATETIME | names::TIME => match self.item()? {
                Item::Object(object) if object.kind == Kind::DateTime => {
                    visitor.visit_string(self.datetime(object, Mode::Tagged)?)
                }
                Item::Object(object) if object.kind == Kind::Time => {
                    visitor.visit_string(self.time(object, Mode::Tagged)?)
                }
                _ => visitor.visit_newtype_struct(self),
            },
            _ => visitor.visit_newtype_struct(self),
        }
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        if let Some(object) = self.arena.object(self.node)
            && matches!(object.kind, Kind::List | Kind::Tuple | Kind::Set | Kind::FrozenSet)
        {
            return Elements::visit(self.arena, self.arena.nodes(object), visitor);
        }
        self.other_seq(visitor)
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        match self.arena.object(self.node) {
            Some(object) if object.kind.is_dict() => Pairs::visit(self.arena, self.arena.nodes(object), visitor),
            _ => Err(self.wrong_type("a dict")),
        }
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        match self.arena.object(self.node) {
            Some(object) if object.kind.is_dict() => Pairs::visit(self.arena, self.arena.nodes(object), visitor),
            _ => self.deserialize_seq(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        match self.item()? {
            Item::Scalar(Scalar::Str(_) | Scalar::Text(_)) | Item::Owned(_) => {
                visitor.visit_enum(Variant { name: self, content: None })
            }
            Item::Object(object) if object.kind.is_dict() => match *self.arena.nodes(object) {
                [name, content] => {
                    let at = |node| Cursor { arena: self.arena, node };
                    visitor.visit_enum(Variant { name: at(name), content: Some(at(content)) })
                }
                _ => Err(self.wrong_type("a variant, which is a dict with one key")),
            },
            _ => Err(self.wrong_type("a str or a dict with one key")),
        }
    }

    /// Reads all that is in it, so that nothing is skipped that could not be read.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormatError> {
        self.any(Mode::Tagged, IgnoredAny)?;
        visitor.visit_unit()
    }
}
