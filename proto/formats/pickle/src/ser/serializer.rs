//! The methods that serde calls.

use firesteel_value::FormatError;
use serde::ser;

use super::{
    Serializer,
    compound::{Map, Seq},
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
    firesteel_value::forward_serializer!(Seq<'s, 'a>, Map<'s, 'a>, rewrite: options.rewrite);

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

    #[inline]
    fn serialize_f64(self, number: f64) -> Result<(), FormatError> {
        self.float(number);
        Ok(())
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
}
