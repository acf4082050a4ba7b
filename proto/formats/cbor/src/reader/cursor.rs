//! Walking step by step: the methods for programs that enter the outer containers themselves.

use std::borrow::Cow;

use firesteel_value::{FormatError, FormatErrorKind};
use serde::{Deserialize, de::IgnoredAny};

use super::{Items, Reader};

/// A container that was entered step by step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    items: Items,
    dict: bool,
}

impl<'de> Reader<'de> {
    /// Enters the tuple or list that is the next value.
    ///
    /// # Errors
    /// `Type` if the next value is something else.
    #[inline]
    pub fn open_sequence(&mut self) -> Result<(), FormatError> {
        match self.array_head()? {
            Some(items) => self.open(Frame { items, dict: false }),
            None => Err(self.wrong_type("an array")),
        }
    }

    /// Moves to the next element of the sequence that was entered last: true at an element, which must then be read
    /// or skipped; false behind the last one, which leaves the sequence.
    ///
    /// # Errors
    /// `Syntax` if no sequence was entered, or what is wrong with the bytes.
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
        match self.map_head()? {
            Some(items) => self.open(Frame { items, dict: true }),
            None => Err(self.wrong_type("a map")),
        }
    }

    /// Moves to the next key of the dict that was entered last: true at a key, which must then be read with a method
    /// of this type, and after it the value; false behind the last pair, which leaves the dict.
    ///
    /// # Errors
    /// `Syntax` if no dict was entered, or what is wrong with the bytes.
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
        let text = self.any_text()?;
        self.at_key = false;
        Ok(text)
    }

    /// Reads any value.
    ///
    /// # Errors
    /// `Type` if the value does not fit the type, else what is wrong with the bytes.
    #[inline]
    pub fn value<T: Deserialize<'de>>(&mut self) -> Result<T, FormatError> {
        let key = std::mem::take(&mut self.at_key);
        let before = std::mem::replace(&mut self.hashing, key);
        let result = T::deserialize(&mut *self).map_err(|error| error.or_offset(self.offset()));
        self.hashing = before;
        result
    }

    /// Skips any value. What is skipped must be a valid value too.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn skip(&mut self) -> Result<(), FormatError> {
        self.value::<IgnoredAny>().map(drop)
    }

    /// Consumes the next value if it is `None`, and says whether it was.
    ///
    /// # Errors
    /// `UnexpectedEnd` if there is no value.
    #[inline]
    pub fn none(&mut self) -> Result<bool, FormatError> {
        if self.rest.is_empty() {
            return Err(self.unexpected_end());
        }
        let none = self.take_null();
        self.at_key &= !none;
        Ok(none)
    }

    /// Checks that everything was read.
    ///
    /// # Errors
    /// `Trailing` if something follows.
    #[inline]
    pub fn end(&self) -> Result<(), FormatError> {
        if !self.rest.is_empty() {
            let message = "something follows after the value";
            return Err(FormatError::at(FormatErrorKind::Trailing, self.offset(), message));
        }
        Ok(())
    }

    #[inline]
    fn open(&mut self, frame: Frame) -> Result<(), FormatError> {
        if self.at_key {
            return Err(self.syntax("a key cannot be entered, only read"));
        }
        self.enter()?;
        self.entered.push(frame);
        Ok(())
    }

    #[inline]
    fn step(&mut self, dict: bool) -> Result<bool, FormatError> {
        let Some(mut frame) = self.entered.last().copied() else {
            return Err(self.syntax("no container was entered"));
        };
        if frame.dict != dict {
            return Err(self.syntax("another kind of container was entered"));
        }
        if frame.items.next(self)? {
            if let Some(last) = self.entered.last_mut() {
                *last = frame;
            }
            self.at_key = dict;
            return Ok(true);
        }
        self.entered.pop();
        self.leave();
        Ok(false)
    }
}
