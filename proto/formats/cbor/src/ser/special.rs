//! What travels through serde under reserved names.

use ciborium_ll::simple;
use firesteel_value::{
    BigInt, FormatError, Uuid, Value,
    content::{self, malformed},
    names, to_value,
};
use serde::Serialize;

use super::{Serializer, head::Major};
use crate::tags;

impl Serializer<'_> {
    pub(super) fn special<T: Serialize + ?Sized>(&mut self, name: &str, content: &T) -> Result<(), FormatError> {
        match name {
            names::SET => {
                self.check_hashable("set")?;
                self.set(tags::SET, content)?;
            }
            names::FROZENSET => self.set(tags::FROZENSET, content)?,
            names::COMPLEX => self.parts(tags::COMPLEX, name, content)?,
            names::TIMEDELTA => self.parts(tags::TIMEDELTA, name, content)?,
            names::INT => {
                let number: BigInt = content::text(name, content)?.parse()?;
                match (number.to_i64(), number.to_u64()) {
                    (Some(number), _) => self.signed(number),
                    (_, Some(number)) => self.unsigned(number),
                    _ => self.big_int(&number),
                }
            }
            names::BYTEARRAY => {
                self.check_hashable("bytearray")?;
                self.tag(tags::BYTEARRAY);
                content.serialize(self)?;
            }
            names::ELLIPSIS => {
                self.tag(tags::ELLIPSIS);
                self.out.push(0xe0 | simple::NULL);
            }
            names::DATETIME => self.tagged_text(tags::DATETIME, name, content)?,
            names::DATE => self.tagged_text(tags::DATE, name, content)?,
            names::TIME => self.tagged_text(tags::TIME, name, content)?,
            names::DECIMAL => self.tagged_text(tags::DECIMAL, name, content)?,
            names::FOLD => {
                self.fold = true;
                let result = content.serialize(&mut *self);
                self.fold = false;
                result?;
            }
            names::UUID => {
                let uuid: Uuid = content::text(name, content)?.parse()?;
                self.tag(tags::UUID);
                self.bytes(uuid.as_bytes());
            }
            _ => content.serialize(self)?,
        }
        Ok(())
    }

    fn set<T: Serialize + ?Sized>(&mut self, tag: u64, content: &T) -> Result<(), FormatError> {
        self.tag(tag);
        self.set = true;
        let result = content.serialize(&mut *self);
        self.set = false;
        result
    }

    /// A tuple of numbers, as an array without the tag of a tuple.
    fn parts<T: Serialize + ?Sized>(&mut self, tag: u64, name: &str, content: &T) -> Result<(), FormatError> {
        let Value::Tuple(parts) = to_value(content)? else {
            return Err(malformed(name));
        };
        self.tag(tag);
        Major::Array.put(self.out, parts.len() as u64);
        parts.iter().try_for_each(|part| match part {
            Value::Int(number) => {
                self.signed(*number);
                Ok(())
            }
            Value::Float(number) => {
                self.float(*number);
                Ok(())
            }
            _ => Err(malformed(name)),
        })
    }

    fn tagged_text<T: Serialize + ?Sized>(&mut self, tag: u64, name: &str, content: &T) -> Result<(), FormatError> {
        let mut text = content::text(name, content)?;
        if std::mem::take(&mut self.fold) {
            text.push_str("[fold=1]");
        }
        self.tag(tag);
        self.text(&text);
        Ok(())
    }

    /// An integer outside of i64 and u64.
    pub(super) fn big_int(&mut self, number: &BigInt) {
        let mut magnitude = number.magnitude_le();
        if number.is_negative() {
            // -1 minus the number: its magnitude is one less.
            for byte in &mut magnitude {
                let borrow;
                (*byte, borrow) = byte.overflowing_sub(1);
                if !borrow {
                    break;
                }
            }
            while magnitude.last() == Some(&0) {
                magnitude.pop();
            }
        }
        magnitude.reverse();
        match <[u8; 8]>::try_from(&magnitude[..]) {
            // CBOR has 64 bits beside the sign.
            Ok(bytes) => Major::Negative.put(self.out, u64::from_be_bytes(bytes)),
            Err(_) => {
                self.tag(if number.is_negative() { tags::NEGATIVE_BIG } else { tags::BIG });
                self.bytes(&magnitude);
            }
        }
    }
}
