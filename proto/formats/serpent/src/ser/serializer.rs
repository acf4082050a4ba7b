//! The methods that serde calls.

use firesteel_value::{FormatError, FormatErrorKind, TimeDelta, Value, from_value, names, pyrepr, to_value};
use serde::ser::{self, Serialize};

use super::{
    Place, Serializer,
    compound::{Map, Seq},
    not_hashable,
};

macro_rules! integers {
    ($($method:ident $int:ty)*) => {$(
        #[inline]
        fn $method(self, number: $int) -> Result<(), FormatError> {
            self.put(itoa::Buffer::new().format(number).as_bytes());
            Ok(())
        }
    )*};
}

impl<'s, 'a> ser::Serializer for &'s mut Serializer<'a> {
    type Ok = ();
    type Error = FormatError;
    type SerializeSeq = Seq<'s, 'a>;
    type SerializeTuple = Seq<'s, 'a>;
    type SerializeTupleStruct = Seq<'s, 'a>;
    type SerializeTupleVariant = Seq<'s, 'a>;
    type SerializeMap = Map<'s, 'a>;
    type SerializeStruct = Map<'s, 'a>;
    type SerializeStructVariant = Map<'s, 'a>;

    fn serialize_bool(self, truth: bool) -> Result<(), FormatError> {
        self.put(if truth { b"True" } else { b"False" });
        Ok(())
    }

    integers!(
        serialize_i8 i8 serialize_i16 i16 serialize_i32 i32 serialize_i64 i64 serialize_i128 i128
        serialize_u8 u8 serialize_u16 u16 serialize_u32 u32 serialize_u64 u64 serialize_u128 u128
    );

    fn serialize_f32(self, number: f32) -> Result<(), FormatError> {
        self.float(number.into())
    }

    #[inline]
    fn serialize_f64(self, number: f64) -> Result<(), FormatError> {
        self.float(number)
    }

    fn serialize_char(self, char: char) -> Result<(), FormatError> {
        self.serialize_str(char.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result<(), FormatError> {
        pyrepr::str(self.out, text);
        Ok(())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), FormatError> {
        self.bytes(bytes)
    }

    fn serialize_none(self) -> Result<(), FormatError> {
        self.refuse_as_key("NoneType")?;
        self.put(b"None");
        Ok(())
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), FormatError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), FormatError> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), FormatError> {
        self.serialize_none()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), FormatError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        content: &T,
    ) -> Result<(), FormatError> {
        if name == names::INSTANCE
            && let Some(rewrite) = self.options.rewrite.take()
        {
            let result = rewrite.apply(content).and_then(|value| value.serialize(&mut *self));
            self.options.rewrite = Some(rewrite);
            return result;
        }
        match name {
            names::SET | names::FROZENSET => {
                match self.place {
                    Place::Value => self.set = true,
                    _ if name == names::SET => return Err(not_hashable("set")),
                    _ => return Err(not_hashable("frozenset")),
                }
                let result = content.serialize(&mut *self);
                self.set = false;
                result
            }
            names::COMPLEX => match to_value(content)? {
                Value::Tuple(parts) => match parts[..] {
                    [Value::Float(re), Value::Float(im)] => self.complex(re, im),
                    _ => Err(malformed(name)),
                },
                _ => Err(malformed(name)),
            },
            names::INT => match to_value(content)? {
                Value::Str(text) => self.big_int(&text),
                _ => Err(malformed(name)),
            },
            names::BYTEARRAY => {
                self.refuse_as_key("bytearray")?;
                content.serialize(self)
            }
            names::ELLIPSIS => {
                self.refuse_as_key("ellipsis")?;
                Err(FormatError::new(
                    FormatErrorKind::Unsupported,
                    "don't know how to serialize class <class 'ellipsis'>",
                ))
            }
            names::DATETIME => self.text("datetime.datetime", content),
            names::DATE => self.text("datetime.date", content),
            names::TIME => self.text("datetime.time", content),
            names::UUID => self.text("uuid.UUID", content),
            names::TIMEDELTA => {
                self.refuse_as_key("datetime.timedelta")?;
                let delta: TimeDelta = from_value(to_value(content)?)?;
                self.float(delta.total_seconds())
            }
            _ => content.serialize(self),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        content: &T,
    ) -> Result<(), FormatError> {
        let mut map = Map::open(self, None)?;
        ser::SerializeStruct::serialize_field(&mut map, variant, content)?;
        ser::SerializeStruct::end(map)
    }

    #[inline]
    fn serialize_seq(self, _: Option<usize>) -> Result<Seq<'s, 'a>, FormatError> {
        if std::mem::take(&mut self.set) {
            return Seq::set(self);
        }
        Seq::list(self)
    }

    #[inline]
    fn serialize_tuple(self, _: usize) -> Result<Seq<'s, 'a>, FormatError> {
        if std::mem::take(&mut self.set) {
            return Seq::set(self);
        }
        Seq::tuple(self, None)
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Seq<'s, 'a>, FormatError> {
        self.serialize_tuple(len)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Seq<'s, 'a>, FormatError> {
        Seq::tuple(self, Some(variant))
    }

    #[inline]
    fn serialize_map(self, _: Option<usize>) -> Result<Map<'s, 'a>, FormatError> {
        Map::open(self, None)
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Map<'s, 'a>, FormatError> {
        Map::open(self, None)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Map<'s, 'a>, FormatError> {
        Map::open(self, Some(variant))
    }
}

impl Serializer<'_> {
    /// The text of an object that cannot be a key by itself, although its text could.
    fn text<T: Serialize + ?Sized>(&mut self, class: &str, content: &T) -> Result<(), FormatError> {
        self.refuse_as_key(class)?;
        content.serialize(self)
    }
}

fn malformed(name: &str) -> FormatError {
    FormatError::new(FormatErrorKind::Type, format!("wrong content of {name}"))
}
