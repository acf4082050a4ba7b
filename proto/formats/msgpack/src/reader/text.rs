//! Strings.

use std::str::Utf8Error;

use firesteel_value::{FormatError, FormatErrorKind};

use super::Reader;

impl<'de> Reader<'de> {
    /// The text of a str, whose header was read.
    #[inline]
    pub(crate) fn text(&mut self, len: usize) -> Result<&'de str, FormatError> {
        let start = self.offset();
        let bytes = self.take(len)?;
        std::str::from_utf8(bytes).map_err(|error| not_text(bytes, start, error))
    }
}

#[cold]
fn not_text(bytes: &[u8], start: usize, error: Utf8Error) -> FormatError {
    let at = error.valid_up_to();
    let (kind, message) = match bytes[at..] {
        [0xed, 0xa0..=0xbf, 0x80..=0xbf, ..] => (FormatErrorKind::Surrogate, "a lone surrogate in a str"),
        _ => (FormatErrorKind::Utf8, "a str that is not UTF-8"),
    };
    FormatError::at(kind, start + at, message)
}
