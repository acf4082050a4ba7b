//! Dates, decimals, UUIDs and arrays, from what Python keeps of them.

use firesteel_value::{Date, DateTime, Decimal, FormatError, FormatErrorKind, Time, TimeDelta, Uuid};
use serde::de::{Visitor, value::SeqDeserializer};

use super::{Cursor, Mode};
use crate::{
    arena::{Item, Kind, Object},
    scalar::Scalar,
};

impl<'de> Cursor<'_, 'de> {
    #[cold]
    fn malformed(self, object: &Object) -> FormatError {
        self.error(FormatErrorKind::Type, format!("the state of a {} is wrong", object.kind.name()))
    }

    /// The state as bytes.
    fn state<const N: usize>(self, object: &Object) -> Result<[u8; N], FormatError> {
        let node = self.arena.nodes(object).first().ok_or_else(|| self.malformed(object))?;
        let bytes = self.arena.raw(*node)?.unwrap_or_default();
        bytes.as_ref().try_into().map_err(|_| self.malformed(object))
    }

    /// The offset of the timezone behind the state.
    fn zone(self, object: &Object) -> Result<Option<TimeDelta>, FormatError> {
        let Some(node) = self.arena.nodes(object).get(1) else {
            return Ok(None);
        };
        match self.arena.object(*node) {
            Some(zone) if zone.kind == Kind::TimeZone => {
                let delta = self.arena.nodes(zone).first().and_then(|node| self.arena.object(*node));
                let delta = delta.filter(|delta| delta.kind == Kind::TimeDelta);
                self.delta(delta.ok_or_else(|| self.malformed(object))?).map(Some)
            }
            _ if self.arena.is_none(*node) => Ok(None),
            _ => Err(self.malformed(object)),
        }
    }

    /// Hour, minute, second and three bytes of microseconds.
    fn clock(self, object: &Object, [hour, minute, second, a, b, c]: [u8; 6]) -> Result<Time, FormatError> {
        let time = Time::new(hour, minute, second, u32::from_be_bytes([0, a, b, c]));
        time.and_then(|time| time.with_utc_offset(self.zone(object)?)).map_err(|error| self.place(error))
    }

    /// Ten bytes; the highest bit of the month is the fold.
    pub(super) fn datetime(self, object: &Object, mode: Mode) -> Result<String, FormatError> {
        let [y, z, month, day, clock @ ..] = self.state::<10>(object)?;
        let date = Date::new(u16::from_be_bytes([y, z]), month & 0x7f, day).map_err(|error| self.place(error))?;
        let text = DateTime::new(date, self.clock(object, clock)?).to_string();
        Ok(with_fold(text, month & 0x80 != 0, mode))
    }

    /// Six bytes; the highest bit of the hour is the fold.
    pub(super) fn time(self, object: &Object, mode: Mode) -> Result<String, FormatError> {
        let [hour, rest @ ..] = self.state::<6>(object)?;
        let [a, b, c, d, e] = rest;
        let time = self.clock(object, [hour & 0x7f, a, b, c, d, e])?;
        Ok(with_fold(time.to_string(), hour & 0x80 != 0, mode))
    }

    /// Four bytes.
    pub(super) fn date(self, object: &Object) -> Result<String, FormatError> {
        let [y, z, month, day] = self.state::<4>(object)?;
        let date = Date::new(u16::from_be_bytes([y, z]), month, day).map_err(|error| self.place(error))?;
        Ok(date.to_string())
    }

    /// Days, seconds, microseconds.
    pub(super) fn delta(self, object: &Object) -> Result<TimeDelta, FormatError> {
        let mut parts = [0; 3];
        for (part, node) in parts.iter_mut().zip(self.arena.nodes(object)) {
            match self.arena.item(*node)? {
                Item::Scalar(Scalar::Int(number)) => *part = number,
                _ => return Err(self.malformed(object)),
            }
        }
        TimeDelta::new(parts[0], parts[1], parts[2]).map_err(|error| self.place(error))
    }

    pub(super) fn decimal(self, object: &Object) -> Result<String, FormatError> {
        let text = match self.arena.nodes(object) {
            [node] => self.arena.str(*node)?,
            _ => None,
        };
        let text = text.ok_or_else(|| self.malformed(object))?;
        let number: Decimal = text.parse().map_err(|error| self.place(error))?;
        Ok(number.to_string())
    }

    pub(super) fn uuid(self, object: &Object) -> Result<String, FormatError> {
        let number = match self.arena.nodes(object).last() {
            Some(node) => match self.arena.item(*node)? {
                Item::Scalar(Scalar::Int(number)) => u128::try_from(number).ok(),
                Item::Scalar(Scalar::Big(number)) => number.to_u128(),
                _ => None,
            },
            None => None,
        };
        let number = number.ok_or_else(|| self.malformed(object))?;
        Ok(Uuid::from_bytes(number.to_be_bytes()).to_string())
    }

    pub(super) fn complex(self, object: &Object) -> Result<(f64, f64), FormatError> {
        let mut parts = [0.0; 2];
        for (part, node) in parts.iter_mut().zip(self.arena.nodes(object)) {
            *part = match self.arena.item(*node)? {
                Item::Scalar(Scalar::Float(number)) => number,
                Item::Scalar(Scalar::Int(number)) => number as f64,
                _ => return Err(self.malformed(object)),
            };
        }
        Ok((parts[0], parts[1]))
    }

    /// The numbers of an `array.array`, in the format of the machine that wrote it (`Modules/arraymodule.c`).
    pub(super) fn array<V: Visitor<'de>>(
        self,
        format: u8,
        object: &Object,
        visitor: V,
    ) -> Result<V::Value, FormatError> {
        let raw = match self.arena.nodes(object) {
            [node] => self.arena.raw(*node)?.unwrap_or_default(),
            _ => return Err(self.malformed(object)),
        };
        macro_rules! numbers {
            ($type:ty, $read:ident, $size:literal) => {{
                let (chunks, []) = raw.as_chunks::<$size>() else {
                    return Err(self.malformed(object));
                };
                visitor.visit_seq(SeqDeserializer::new(chunks.iter().map(|chunk| <$type>::$read(*chunk))))
            }};
        }
        match format {
            0 => numbers!(u8, from_le_bytes, 1),
            1 => numbers!(i8, from_le_bytes, 1),
            2 => numbers!(u16, from_le_bytes, 2),
            3 => numbers!(u16, from_be_bytes, 2),
            4 => numbers!(i16, from_le_bytes, 2),
            5 => numbers!(i16, from_be_bytes, 2),
            6 => numbers!(u32, from_le_bytes, 4),
            7 => numbers!(u32, from_be_bytes, 4),
            8 => numbers!(i32, from_le_bytes, 4),
            9 => numbers!(i32, from_be_bytes, 4),
            10 => numbers!(u64, from_le_bytes, 8),
            11 => numbers!(u64, from_be_bytes, 8),
            12 => numbers!(i64, from_le_bytes, 8),
            13 => numbers!(i64, from_be_bytes, 8),
            14 => numbers!(f32, from_le_bytes, 4),
            15 => numbers!(f32, from_be_bytes, 4),
            16 => numbers!(f64, from_le_bytes, 8),
            17 => numbers!(f64, from_be_bytes, 8),
            18..=21 => {
                let text = match format {
                    18 => utf16(&raw, u16::from_le_bytes),
                    19 => utf16(&raw, u16::from_be_bytes),
                    20 => utf32(&raw, u32::from_le_bytes),
                    _ => utf32(&raw, u32::from_be_bytes),
                };
                visitor.visit_string(text.ok_or_else(|| self.malformed(object))?)
            }
            _ => Err(self.malformed(object)),
        }
    }

    #[cold]
    fn place(self, error: FormatError) -> FormatError {
        error.or_offset(self.arena.offset(self.node))
    }
}

fn with_fold(text: String, fold: bool, mode: Mode) -> String {
    if fold && mode == Mode::Tagged { text + "[fold=1]" } else { text }
}

fn utf16(bytes: &[u8], read: fn([u8; 2]) -> u16) -> Option<String> {
    let (chunks, []) = bytes.as_chunks() else {
        return None;
    };
    char::decode_utf16(chunks.iter().map(|chunk| read(*chunk))).collect::<Result<_, _>>().ok()
}

fn utf32(bytes: &[u8], read: fn([u8; 4]) -> u32) -> Option<String> {
    let (chunks, []) = bytes.as_chunks() else {
        return None;
    };
    chunks.iter().map(|chunk| char::from_u32(read(*chunk))).collect()
}
