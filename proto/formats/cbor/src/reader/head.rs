//! Headers: what kind of item stands there, and its number or length.
//!
//! The methods that give an option consume what they are named after, and nothing if something else stands there; what
//! is cut off counts as something else, and `any` reports it.

use ciborium_ll::{Decoder, Header, simple};
use firesteel_value::{BigInt, FormatError, FormatErrorKind};

use super::Reader;

// Major types: the upper three bits of a header.
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;

/// The lower five bits of the header of what has no length.
const ENDLESS: u8 = 31;

/// An integer that is no big one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Int {
    Positive(u64),
    /// -1 minus this.
    Negative(u64),
}

/// The elements or pairs of a container that are still to come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Items {
    /// Of those without a length, any number but 0.
    left: usize,
    endless: bool,
}

impl Items {
    /// Whether one more stands there; false at the end, which is consumed.
    #[inline]
    pub(crate) fn next(&mut self, reader: &mut Reader<'_>) -> Result<bool, FormatError> {
        if self.endless && self.left != 0 && reader.take_break() {
            self.left = 0;
        }
        if self.left == 0 {
            return Ok(false);
        }
        self.left -= usize::from(!self.endless);
        Ok(true)
    }

    /// How many are still to come, if that is known.
    #[inline]
    pub(crate) fn known(&self) -> Option<usize> {
        if self.endless { None } else { Some(self.left) }
    }
}

impl<'de> Reader<'de> {
    /// The number of a header of one of the major types 0 to 6, in whatever form it has one.
    #[inline]
    fn number(&mut self) -> Option<u64> {
        let (first, rest) = self.rest.split_first()?;
        let (number, rest) = match first & 0x1f {
            number @ 0..24 => (number.into(), rest),
            24 => {
                let (number, rest) = rest.split_first()?;
                ((*number).into(), rest)
            }
            25 => {
                let (number, rest) = rest.split_first_chunk()?;
                (u16::from_be_bytes(*number).into(), rest)
            }
            26 => {
                let (number, rest) = rest.split_first_chunk()?;
                (u32::from_be_bytes(*number).into(), rest)
            }
            27 => {
                let (number, rest) = rest.split_first_chunk()?;
                (u64::from_be_bytes(*number), rest)
            }
            _ => return None,
        };
        self.rest = rest;
        Some(number)
    }

    /// That number, if the header is of one major type.
    #[inline]
    fn number_of(&mut self, major: u8) -> Option<u64> {
        if self.peek()? >> 5 == major { self.number() } else { None }
    }

    /// Such a number as a length. One that does not fit is too long for what follows anyway.
    #[inline]
    fn length_of(&mut self, major: u8) -> Option<usize> {
        self.number_of(major).map(length)
    }

    /// The next header.
    #[inline]
    pub(crate) fn head(&mut self) -> Result<Header, FormatError> {
        // The usual ones by hand, which is faster.
        let Some(first) = self.peek() else {
            return Err(self.unexpected_end());
        };
        if first < 0xe0
            && let Some(number) = self.number()
        {
            return Ok(match first >> 5 {
                0 => Header::Positive(number),
                1 => Header::Negative(number),
                2 => Header::Bytes(Some(length(number))),
                3 => Header::Text(Some(length(number))),
                4 => Header::Array(Some(length(number))),
                5 => Header::Map(Some(length(number))),
                _ => Header::Tag(number),
            });
        }
        match self.double() {
            Some(number) => Ok(Header::Float(number)),
            None => self.other_head(),
        }
    }

    /// A float of 64 bits.
    #[inline]
    fn double(&mut self) -> Option<f64> {
        let (bytes, rest) = self.rest.strip_prefix(&[0xfb])?.split_first_chunk()?;
        self.rest = rest;
        Some(f64::from_be_bytes(*bytes))
    }

