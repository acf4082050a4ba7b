//! The methods that serde calls.

use firesteel_value::{FormatError, names};
use serde::ser::{self, Serialize};

use super::{
    Kind, Serializer,
    compound::{Map, Seq, open_variant},
};
use crate::op;

macro_rules! integers {
    ($($method:ident $int:ty)*) => {$(
        #[inline]
        fn $method(self, number: $int) -> Result<(), FormatError> {
            self.int(number.into());
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
        self.op(if truth { op::NEWTRUE } else { op::NEWFALSE });
        Ok(())
    }

    integers!(
        serialize_i8 i8 serialize_i16 i16 serialize_i32 i32 serialize_i64 i64
        serialize_u8 u8 serialize_u16 u16 serialize_u32 u32
    );

    fn serialize_u64(self, number: u64) -> Result<(), FormatError> {
        self.serialize_i128(number.into())
    }

    fn serialize_i128(self, number: i128) -> Result<(), FormatError> {
        match i64::try_from(number) {
            Ok(number) => self.int(number),
            Err(_) => self.long(number),
        }
        Ok(())
    }

    fn serialize_u128(self, number: u128) -> Result<(), FormatError> {
        match i128::try_from(number) {
            Ok(number) => self.serialize_i128(number),
            Err(_) => self.big_int(&number.into()),
        }
    }

    fn serialize_f32(self, number: f32) -> Result<(), FormatError> {
        self.serialize_f64(number.into())
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

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), FormatError> {
        self.bytes(bytes)
    }

    #[inline]
    fn serialize_none(self) -> Result<(), FormatError> {
        self.op(op::NONE);
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
        self.str(variant)
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
            names::SET => self.serialize_set(Kind::Set, content),
            names::FROZENSET => self.serialize_set(Kind::FrozenSet, content),
            names::INSTANCE => self.serialize_instance(content),
            name if name.starts_with(RESERVED) => self.serialize_special(name, content),
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
        let depth = self.depth;
        open_variant(self, variant)?;
        content.serialize(&mut *self)?;
        self.op(op::SETITEM);
        self.depth = depth;
        Ok(())
    }

    #[inline]
    fn serialize_seq(self, _: Option<usize>) -> Result<Seq<'s, 'a>, FormatError> {
        let kind = std::mem::take(&mut self.seq);
        Seq::open(self, kind, 0, None)
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<Seq<'s, 'a>, FormatError> {
        let kind = match std::mem::take(&mut self.seq) {
            Kind::List => Kind::Tuple,
            set => set,
        };
        Seq::open(self, kind, len, None)
    }

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
        Seq::open(self, Kind::Tuple, len, Some(variant))
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

/// What all reserved names begin with.
const RESERVED: &str = "$firesteel::";
