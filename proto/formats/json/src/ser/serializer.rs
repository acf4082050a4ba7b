//! The methods that serde calls for values.

use firesteel_value::{FormatError, names};
use serde::ser::{self, Serialize};

use super::{Map, Seq, Serializer, unsupported};

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

    #[inline]
    fn serialize_bool(self, truth: bool) -> Result<(), FormatError> {
        self.put(if truth { b"true" } else { b"false" });
        Ok(())
    }

    integers!(
        serialize_i8 i8 serialize_i16 i16 serialize_i32 i32 serialize_i64 i64 serialize_i128 i128
        serialize_u8 u8 serialize_u16 u16 serialize_u32 u32 serialize_u64 u64 serialize_u128 u128
    );

    fn serialize_f32(self, number: f32) -> Result<(), FormatError> {
        self.serialize_f64(number.into())
    }

    #[inline]
    fn serialize_f64(self, number: f64) -> Result<(), FormatError> {
        self.float(number);
        Ok(())
    }

    fn serialize_char(self, char: char) -> Result<(), FormatError> {
        self.serialize_str(char.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result<(), FormatError> {
        self.string(text);
        Ok(())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), FormatError> {
        self.bytes(bytes)
    }

    #[inline]
    fn serialize_none(self) -> Result<(), FormatError> {
        self.put(b"null");
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
            names::INT => self.big_int(content),
            names::FROZENSET => Err(unsupported("frozenset")),
            names::COMPLEX => Err(unsupported("complex")),
            names::ELLIPSIS => Err(unsupported("ellipsis")),
            names::TIME => Err(unsupported("datetime.time")),
            names::TIMEDELTA => Err(unsupported("datetime.timedelta")),
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
        map.field(variant, content)?;
        map.close()
    }

    #[inline]
    fn serialize_seq(self, _: Option<usize>) -> Result<Seq<'s, 'a>, FormatError> {
        Seq::open(self, None)
    }

    #[inline]
    fn serialize_tuple(self, _: usize) -> Result<Seq<'s, 'a>, FormatError> {
        Seq::open(self, None)
    }

    #[inline]
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Seq<'s, 'a>, FormatError> {
        Seq::open(self, None)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Seq<'s, 'a>, FormatError> {
        Seq::open(self, Some(variant))
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
