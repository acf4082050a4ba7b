//! The methods that serde calls.

use firesteel_value::FormatError;
use serde::ser;

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
    firesteel_value::forward_serializer!(Seq<'s, 'a>, Map<'s, 'a>, rewrite: options.rewrite);

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
    fn serialize_f64(self, number: f64) -> Result<(), FormatError> {
        self.float(number);
        Ok(())
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
}
