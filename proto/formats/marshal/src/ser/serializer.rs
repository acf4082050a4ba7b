//! The methods that serde calls.

use firesteel_value::{FormatError, FormatErrorKind, Value, names, to_value};
use serde::ser::{self, Serialize};

use super::{
    Serializer,
    compound::{Map, Seq},
};
use crate::codes;

macro_rules! integers {
    ($($method:ident $int:ty)*) => {$(
        #[inline]
        fn $method(self, number: $int) -> Result<(), FormatError> {
            self.int(number.into());
            Ok(())
        }
    )*};
}

macro_rules! wide_integers {
    ($($method:ident $int:ty)*) => {$(
        #[inline]
        fn $method(self, number: $int) -> Result<(), FormatError> {
            match i64::try_from(number) {
                Ok(small) => self.int(small),
                // No integer of Rust is both outside of i64 and outside of i128 and u128.
                Err(_) => match i128::try_from(number) {
                    Ok(number) => self.wide(number < 0, number.unsigned_abs()),
                    Err(_) => self.wide(false, number as u128),
                },
            }
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

    integers!(
        serialize_i8 i8 serialize_i16 i16 serialize_i32 i32 serialize_i64 i64
        serialize_u8 u8 serialize_u16 u16 serialize_u32 u32
    );

    wide_integers!(serialize_u64 u64 serialize_i128 i128 serialize_u128 u128);

    #[inline]
    fn serialize_bool(self, truth: bool) -> Result<(), FormatError> {
        self.put([if truth { codes::TRUE } else { codes::FALSE }]);
        Ok(())
    }

    fn serialize_f32(self, number: f32) -> Result<(), FormatError> {
        self.float(number.into());
        Ok(())
    }

    #[inline]
    fn serialize_f64(self, number: f64) -> Result<(), FormatError> {
        self.float(number);
        Ok(())
    }

    fn serialize_char(self, char: char) -> Result<(), FormatError> {
        self.str(char.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result<(), FormatError> {
        self.str(text)
    }

    #[inline]
    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), FormatError> {
        self.bytes(bytes)
    }

    #[inline]
    fn serialize_none(self) -> Result<(), FormatError> {
        self.put([codes::NONE]);
        Ok(())
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), FormatError> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_unit(self) -> Result<(), FormatError> {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), FormatError> {
        self.serialize_none()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), FormatError> {
        self.str(variant)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        content: &T,
    ) -> Result<(), FormatError> {
        if name == names::INSTANCE
            && let Some(rewrite) = self.rewrite.take()
        {
            let result = rewrite.apply(content).and_then(|value| value.serialize(&mut *self));
            self.rewrite = Some(rewrite);
            return result;
        }
        match name {
            names::SET | names::FROZENSET => {
                self.set = Some(if name == names::SET { codes::SET } else { codes::FROZENSET });
                let result = content.serialize(&mut *self);
                self.set = None;
                result
            }
            names::COMPLEX => match to_value(content)? {
                Value::Tuple(parts) => match parts[..] {
                    [Value::Float(re), Value::Float(im)] => {
                        self.complex(re, im);
                        Ok(())
                    }
                    _ => Err(malformed(name)),
                },
                _ => Err(malformed(name)),
            },
            names::INT => match to_value(content)? {
                Value::Str(text) => self.big(&text.parse()?),
                _ => Err(malformed(name)),
            },
            names::BYTEARRAY => {
                self.check_hashable("bytearray")?;
                content.serialize(self)
            }
            names::ELLIPSIS => {
                self.put([codes::ELLIPSIS]);
                Ok(())
            }
            // The others are written as their content is: texts, and a dict with a class.
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
        let mut map = Map::open(self)?;
        ser::SerializeStruct::serialize_field(&mut map, variant, content)?;
        ser::SerializeStruct::end(map)
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Seq<'s, 'a>, FormatError> {
        match self.set.take() {
            Some(code) => Seq::set(self, code, len),
            None => Seq::list(self, len),
        }
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<Seq<'s, 'a>, FormatError> {
        match self.set.take() {
            Some(code) => Seq::set(self, code, Some(len)),
            None => Seq::tuple(self, len),
        }
    }

    #[inline]
    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Seq<'s, 'a>, FormatError> {
        self.serialize_tuple(len)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Seq<'s, 'a>, FormatError> {
        Seq::variant(self, variant, len)
    }

    #[inline]
    fn serialize_map(self, _: Option<usize>) -> Result<Map<'s, 'a>, FormatError> {
        Map::open(self)
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Map<'s, 'a>, FormatError> {
        Map::open(self)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Map<'s, 'a>, FormatError> {
        Map::variant(self, variant)
    }
}

#[cold]
fn malformed(name: &str) -> FormatError {
    FormatError::new(FormatErrorKind::Type, format!("wrong content of {name}"))
}
