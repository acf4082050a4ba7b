//! The methods that serde calls.

use firesteel_value::{FormatError, content, names};
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
    firesteel_value::forward_serializer!(Seq<'s, 'a>, Map<'s, 'a>, rewrite: rewrite);

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

    #[inline]
    fn serialize_f64(self, number: f64) -> Result<(), FormatError> {
        self.float(number);
        Ok(())
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
}

impl Serializer<'_> {
    fn special<T: Serialize + ?Sized>(&mut self, name: &str, content: &T) -> Result<(), FormatError> {
        match name {
            names::SET => self.set_of(codes::SET, content),
            names::FROZENSET => self.set_of(codes::FROZENSET, content),
            names::COMPLEX => {
                let (re, im) = content::complex(name, content)?;
                self.complex(re, im);
                Ok(())
            }
            names::INT => self.big(&content::text(name, content)?.parse()?),
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

    fn set_of<T: Serialize + ?Sized>(&mut self, code: u8, content: &T) -> Result<(), FormatError> {
        self.set = Some(code);
        let result = content.serialize(&mut *self);
        self.set = None;
        result
    }
}
