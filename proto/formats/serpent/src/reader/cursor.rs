//! Walking step by step: the methods for programs that enter the outer containers themselves.

use std::borrow::Cow;

use firesteel_value::{FormatError, FormatErrorKind};
use serde::Deserialize;

use super::{Reader, Text, is_delimiter};

/// A name that is a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    None,
    True,
    False,
    Ellipsis,
    EmptySet,
}

impl<'de> Reader<'de> {
    /// Enters the tuple or list that is the next value.
    ///
    /// A parenthesis is always taken for a tuple here: `([1, 2])` is no list.
    ///
    /// # Errors
    /// `Type` if the next value is something else.
    #[inline]
    pub fn open_sequence(&mut self) -> Result<(), FormatError> {
        self.skip_space()?;
        let close = match self.peek() {
            Some(b'(') => b')',
            Some(b'[') => b']',
            _ => return Err(self.wrong_type("a tuple or a list")),
        };
        self.open(close)
    }

    /// Moves to the next element of the sequence that was entered last: true at an element, which must then be read
    /// or skipped; false behind the closing bracket, which leaves the sequence.
    ///
    /// # Errors
    /// `Syntax` if there is neither.
    #[inline]
    pub fn next_element(&mut self) -> Result<bool, FormatError> {
        self.step(false)
    }

    /// Enters the dict that is the next value.
    ///
    /// # Errors
    /// `Type` if the next value is something else.
    #[inline]
    pub fn open_dict(&mut self) -> Result<(), FormatError> {
        self.skip_space()?;
        if self.peek() != Some(b'{') {
            return Err(self.wrong_type("a dict"));
        }
        self.open(b'}')
    }

    /// Moves to the next key of the dict that was entered last: true at a key, which must then be read with a method
    /// of this type, and after it the value; false behind the closing bracket, which leaves the dict.
    ///
    /// # Errors
    /// `Syntax` if there is neither.
    #[inline]
    pub fn next_entry(&mut self) -> Result<bool, FormatError> {
        self.step(true)
    }

    /// Reads a str.
    ///
    /// # Errors
    /// `Type` if the next value is something else.
    #[inline]
    pub fn str(&mut self) -> Result<Cow<'de, str>, FormatError> {
        if !self.at_key
            && let Some(text) = self.plain_string()
        {
            return Ok(Cow::Borrowed(text));
        }
        self.any_str()
    }

    fn any_str(&mut self) -> Result<Cow<'de, str>, FormatError> {
        self.read(|reader| {
            let groups = reader.open_groups()?;
            let start = reader.pos;
            if !reader.at_string() {
                return Err(reader.wrong_type("a str"));
            }
            let Text::Str(text) = reader.string()? else {
                return Err(FormatError::at(FormatErrorKind::Type, start, "expected a str, found bytes"));
            };
            reader.close_groups(groups)?;
            Ok(text)
        })
    }

    /// Reads any value.
    ///
    /// # Errors
    /// `Type` if the value does not fit the type, else what is wrong with the text.
    #[inline]
    pub fn value<T: Deserialize<'de>>(&mut self) -> Result<T, FormatError> {
        self.read(|reader| {
            reader.hopefully(|reader| T::deserialize(&mut *reader).map_err(|error| error.or_offset(reader.pos)))
        })
    }

    /// Skips any value. What is skipped must be a valid value too.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn skip(&mut self) -> Result<(), FormatError> {
        self.read(Reader::skip_value)
    }

    /// Consumes the next value if it is `None`, and says whether it was.
    ///
    /// # Errors
    /// `UnexpectedEnd` if there is no value.
    #[inline]
    pub fn none(&mut self) -> Result<bool, FormatError> {
        self.skip_space()?;
        match self.peek() {
            None => Err(self.unexpected("a value")),
            Some(b'N') if !self.at_key && self.plain_none() => Ok(true),
            Some(b'N') => self.skip().map(|()| true),
            Some(_) => Ok(false),
        }
    }

    /// Consumes `None`, if the end of a value follows at once; else nothing.
    #[inline]
    pub(crate) fn plain_none(&mut self) -> bool {
        match self.bytes().get(self.pos..) {
            Some([b'N', b'o', b'n', b'e', next, ..]) if is_delimiter(*next) => {}
            Some(b"None") => {}
            _ => return false,
        }
        self.pos += 4;
        true
    }

    /// A name that stands for a value: `None`, `True`, `False`, `...`, `set()`.
    pub(crate) fn name(&mut self) -> Result<Name, FormatError> {
        let bytes = self.bytes();
        let rest = &bytes[self.pos..];
        let known = [
            (&b"None"[..], Name::None),
            (b"True", Name::True),
            (b"False", Name::False),
            (b"...", Name::Ellipsis),
            (b"set", Name::EmptySet),
        ];
        for (text, name) in known {
            let ends = |rest: &[u8]| {
                name == Name::Ellipsis || !rest.get(text.len()).is_some_and(|byte| super::is_name_byte(*byte))
            };
            if rest.starts_with(text) && ends(rest) {
                if name == Name::EmptySet {
                    self.check_hashable("set")?;
                    self.pos += text.len();
                    self.skip_space()?;
                    if self.peek() != Some(b'(') {
                        return Err(self.unexpected("'('"));
                    }
                    self.enter()?;
                    self.leave(b')')?;
                } else {
                    self.pos += text.len();
                }
                return Ok(name);
            }
        }
        Err(self.unexpected("a value"))
    }

    #[cold]
    pub(crate) fn wrong_type(&self, expected: &str) -> FormatError {
        let found = match self.peek() {
            None => return self.unexpected(expected),
            Some(b'(') => "a parenthesis",
            Some(b'[') => "a list",
            Some(b'{') => "a dict or a set",
            Some(b'N') => "None",
            Some(b'T' | b'F') => "a bool",
            _ if self.at_number() => "a number",
            _ if self.at_string() => "a str or bytes",
            _ => return self.unexpected(expected),
        };
        let message = format!("expected {expected}, found {found}");
        FormatError::at(FormatErrorKind::Type, self.pos, message)
    }

    /// Reads one thing; if the cursor is at a key, as a key, and with the colon behind it.
    #[inline]
    fn read<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, FormatError>) -> Result<T, FormatError> {
        if !std::mem::take(&mut self.at_key) {
            return read(self);
        }
        let before = self.begin_hashing();
        let result = read(self);
        self.end_hashing(before);
        let key = result?;
        self.colon()?;
        Ok(key)
    }
}
