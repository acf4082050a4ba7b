//! The methods that serde calls.

use firesteel_value::{FormatError, FormatErrorKind, TimeDelta, content, from_value, names, pyrepr, to_value};
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
    firesteel_value::forward_serializer!(Seq<'s, 'a>, Map<'s, 'a>, rewrite: options.rewrite);

    fn serialize_bool(self, truth: bool) -> Result<(), FormatError> {
        self.put(if truth { b"True" } else { b"False" });
        Ok(())
    }

    integers!(
        serialize_i8 i8 serialize_i16 i16 serialize_i32 i32 serialize_i64 i64 serialize_i128 i128
        serialize_u8 u8 serialize_u16 u16 serialize_u32 u32 serialize_u64 u64 serialize_u128 u128
    );

    #[inline]
    fn serialize_f64(self, number: f64) -> Result<(), FormatError> {
        self.float(number)
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
}

impl Serializer<'_> {
    fn special<T: Serialize + ?Sized>(&mut self, name: &str, content: &T) -> Result<(), FormatError> {
        match name {
            names::SET => self.set_of("set", content),
            names::FROZENSET => self.set_of("frozenset", content),
            names::COMPLEX => {
                let (re, im) = content::complex(name, content)?;
                self.complex(re, im)
            }
            names::INT => {
                self.put(content::digits(name, content)?.as_bytes());
                Ok(())
            }
            names::BYTEARRAY => self.text("bytearray", content),
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

    fn set_of<T: Serialize + ?Sized>(&mut self, class: &str, content: &T) -> Result<(), FormatError> {
        if self.place != Place::Value {
            return Err(not_hashable(class));
        }
        self.set = true;
        let result = content.serialize(&mut *self);
        self.set = false;
        result
    }

    /// An object that cannot be a key by itself, although its text could.
    fn text<T: Serialize + ?Sized>(&mut self, class: &str, content: &T) -> Result<(), FormatError> {
        self.refuse_as_key(class)?;
        content.serialize(self)
    }
}
