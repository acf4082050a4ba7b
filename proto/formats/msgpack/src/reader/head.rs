//! The first bytes of values: markers, lengths and numbers.
//!
//! The methods that give an option consume what they are named after, and nothing if something else stands there; what
//! is cut off counts as something else, and `any` reports it.

use firesteel_value::FormatError;

use super::Reader;

/// An integer of the markers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Int {
    /// One that fits.
    I64(i64),
    /// One above that.
    U64(u64),
}

impl From<u64> for Int {
    #[inline]
    fn from(number: u64) -> Int {
        i64::try_from(number).map_or(Int::U64(number), Int::I64)
    }
}

impl<'de> Reader<'de> {
    /// The next byte, usually a marker.
    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8, FormatError> {
        let Some((byte, rest)) = self.rest.split_first() else {
            return Err(self.unexpected_end());
        };
        self.rest = rest;
        Ok(*byte)
    }

    /// The next bytes.
    #[inline]
    pub(crate) fn take(&mut self, len: usize) -> Result<&'de [u8], FormatError> {
        let Some((bytes, rest)) = self.rest.split_at_checked(len) else {
            return Err(self.unexpected_end());
        };
        self.rest = rest;
        Ok(bytes)
    }

    /// The next bytes of a fixed number.
    #[inline]
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        let Some((bytes, rest)) = self.rest.split_first_chunk() else {
            return Err(self.unexpected_end());
        };
        self.rest = rest;
        Ok(*bytes)
    }

    /// A length in one, two or four bytes, for a `width` of 0, 1 or 2.
    #[inline]
    pub(crate) fn length(&mut self, width: u8) -> Result<usize, FormatError> {
        Ok(match width {
            0 => self.byte()?.into(),
            1 => u16::from_be_bytes(self.array()?).into(),
            _ => u32::from_be_bytes(self.array()?) as usize,
        })
    }

    /// Refuses a number of elements that cannot follow, as each takes at least `size` bytes.
    #[inline]
    pub(crate) fn check_count(&self, count: usize, size: usize) -> Result<(), FormatError> {
        // The count has 32 bits and the size is 1 or 2.
        if (count as u64) * (size as u64) > self.rest.len() as u64 {
            return Err(self.unexpected_end());
        }
        Ok(())
    }

    /// Consumes a nil.
    #[inline]
    pub(crate) fn take_nil(&mut self) -> bool {
        match self.rest {
            [0xc0, rest @ ..] => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// The header of an array: how many elements follow.
    #[inline]
    pub(crate) fn array_head(&mut self) -> Result<Option<usize>, FormatError> {
        let (count, rest) = match self.rest {
            [marker @ 0x90..=0x9f, rest @ ..] => (usize::from(marker & 0x0f), rest),
            [0xdc, a, b, rest @ ..] => (u16::from_be_bytes([*a, *b]).into(), rest),
            [0xdd, a, b, c, d, rest @ ..] => (u32::from_be_bytes([*a, *b, *c, *d]) as usize, rest),
            _ => return Ok(None),
        };
        self.rest = rest;
        self.check_count(count, 1)?;
        Ok(Some(count))
    }

    /// The header of a map: how many pairs follow.
    #[inline]
    pub(crate) fn map_head(&mut self) -> Result<Option<usize>, FormatError> {
        let (count, rest) = match self.rest {
            [marker @ 0x80..=0x8f, rest @ ..] => (usize::from(marker & 0x0f), rest),
            [0xde, a, b, rest @ ..] => (u16::from_be_bytes([*a, *b]).into(), rest),
            [0xdf, a, b, c, d, rest @ ..] => (u32::from_be_bytes([*a, *b, *c, *d]) as usize, rest),
            _ => return Ok(None),
        };
        self.rest = rest;
        self.check_count(count, 2)?;
        Ok(Some(count))
    }

    /// The header of the map that is a variant with content; false at the str that is one without.
    pub(crate) fn variant_head(&mut self) -> Result<bool, FormatError> {
        let start = self.rest;
        match self.map_head()? {
            Some(1) => Ok(true),
            None if matches!(self.peek(), Some(0xa0..=0xbf | 0xd9..=0xdb)) => Ok(false),
            _ => {
                self.rest = start;
                Err(self.wrong_type("the variant of an enum, a str or a map with one key"))
            }
        }
    }

    /// A str.
    #[inline]
    pub(crate) fn try_str(&mut self) -> Result<Option<&'de str>, FormatError> {
        let (len, rest) = match self.rest {
            [marker @ 0xa0..=0xbf, rest @ ..] => (usize::from(marker & 0x1f), rest),
            [0xd9, len, rest @ ..] => ((*len).into(), rest),
            [0xda, a, b, rest @ ..] => (u16::from_be_bytes([*a, *b]).into(), rest),
            [0xdb, a, b, c, d, rest @ ..] => (u32::from_be_bytes([*a, *b, *c, *d]) as usize, rest),
            _ => return Ok(None),
        };
        self.rest = rest;
        self.text(len).map(Some)
    }

    /// Bytes.
    #[inline]
    pub(crate) fn try_bytes(&mut self) -> Result<Option<&'de [u8]>, FormatError> {
        let (len, rest) = match self.rest {
            [0xc4, len, rest @ ..] => ((*len).into(), rest),
            [0xc5, a, b, rest @ ..] => (u16::from_be_bytes([*a, *b]).into(), rest),
            [0xc6, a, b, c, d, rest @ ..] => (u32::from_be_bytes([*a, *b, *c, *d]) as usize, rest),
            _ => return Ok(None),
        };
        self.rest = rest;
        self.take(len).map(Some)
    }

    /// An integer; not one of the extension type.
    #[inline]
    pub(crate) fn try_int(&mut self) -> Option<Int> {
        let (number, rest) = match self.rest {
            [marker @ 0x00..=0x7f, rest @ ..] => (Int::I64((*marker).into()), rest),
            [marker @ 0xe0..=0xff, rest @ ..] => (Int::I64((*marker as i8).into()), rest),
            [0xcc, a, rest @ ..] => (Int::I64((*a).into()), rest),
            [0xcd, a, b, rest @ ..] => (Int::I64(u16::from_be_bytes([*a, *b]).into()), rest),
            [0xce, a, b, c, d, rest @ ..] => (Int::I64(u32::from_be_bytes([*a, *b, *c, *d]).into()), rest),
            [0xd0, a, rest @ ..] => (Int::I64((*a as i8).into()), rest),
            [0xd1, a, b, rest @ ..] => (Int::I64(i16::from_be_bytes([*a, *b]).into()), rest),
            [0xd2, a, b, c, d, rest @ ..] => (Int::I64(i32::from_be_bytes([*a, *b, *c, *d]).into()), rest),
            [marker @ (0xcf | 0xd3), rest @ ..] => {
                let (bytes, rest) = rest.split_first_chunk()?;
                let number = if *marker == 0xcf {
                    u64::from_be_bytes(*bytes).into()
                } else {
                    Int::I64(i64::from_be_bytes(*bytes))
                };
                (number, rest)
            }
            _ => return None,
        };
        self.rest = rest;
        Some(number)
    }

    /// A float.
    #[inline]
    pub(crate) fn try_float(&mut self) -> Option<f64> {
        let (number, rest) = match self.rest {
            [0xcb, rest @ ..] => {
                let (bytes, rest) = rest.split_first_chunk()?;
                (f64::from_be_bytes(*bytes), rest)
            }
            [0xca, rest @ ..] => {
                let (bytes, rest) = rest.split_first_chunk()?;
                (f32::from_be_bytes(*bytes).into(), rest)
            }
            _ => return None,
        };
        self.rest = rest;
        Some(number)
    }
}
