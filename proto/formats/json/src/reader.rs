//! The reader: a cursor over the text.
//!
//! `Reader` itself knows where it stands and how many containers are open; the files below read one kind of thing each.
//! Where a value is expected, the cursor stands behind any white space.

mod cursor;
mod number;
mod skip;
mod string;

use std::borrow::Cow;

use firesteel_value::{FormatError, FormatErrorKind, Limits};

pub(crate) use number::{Literal, Number, Quick};

/// A cursor over a text in JSON.
///
/// It reads a text from front to back, value by value: as a serde deserializer (`T::deserialize(&mut reader)`), or
/// step by step through the outer containers, where a program decides between two values what to do next:
///
/// ```
/// use firesteel_json::Reader;
/// use firesteel_value::Limits;
///
/// let mut reader = Reader::new(br#"{"method": "add", "params": [1, 2]}"#, Limits::default()).unwrap();
/// reader.open_dict().unwrap();
/// assert!(reader.next_entry().unwrap());
/// assert_eq!(reader.str().unwrap(), "method");
/// assert_eq!(reader.str().unwrap(), "add");
/// // .. look up the method, keep the reader, and later:
/// assert!(reader.next_entry().unwrap());
/// reader.skip().unwrap();
/// let (a, b): (i64, i64) = reader.value().unwrap();
/// assert_eq!(a + b, 3);
/// assert!(!reader.next_entry().unwrap());
/// reader.end().unwrap();
/// ```
///
/// A clone is cheap and stands at the same place. After an error the cursor stands somewhere; nothing panics, but what
/// it reads then means nothing.
#[derive(Clone, Debug)]
pub struct Reader<'de> {
    text: &'de str,
    pos: usize,
    /// How many containers are open.
    depth: usize,
    max_depth: usize,
    /// How far the innermost container is read that was entered step by step; those around it are inside.
    progress: Progress,
    /// The cursor stands at a key of that container.
    at_key: bool,
}

/// How far a container is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Behind the opening bracket.
    #[default]
    Start,
    /// At or behind an element.
    Inside,
    /// Behind the closing bracket.
    Done,
}

impl<'de> Reader<'de> {
    /// A reader positioned at the value.
    ///
    /// # Errors
    /// `Size` over the limit, `Utf8`, `Syntax` for a byte order mark.
    #[inline]
    pub fn new(text: &'de [u8], limits: Limits) -> Result<Reader<'de>, FormatError> {
        limits.check_size(text)?;
        let text = std::str::from_utf8(text).map_err(not_utf8)?;
        let mut reader =
            Reader { text, pos: 0, depth: 0, max_depth: limits.max_depth, progress: Progress::Start, at_key: false };
        reader.skip_rare_space();
        if reader.peek() == Some(BYTE_ORDER_MARK) && text.starts_with('\u{feff}') {
            return Err(reader.syntax("unexpected byte order mark: JSON is UTF-8 without one"));
        }
        Ok(reader)
    }

    /// The byte offset of the cursor.
    pub fn offset(&self) -> usize {
        self.pos
    }

    #[inline(always)]
    fn bytes(&self) -> &'de [u8] {
        self.text.as_bytes()
    }

