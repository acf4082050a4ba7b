//! Headers: what kind of item stands there, and its number or length.
//!
//! The methods that give an option consume what they are named after, and nothing if something else stands there; what
//! is cut off counts as something else, and `any` reports it.

use ciborium_ll::{Decoder, Header, simple};
use firesteel_value::{BigInt, FormatError, FormatErrorKind};

use super::Reader;

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
    /// The next header.
    #[inline]
    pub(crate) fn head(&mut self) -> Result<Header, FormatError> {
        // The usual ones take one byte.
        if let [first, rest @ ..] = self.rest
            && first & 0x1f < 24
        {
            self.rest = rest;
            let number = usize::from(first & 0x1f);
            return Ok(match first >> 5 {
                0 => Header::Positive(number as u64),
                1 => Header::Negative(number as u64),
                2 => Header::Bytes(Some(number)),
                3 => Header::Text(Some(number)),
                4 => Header::Array(Some(number)),
                5 => Header::Map(Some(number)),
                6 => Header::Tag(number as u64),
                _ => Header::Simple(number as u8),
            });
        }
        self.long_head()
    }

    #[inline]
    fn long_head(&mut self) -> Result<Header, FormatError> {
        if let [0xfb, rest @ ..] = self.rest
            && let Some((bytes, rest)) = rest.split_first_chunk()
        {
            self.rest = rest;
            return Ok(Header::Float(f64::from_be_bytes(*bytes)));
        }
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

    /// Consumes a header if it is the right one.
    #[inline]
    fn head_if<T>(&mut self, pick: impl FnOnce(Header) -> Option<T>) -> Result<Option<T>, FormatError> {
        let start = self.rest;
        let picked = pick(self.head()?);
        if picked.is_none() {
            self.rest = start;
        }
        Ok(picked)
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
        match self.head_if(|header| if let Header::Array(count) = header { Some(count) } else { None })? {
            Some(count) => self.items(count, 1).map(Some),
            None => {
                self.rest = start;
                Ok(None)
            }
        }
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
        match self.head_if(|header| if let Header::Map(count) = header { Some(count) } else { None })? {
            Some(count) => self.items(count, 2).map(Some),
            None => Ok(None),
        }
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
        } else if self.peek().is_some_and(|first| first >> 5 == 3) {
            return Ok(None);
        }
        Err(self.wrong_type("the variant of an enum, a text or a map with one key"))
    }

    /// A text in one piece.
    #[inline]
    pub(crate) fn try_str(&mut self) -> Result<Option<&'de str>, FormatError> {
        match self.head_if(|header| if let Header::Text(len) = header { len } else { None })? {
            Some(len) => self.text(len).map(Some),
            None => Ok(None),
        }
    }

    /// Bytes in one piece.
    #[inline]
    pub(crate) fn try_bytes(&mut self) -> Result<Option<&'de [u8]>, FormatError> {
        match self.head_if(|header| if let Header::Bytes(len) = header { len } else { None })? {
            Some(len) => self.take(len).map(Some),
            None => Ok(None),
        }
    }

    /// An integer that is no big one.
    #[inline]
    pub(crate) fn try_int(&mut self) -> Result<Option<Int>, FormatError> {
        self.head_if(|header| match header {
            Header::Positive(number) => Some(Int::Positive(number)),
            Header::Negative(number) => Some(Int::Negative(number)),
            _ => None,
        })
    }

    /// A float.
    #[inline]
    pub(crate) fn try_float(&mut self) -> Result<Option<f64>, FormatError> {
        self.head_if(|header| if let Header::Float(number) = header { Some(number) } else { None })
    }

    /// A big integer.
    pub(crate) fn try_big(&mut self) -> Result<Option<BigInt>, FormatError> {
        use crate::tags::{BIG, NEGATIVE_BIG};
        let tag = self.head_if(|header| match header {
            Header::Tag(tag @ (BIG | NEGATIVE_BIG)) => Some(tag),
            _ => None,
        })?;
        tag.map(|tag| self.big(tag == NEGATIVE_BIG)).transpose()
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
