//! The methods that serde calls for values.

use firesteel_value::{
    FormatError, content, names,
    short::{append_signed, append_unsigned},
};
use serde::ser::{self, Serialize};

use super::{Map, Seq, Serializer, unsupported};

macro_rules! integers {
    ($($method:ident $int:ty, $append:ident)*) => {$(
        #[inline]
        fn $method(self, number: $int) -> Result<(), FormatError> {
            $append(self.out, number.into());
            Ok(())
        }
    )*};
}

impl<'s, 'a> ser::Serializer for &'s mut Serializer<'a> {
    firesteel_value::forward_serializer!(Seq<'s, 'a>, Map<'s, 'a>, rewrite: rewrite);

    #[inline]
    fn serialize_bool(self, truth: bool) -> Result<(), FormatError> {
        if truth {
            self.put(b"true");
        } else {
            self.put(b"false");
        }
        Ok(())
    }

    integers!(
        serialize_i8 i8, append_signed
        serialize_i16 i16, append_signed
        serialize_i32 i32, append_signed
        serialize_i64 i64, append_signed
        serialize_u8 u8, append_unsigned
        serialize_u16 u16, append_unsigned
        serialize_u32 u32, append_unsigned
        serialize_u64 u64, append_unsigned
    );

    fn serialize_i128(self, number: i128) -> Result<(), FormatError> {
        self.put(itoa::Buffer::new().format(number).as_bytes());
        Ok(())
    }

    fn serialize_u128(self, number: u128) -> Result<(), FormatError> {
        self.put(itoa::Buffer::new().format(number).as_bytes());
        Ok(())
    }

    #[inline]
    fn serialize_f64(self, number: f64) -> Result<(), FormatError> {
        self.float(number);
        Ok(())
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
}

impl Serializer<'_> {
    pub(super) fn special<T: Serialize + ?Sized>(&mut self, name: &str, content: &T) -> Result<(), FormatError> {
        match name {
            names::INT => {
                self.put(content::digits(name, content)?.as_bytes());
                Ok(())
            }
            names::FROZENSET => Err(unsupported("frozenset")),
            names::COMPLEX => Err(unsupported("complex")),
            names::ELLIPSIS => Err(unsupported("ellipsis")),
            names::TIME => Err(unsupported("datetime.time")),
            names::TIMEDELTA => Err(unsupported("datetime.timedelta")),
            _ => content.serialize(self),
        }
    }
}
