//! Walking step by step: the methods for programs that enter the outer containers themselves.

use std::borrow::Cow;

use firesteel_value::{FormatError, FormatErrorKind};
use serde::Deserialize;

use super::{Progress, Reader};
use crate::de::Key;

impl<'de> Reader<'de> {
    /// Enters the list that is the next value.
    ///
    /// # Errors
    /// `Type` if the next value is something else.
    #[inline]
    pub fn open_sequence(&mut self) -> Result<(), FormatError> {
        self.open(b'[', "a list")
    }

    /// Moves to the next element of the list that was entered last: true at an element, which must then be read or
    /// skipped; false behind the closing bracket, which leaves the list.
    ///
    /// # Errors
    /// `Syntax` if there is neither.
    #[inline]
    pub fn next_element(&mut self) -> Result<bool, FormatError> {
        self.step(b']')
    }

    /// Enters the dict that is the next value.
    ///
    /// # Errors
    /// `Type` if the next value is something else.
    #[inline]
    pub fn open_dict(&mut self) -> Result<(), FormatError> {
        self.open(b'{', "a dict")
    }

    /// Moves to the next key of the dict that was entered last: true at a key, which must then be read with a method
    /// of this type, and after it the value; false behind the closing bracket, which leaves the dict.
    ///
    /// # Errors
    /// `Syntax` if there is neither.
    #[inline]
    pub fn next_entry(&mut self) -> Result<bool, FormatError> {
        self.at_key = self.step(b'}')?;
        Ok(self.at_key)
    }

    /// Reads a str.
    ///
    /// # Errors
    /// `Type` if the next value is something else.
    #[inline]
    pub fn str(&mut self) -> Result<Cow<'de, str>, FormatError> {
        if std::mem::take(&mut self.at_key) {
            let key = self.key()?;
            self.colon()?;
            return Ok(key);
        }
        if self.peek() != Some(b'"') {
            return Err(self.wrong_type("a str"));
        }
        self.string()
    }

    /// Reads any value.
    ///
    /// # Errors
    /// `Type` if the value does not fit the type, else what is wrong with the text.
    #[inline]
    pub fn value<T: Deserialize<'de>>(&mut self) -> Result<T, FormatError> {
        if std::mem::take(&mut self.at_key) {
            let key = T::deserialize(Key(self)).map_err(|error| error.or_offset(self.pos))?;
            self.colon()?;
            return Ok(key);
        }
        T::deserialize(&mut *self).map_err(|error| error.or_offset(self.pos))
    }

    /// Skips any value. What is skipped must be a valid value too.
    ///
    /// # Errors
    /// What is wrong with the text.
    #[inline]
    pub fn skip(&mut self) -> Result<(), FormatError> {
        if self.at_key {
            return self.str().map(drop);
        }
        self.skip_value()
    }

    /// Consumes the next value if it is null, and says whether it was. A key never is.
    ///
    /// # Errors
    /// `UnexpectedEnd` if there is no value.
    #[inline]
    pub fn none(&mut self) -> Result<bool, FormatError> {
        match self.peek() {
            Some(b'n') if !self.at_key => self.literal().map(|_| true),
            Some(_) => Ok(false),
            None => Err(self.unexpected("a value")),
        }
    }

    /// Checks that nothing but white space follows.
    ///
    /// # Errors
    /// `Trailing` if something does, `UnexpectedEnd` inside of a container that was entered.
    #[inline]
    pub fn end(&mut self) -> Result<(), FormatError> {
        self.skip_rare_space();
        if self.pos < self.text.len() {
            return Err(FormatError::at(FormatErrorKind::Trailing, self.pos, "something follows after the value"));
        }
        if self.depth > 0 {
            return Err(self.unexpected("a closing bracket"));
        }
        Ok(())
    }

    #[inline]
    fn open(&mut self, bracket: u8, expected: &str) -> Result<(), FormatError> {
        if self.at_key {
            return Err(self.syntax("a key cannot be entered, only read"));
        }
        if self.peek() != Some(bracket) {
            return Err(self.wrong_type(expected));
        }
        self.enter()?;
        self.progress = Progress::Start;
        Ok(())
    }

    /// Moves on in the innermost container; false behind its end.
    #[inline(always)]
    fn step(&mut self, close: u8) -> Result<bool, FormatError> {
        if self.depth == 0 {
            return Err(self.syntax("no container was entered"));
        }
        let mut progress = self.progress;
        let more = self.next_in(close, &mut progress)?;
        self.progress = Progress::Inside;
        Ok(more)
    }
}