    fn other_head(&mut self) -> Result<Header, FormatError> {
        let mut decoder = Decoder::from(self.rest);
        match decoder.pull() {
            Ok(header) => {
                if let (Header::Simple(0..32), [0xf8, ..]) = (header, self.rest) {
                    return Err(self.syntax("a simple value in a longer form than allowed"));
                }
                self.rest = &self.rest[decoder.offset()..];
                Ok(header)
            }
            Err(ciborium_ll::Error::Io(_)) => Err(self.unexpected_end()),
            Err(ciborium_ll::Error::Syntax(_)) => Err(self.syntax("no header of CBOR")),
        }
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

    #[inline]
    fn take_break(&mut self) -> bool {
        self.take_byte(0xff)
    }

    /// Consumes a null or an undefined.
    #[inline]
    pub(crate) fn take_null(&mut self) -> bool {
        const NULL: u8 = 0xe0 | simple::NULL;
        const UNDEFINED: u8 = 0xe0 | simple::UNDEFINED;
        self.take_byte(NULL) || self.take_byte(UNDEFINED)
    }

    #[inline]
    fn take_byte(&mut self, byte: u8) -> bool {
        match self.rest.split_first() {
            Some((first, rest)) if *first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Of how many items a container with a header of this length has; each takes at least `size` bytes.
    #[inline]
    pub(crate) fn items(&self, count: Option<usize>, size: usize) -> Result<Items, FormatError> {
        match count {
            Some(count) if count > self.rest.len() / size => Err(self.unexpected_end()),
            Some(left) => Ok(Items { left, endless: false }),
            None => Ok(Items { left: 1, endless: true }),
        }
    }

    /// The header of an array, with or without the tag of a tuple.
    #[inline]
    pub(crate) fn array_head(&mut self) -> Result<Option<Items>, FormatError> {
        let start = self.rest;
        self.skip_tags();
        if let Some(count) = self.length_of(ARRAY) {
            return self.items(Some(count), 1).map(Some);
        }
        if self.take_byte(ARRAY << 5 | ENDLESS) {
            return self.items(None, 1).map(Some);
        }
        self.rest = start;
        Ok(None)
    }

    /// Passes over the tag of a tuple.
    #[inline]
    fn skip_tags(&mut self) {
        const TUPLE: [u8; 5] = [0xda, 0x46, 0x53, 0, 0];
        if let Some(rest) = self.rest.strip_prefix(&TUPLE) {
            self.rest = rest;
        }
    }

    /// The header of a map.
    #[inline]
    pub(crate) fn map_head(&mut self) -> Result<Option<Items>, FormatError> {
        if let Some(count) = self.length_of(MAP) {
            return self.items(Some(count), 2).map(Some);
        }
        if self.take_byte(MAP << 5 | ENDLESS) {
            return self.items(None, 2).map(Some);
        }
        Ok(None)
    }

    /// The header of the map that is a variant with content, of which the key follows; `None` at the text that is one
    /// without.
    pub(crate) fn variant_head(&mut self) -> Result<Option<Items>, FormatError> {
        let start = self.rest;
        if let Some(mut items) = self.map_head()? {
            if items.next(self)? && items.known().is_none_or(|left| left == 0) {
                return Ok(Some(items));
            }
            self.rest = start;
        } else if self.peek().is_some_and(|first| first >> 5 == TEXT) {
            return Ok(None);
        }
        Err(self.wrong_type("the variant of an enum, a text or a map with one key"))
    }

    /// A text in one piece.
    #[inline]
    pub(crate) fn try_str(&mut self) -> Result<Option<&'de str>, FormatError> {
        match self.length_of(TEXT) {
            Some(len) => self.text(len).map(Some),
            None => Ok(None),
        }
    }

    /// Bytes in one piece.
    #[inline]
    pub(crate) fn try_bytes(&mut self) -> Result<Option<&'de [u8]>, FormatError> {
        match self.length_of(BYTES) {
            Some(len) => self.take(len).map(Some),
            None => Ok(None),
        }
    }

    /// An integer that is no big one.
    #[inline]
    pub(crate) fn try_int(&mut self) -> Option<Int> {
        match self.peek()? >> 5 {
            0 => self.number().map(Int::Positive),
            1 => self.number().map(Int::Negative),
            _ => None,
        }
    }

    /// A float.
    #[inline]
    pub(crate) fn try_float(&mut self) -> Result<Option<f64>, FormatError> {
        if let Some(number) = self.double() {
            return Ok(Some(number));
        }
        // Shorter ones.
        if !matches!(self.peek(), Some(0xf9 | 0xfa)) {
            return Ok(None);
        }
        match self.other_head()? {
            Header::Float(number) => Ok(Some(number)),
            _ => Ok(None),
        }
    }

    /// A big integer.
    pub(crate) fn try_big(&mut self) -> Result<Option<BigInt>, FormatError> {
        use crate::tags::{BIG, NEGATIVE_BIG};
        let start = self.rest;
        match self.number_of(TAG) {
            Some(tag @ (BIG | NEGATIVE_BIG)) => self.big(tag == NEGATIVE_BIG).map(Some),
            _ => {
                self.rest = start;
                Ok(None)
            }
        }
    }

    /// The bytes behind the tag of a big integer.
    pub(crate) fn big(&mut self, negative: bool) -> Result<BigInt, FormatError> {
        let bytes = self.bytes()?;
        let mut magnitude: Vec<u8> = bytes.iter().rev().copied().collect();
        if negative {
            // -1 minus the number: its magnitude is one more.
            magnitude.push(0);
            for byte in &mut magnitude {
                let carry;
                (*byte, carry) = byte.overflowing_add(1);
                if !carry {
                    break;
                }
            }
        }
        Ok(BigInt::from_magnitude_le(negative, &magnitude))
    }

    #[cold]
    pub(crate) fn simple(&self, number: u8) -> FormatError {
        FormatError::at(FormatErrorKind::Unsupported, self.offset(), format!("the simple value {number}"))
    }
}

#[inline]
fn length(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
