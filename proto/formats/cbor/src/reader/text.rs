//! Texts and bytes, in one piece or several.

use std::{borrow::Cow, str::Utf8Error};

use ciborium_ll::Header;
use firesteel_value::{FormatError, FormatErrorKind};

use super::Reader;

impl<'de> Reader<'de> {
    /// A text whose header was read.
    #[inline]
    pub(crate) fn text(&mut self, len: usize) -> Result<&'de str, FormatError> {
        let start = self.offset();
        let bytes = self.take(len)?;
        std::str::from_utf8(bytes).map_err(|error| not_text(bytes, start, error))
    }

    /// The pieces of a text without a length, whose header was read.
    #[cold]
    pub(crate) fn text_pieces(&mut self) -> Result<String, FormatError> {
        let mut text = String::new();
        loop {
            match self.head()? {
                Header::Text(Some(len)) => text.push_str(self.text(len)?),
                Header::Break => return Ok(text),
                _ => return Err(self.syntax("a text without a length needs texts as its pieces")),
            }
        }
    }

    /// The pieces of bytes without a length, whose header was read.
    #[cold]
    pub(crate) fn bytes_pieces(&mut self) -> Result<Vec<u8>, FormatError> {
        let mut bytes = Vec::new();
        loop {
            match self.head()? {
                Header::Bytes(Some(len)) => bytes.extend_from_slice(self.take(len)?),
                Header::Break => return Ok(bytes),
                _ => return Err(self.syntax("bytes without a length need bytes as their pieces")),
            }
        }
    }

    /// A text that a tag needs, or that a program asks for.
    #[inline]
    pub(crate) fn any_text(&mut self) -> Result<Cow<'de, str>, FormatError> {
        let start = self.rest;
        match self.head()? {
            Header::Text(Some(len)) => self.text(len).map(Cow::Borrowed),
            Header::Text(None) => self.text_pieces().map(Cow::Owned),
            _ => {
                self.rest = start;
                Err(self.wrong_type("a text"))
            }
        }
    }

    /// Bytes that a tag needs.
    pub(crate) fn bytes(&mut self) -> Result<Cow<'de, [u8]>, FormatError> {
        let start = self.rest;
        match self.head()? {
            Header::Bytes(Some(len)) => self.take(len).map(Cow::Borrowed),
            Header::Bytes(None) => self.bytes_pieces().map(Cow::Owned),
            _ => {
                self.rest = start;
                Err(self.wrong_type("bytes"))
            }
        }
    }
}

#[cold]
fn not_text(bytes: &[u8], start: usize, error: Utf8Error) -> FormatError {
    let at = error.valid_up_to();
    let (kind, message) = match bytes[at..] {
        [0xed, 0xa0..=0xbf, 0x80..=0xbf, ..] => (FormatErrorKind::Surrogate, "a lone surrogate in a text"),
        _ => (FormatErrorKind::Utf8, "a text that is not UTF-8"),
    };
    FormatError::at(kind, start + at, message)
}
