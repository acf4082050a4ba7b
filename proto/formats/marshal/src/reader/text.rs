//! Strings and bytes.

use std::borrow::Cow;

use firesteel_value::{FormatError, FormatErrorKind};

use super::Reader;
use crate::codes;

/// Whether a str stands behind a code, references aside.
pub(super) fn is_text(code: u8) -> bool {
    matches!(
        code,
        codes::SHORT_ASCII
            | codes::SHORT_ASCII_INTERNED
            | codes::ASCII
            | codes::ASCII_INTERNED
            | codes::UNICODE
            | codes::INTERNED
    )
}

impl<'de> Reader<'de> {
    /// The next value if it is a str; else nothing is consumed.
    #[inline(always)]
    pub(crate) fn text(&mut self) -> Result<Option<Cow<'de, str>>, FormatError> {
        match self.peek() {
            codes::SHORT_ASCII | codes::SHORT_ASCII_INTERNED => {
                self.advance();
                self.short_ascii().map(Some)
            }
            codes::UNICODE | codes::INTERNED => {
                self.advance();
                Ok(Some(Cow::Borrowed(self.unicode()?)))
            }
            codes::ASCII | codes::ASCII_INTERNED => {
                self.advance();
                self.ascii().map(Some)
            }
            _ => Ok(None),
        }
    }

    pub(crate) fn at_text(&self) -> bool {
        is_text(self.peek())
    }

    /// Behind the code: a str of ASCII with a length in one byte.
    #[inline(always)]
    pub(crate) fn short_ascii(&mut self) -> Result<Cow<'de, str>, FormatError> {
        let len = self.byte()?;
        let bytes = self.take(len.into())?;
        Ok(from_latin1(bytes))
    }

    /// Behind the code: a str of ASCII with a length in four bytes.
    pub(crate) fn ascii(&mut self) -> Result<Cow<'de, str>, FormatError> {
        let len = self.size()?;
        let bytes = self.take(len)?;
        Ok(from_latin1(bytes))
    }

    /// Behind the code: any str.
    #[inline]
    pub(crate) fn unicode(&mut self) -> Result<&'de str, FormatError> {
        let bytes = self.bytes()?;
        std::str::from_utf8(bytes).map_err(|error| {
            let valid = error.valid_up_to();
            let offset = self.offset() - bytes.len() + valid;
            match bytes[valid..] {
                // Python writes surrogates like other characters (surrogatepass).
                [0xed, 0xa0..=0xbf, 0x80..=0xbf, ..] => {
                    FormatError::at(FormatErrorKind::Surrogate, offset, "a lone surrogate in a str")
                }
                _ => FormatError::at(FormatErrorKind::Utf8, offset, "invalid utf-8"),
            }
        })
    }

    /// Behind the code: bytes, their length in four bytes.
    #[inline]
    pub(crate) fn bytes(&mut self) -> Result<&'de [u8], FormatError> {
        let len = self.size()?;
        self.take(len)
    }
}

/// Python does not check that it is ASCII: other bytes are Latin-1.
#[inline(always)]
fn from_latin1(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Cow::Borrowed(text),
        _ => Cow::Owned(widened(bytes)),
    }
}

#[cold]
fn widened(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}
