//! The methods that serde calls.

use firesteel_value::{FormatError, names};
use serde::ser::{self, Serialize};

use super::{
    Serializer,
    compound::{Map, Seq},
};

macro_rules! integers {
    ($($method:ident $int:ty, $put:ident)*) => {$(
        #[inline]
        fn $method(self, number: $int) -> Result<(), FormatError> {
            self.$put(number.into());
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
        self.out.push(0xc2 | u8::from(truth));
        Ok(())
    }

    integers!(
        serialize_i8 i8, signed
        serialize_i16 i16, signed
        serialize_i32 i32, signed
        serialize_i64 i64, signed
        serialize_u8 u8, unsigned
        serialize_u16 u16, unsigned
        serialize_u32 u32, unsigned
        serialize_u64 u64, unsigned
    );

    fn serialize_i128(self, number: i128) -> Result<(), FormatError> {
        match (i64::try_from(number), u64::try_from(number)) {
            (Ok(number), _) => self.signed(number),
            (_, Ok(number)) => self.unsigned(number),
            _ => self.big_int(&number.to_string())?,
        }
        Ok(())
    }

    fn serialize_u128(self, number: u128) -> Result<(), FormatError> {
        match u64::try_from(number) {
            Ok(number) => self.unsigned(number),
            Err(_) => self.big_int(&number.to_string())?,
        }
        Ok(())
    }

    #[inline]
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
        self.text(char.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result<(), FormatError> {
        self.text(text)
    }

    #[inline]
    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), FormatError> {
        self.bytes(bytes)
    }

    #[inline]
    fn serialize_none(self) -> Result<(), FormatError> {
        self.out.push(0xc0);
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

    #[inline]
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), FormatError> {
        self.text(variant)
    }

    #[inline]
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
        if name.starts_with('$') { self.special(name, content) } else { content.serialize(self) }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        content: &T,
    ) -> Result<(), FormatError> {
        let depth = self.depth;
        self.open_variant(variant)?;
        content.serialize(&mut *self)?;
        self.depth = depth;
        Ok(())
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Seq<'s, 'a>, FormatError> {
        Seq::list(self, len)
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<Seq<'s, 'a>, FormatError> {
        Seq::tuple(self, None, len)
    }

    #[inline]
    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Seq<'s, 'a>, FormatError> {
        Seq::tuple(self, None, len)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Seq<'s, 'a>, FormatError> {
        Seq::tuple(self, Some(variant), len)
    }

    #[inline]
    fn serialize_map(self, len: Option<usize>) -> Result<Map<'s, 'a>, FormatError> {
        Map::open(self, None, len)
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Map<'s, 'a>, FormatError> {
        Map::open(self, None, Some(len))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Map<'s, 'a>, FormatError> {
        Map::open(self, Some(variant), Some(len))
    }
}
