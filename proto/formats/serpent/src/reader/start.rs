//! Where a reader begins: limits, encoding, the first line.

use firesteel_value::{FormatError, FormatErrorKind, Limits};

use super::{Frame, NEAR, Progress, Reader, is_space};
use crate::HEADER;

/// Up to here a text is worth a look whether it is ASCII.
const SHORT: usize = 160;

impl<'de> Reader<'de> {
    /// A reader positioned at the value.
    ///
    /// # Errors
    /// `Size` over the limit, `Utf8`, `Syntax` for a zero byte or indentation, `UnexpectedEnd` if there is no value.
    #[inline]
    pub fn new(text: &'de [u8], limits: Limits) -> Result<Reader<'de>, FormatError> {
        let mut reader = Reader::at(text, 0, limits)?;
        if text.starts_with(HEADER) && text.get(HEADER.len()).is_some_and(|byte| !is_space(*byte)) {
            reader.pos = HEADER.len();
        } else {
            reader.start()?;
        }
        Ok(reader)
    }

    /// A reader inside of a tuple: at an element of it that begins at an offset, as if [`Reader::open_sequence`] and
    /// [`Reader::next_element`] had just led there.
    ///
    /// That is for a program that knows what begins the text, up to the comma or parenthesis before the offset. What
    /// follows is checked as always; what goes before it is not, or not all of it.
    ///
    /// ```
    /// use firesteel_serpent::Reader;
    /// use firesteel_value::Limits;
    ///
    /// let text = b"# serpent utf-8 python3.2\n('obj','add',(1,2),{})";
    /// let mut reader = Reader::within(text, 39, Limits::default()).unwrap();
    /// assert_eq!(reader.value::<(i64, i64)>().unwrap(), (1, 2));
    /// assert!(reader.next_element().unwrap());
    /// reader.skip().unwrap();
    /// assert!(!reader.next_element().unwrap());
    /// reader.end().unwrap();
    /// ```
    ///
    /// # Errors
    /// `Size` and `Depth` over the limits, `Utf8`, `Syntax` for a zero byte, `UnexpectedEnd` if the offset is not in
    /// the text.
    #[inline]
    pub fn within(text: &'de [u8], offset: usize, limits: Limits) -> Result<Reader<'de>, FormatError> {
        let mut reader = Reader::at(text, offset, limits)?;
        if limits.max_depth == 0 {
            return Err(FormatError::too_deep(limits.max_depth).or_offset(reader.pos));
        }
        reader.depth = 1;
        // Only behind a comma the parenthesis cannot be one around a single value.
        let comma = text[..offset].trim_ascii_end().ends_with(b",");
        reader.inner = Frame { close: b')', progress: Progress { started: true, comma } };
        Ok(reader)
    }

    /// A reader at an offset, from which on the text is checked.
    #[inline]
    fn at(text: &'de [u8], pos: usize, limits: Limits) -> Result<Reader<'de>, FormatError> {
        let Some(rest) = text.get(pos..).filter(|_| text.len() <= limits.max_size) else {
            return Err(misfit(text, limits));
        };
        let str = if rest.len() <= SHORT && is_ascii_without_zero(rest) { None } else { Some(checked(text)?) };
        Ok(Reader {
            text,
            str,
            pos,
            depth: 0,
            max_depth: limits.max_depth,
            hashing: false,
            bare: false,
            hopeful: false,
            at_key: false,
            inner: Frame::NONE,
            outer: 0,
            near: [Frame::NONE; NEAR],
            spare: None,
        })
    }

    /// A part of the text between ASCII characters.
    #[inline]
    pub(super) fn slice(&self, start: usize, end: usize) -> Option<&'de str> {
        match self.str {
            Some(text) => text.get(start..end),
            None => std::str::from_utf8(self.text.get(start..end)?).ok(),
        }
    }

    /// The same where it cannot be anything else than text.
    pub(super) fn checked_slice(&self, start: usize, end: usize) -> Result<&'de str, FormatError> {
        self.slice(start, end).ok_or_else(|| self.syntax("invalid utf-8"))
    }
}

#[cold]
fn misfit(text: &[u8], limits: Limits) -> FormatError {
    let cut = || FormatError::at(FormatErrorKind::UnexpectedEnd, text.len(), "the text ends before the element");
    limits.check_size(text).err().unwrap_or_else(cut)
}

#[inline(never)]
fn checked(text: &[u8]) -> Result<&str, FormatError> {
    if let Some(zero) = memchr::memchr(0, text) {
        return Err(FormatError::at(FormatErrorKind::Syntax, zero, "zero byte"));
    }
    std::str::from_utf8(text)
        .map_err(|error| FormatError::at(FormatErrorKind::Utf8, error.valid_up_to(), "invalid utf-8"))
}

#[inline]
fn is_ascii_without_zero(bytes: &[u8]) -> bool {
    let odd = |byte: u8| byte.wrapping_sub(1) >= 0x7f;
    let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) else {
        return !bytes.iter().any(|byte| odd(*byte));
    };
    // All of some bytes at a time is less work than to stop at the first.
    let any_odd = |bytes: &[u8]| bytes.iter().fold(false, |any, byte| any | odd(*byte));
    let Some(last16) = bytes.last_chunk::<16>() else {
        return !(any_odd(first) | any_odd(last));
    };
    !(bytes.as_chunks::<16>().0.iter().any(|chunk| any_odd(chunk)) || any_odd(last16))
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_byte_is_judged_at_every_place() {
        for byte in 0..=255_u8 {
            for len in 1..40 {
                for place in 0..len {
                    let mut bytes = vec![1 + (place % 127) as u8; len];
                    bytes[place] = byte;
                    assert_eq!(super::is_ascii_without_zero(&bytes), (1..0x80).contains(&byte), "{byte} {place} {len}");
                }
            }
        }
    }
}