    #[inline(always)]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes().get(self.pos).copied()
    }

    /// Moves behind white space where Python writes one blank.
    #[inline(always)]
    pub(crate) fn skip_space(&mut self) {
        if self.peek() == Some(b' ') {
            self.pos += 1;
        }
        self.skip_rare_space();
    }

    /// Moves behind white space where Python writes none.
    #[inline(always)]
    pub(crate) fn skip_rare_space(&mut self) {
        if self.peek().is_some_and(|byte| byte <= b' ') {
            self.skip_more_space();
        }
    }

    #[inline(never)]
    fn skip_more_space(&mut self) {
        let rest = &self.bytes()[self.pos..];
        let space = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
        self.pos += rest.iter().position(|byte| !space(byte)).unwrap_or(rest.len());
    }

    /// Consumes an opening bracket.
    #[inline]
    pub(crate) fn enter(&mut self) -> Result<(), FormatError> {
        if self.depth >= self.max_depth {
            return Err(FormatError::too_deep(self.max_depth).or_offset(self.offset()));
        }
        self.depth += 1;
        self.pos += 1;
        Ok(())
    }

    /// Moves on to the next element of a container; false behind its closing bracket.
    #[inline(always)]
    pub(crate) fn next_in(&mut self, close: u8, progress: &mut Progress) -> Result<bool, FormatError> {
        self.skip_rare_space();
        match (*progress, self.peek()) {
            (Progress::Inside, Some(b',')) => {
                self.pos += 1;
                self.skip_space();
                Ok(true)
            }
            (Progress::Done, _) => Ok(false),
            (_, Some(byte)) if byte == close => {
                *progress = Progress::Done;
                self.pos += 1;
                self.depth -= 1;
                Ok(false)
            }
            (Progress::Start, Some(_)) => {
                *progress = Progress::Inside;
                Ok(true)
            }
            _ => Err(self.expected_comma(close)),
        }
    }

    /// Consumes the closing bracket, if that was not done; there must be no further element.
    #[inline]
    pub(crate) fn finish(&mut self, close: u8, progress: &mut Progress) -> Result<(), FormatError> {
        if *progress == Progress::Done {
            return Ok(());
        }
        self.skip_rare_space();
        if self.peek() != Some(close) {
            return Err(self.expected_close(close, *progress));
        }
        *progress = Progress::Done;
        self.pos += 1;
        self.depth -= 1;
        Ok(())
    }

    /// A key of a dict, which is always a string.
    #[inline]
    pub(crate) fn key(&mut self) -> Result<Cow<'de, str>, FormatError> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a key in double quotes"));
        }
        self.string()
    }

    /// The colon between a key and its value.
    #[inline]
    pub(crate) fn colon(&mut self) -> Result<(), FormatError> {
        self.skip_rare_space();
        if self.peek() != Some(b':') {
            return Err(self.unexpected("a colon"));
        }
        self.pos += 1;
        self.skip_space();
        Ok(())
    }

    /// An error about the byte at the cursor.
    #[cold]
    pub(crate) fn unexpected(&self, expected: &str) -> FormatError {
        match self.text.get(self.pos..).and_then(|rest| rest.chars().next()) {
            None => {
                let message = format!("the text ends where {expected} is expected");
                FormatError::at(FormatErrorKind::UnexpectedEnd, self.pos, message)
            }
            Some(found) => self.syntax(format!("expected {expected}, found {found:?}")),
        }
    }

    /// An error about a value that is of another type, or is none.
    #[cold]
    pub(crate) fn wrong_type(&self, expected: &str) -> FormatError {
        let found = match self.peek() {
            Some(b'"') => "a str",
            Some(b'[') => "a list",
            Some(b'{') => "a dict",
            Some(b'0'..=b'9' | b'-' | b'N' | b'I') => "a number",
            Some(b'n') => "null",
            Some(b't' | b'f') => "a bool",
            _ => return self.unexpected(expected),
        };
        FormatError::at(FormatErrorKind::Type, self.pos, format!("expected {expected}, found {found}"))
    }

    #[cold]
    pub(crate) fn syntax(&self, message: impl Into<Cow<'static, str>>) -> FormatError {
        FormatError::at(FormatErrorKind::Syntax, self.pos, message)
    }

    #[cold]
    fn expected_comma(&self, close: u8) -> FormatError {
        self.unexpected(if close == b']' { "a comma or ']'" } else { "a comma or '}'" })
    }

    #[cold]
    fn expected_close(&self, close: u8, progress: Progress) -> FormatError {
        match (self.peek(), progress) {
            (Some(b','), Progress::Inside)
            | (Some(b'"' | b'[' | b'{' | b'0'..=b'9' | b'-' | b'A'..=b'z'), Progress::Start) => {
                FormatError::at(FormatErrorKind::Type, self.pos, "more elements than expected")
            }
            _ => self.expected_comma(close),
        }
    }
}

/// The first byte of a byte order mark.
const BYTE_ORDER_MARK: u8 = 0xef;

#[cold]
fn not_utf8(error: std::str::Utf8Error) -> FormatError {
    FormatError::at(FormatErrorKind::Utf8, error.valid_up_to(), "invalid utf-8")
}
