//! Walking step by step: the methods for programs that enter the outer containers themselves.

use std::borrow::Cow;

use firesteel_value::FormatError;
use serde::Deserialize;

use super::Reader;
use crate::codes;

impl<'de> Reader<'de> {
    /// Enters the tuple or list that is the next value.
    ///
    /// # Errors
    /// `Type` if the next value is something else.
    #[inline]
    pub fn open_sequence(&mut self) -> Result<(), FormatError> {
        self.check_no_key()?;
        let back = self.jump_to_container()?;
        let count = match self.peek() {
            codes::SMALL_TUPLE => {
                self.advance();
                self.byte()?.into()
            }
            codes::TUPLE | codes::LIST => {
                self.advance();
                self.size()?
            }
            _ => return Err(self.wrong_type("a tuple or a list")),
        };
        self.open(Some(count), back)
    }

    /// Moves to the next element of the sequence that was entered last: true at an element, which must then be read
    /// or skipped; false behind the last one, which leaves the sequence.
    ///
    /// # Errors
    /// `Syntax` if no sequence was entered.
    #[inline]
    pub fn next_element(&mut self) -> Result<bool, FormatError> {
        self.step_sequence()
    }

    /// Enters the dict that is the next value.
    ///
    /// # Errors
    /// `Type` if the next value is something else.
    #[inline]
    pub fn open_dict(&mut self) -> Result<(), FormatError> {
        self.check_no_key()?;
        let back = self.jump_to_container()?;
        if self.peek() != codes::DICT {
            return Err(self.wrong_type("a dict"));
        }
        self.advance();
        self.open(None, back)
    }

    /// Moves to the next key of the dict that was entered last: true at a key, which must then be read with a method
    /// of this type, and after it the value; false behind the end, which leaves the dict.
    ///
    /// # Errors
    /// `Syntax` if no dict was entered.
    #[inline]
    pub fn next_entry(&mut self) -> Result<bool, FormatError> {
        self.step_dict()
    }

    /// Reads a str.
    ///
    /// # Errors
    /// `Type` if the next value is something else.
    #[inline]
    pub fn str(&mut self) -> Result<Cow<'de, str>, FormatError> {
        self.at_key = false;
        match self.text()? {
            Some(text) => Ok(text),
            None if matches!(self.peek(), codes::REF | codes::STRING_REF) => self.follow(Reader::str),
            None => Err(self.wrong_type("a str")),
        }
    }

    /// Reads any value.
    ///
    /// # Errors
    /// `Type` if the value does not fit the type, else what is wrong with the data.
    #[inline]
    pub fn value<T: Deserialize<'de>>(&mut self) -> Result<T, FormatError> {
        self.read(|reader| T::deserialize(&mut *reader).map_err(|error| error.or_offset(reader.offset())))
    }

    /// Skips any value. What is skipped must be a valid value too.
    ///
    /// # Errors
    /// What is wrong with the data.
    pub fn skip(&mut self) -> Result<(), FormatError> {
        self.read(Reader::skip_value)
    }

    /// Consumes the next value if it is `None`, and says whether it was.
    ///
    /// # Errors
    /// `UnexpectedEnd` if there is no value.
    #[inline]
    pub fn none(&mut self) -> Result<bool, FormatError> {
        match self.peek() {
            codes::NONE => {
                self.advance();
                self.at_key = false;
                Ok(true)
            }
            _ if self.rest.is_empty() => Err(self.cut()),
            _ => Ok(false),
        }
    }

    /// Reads one thing; if the cursor is at a key, as a key.
    #[inline]
    fn read<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, FormatError>) -> Result<T, FormatError> {
        if !std::mem::take(&mut self.at_key) {
            return read(self);
        }
        let before = self.begin_hashing();
        let result = read(self);
        self.end_hashing(before);
        result
    }

    #[inline]
    fn check_no_key(&self) -> Result<(), FormatError> {
        if self.at_key { Err(self.syntax("a key cannot be entered, only read")) } else { Ok(()) }
    }
}
