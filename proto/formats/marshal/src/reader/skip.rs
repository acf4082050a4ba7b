//! Skipping a value: everything is checked as if it were read, but what references lead to is not read again.

use firesteel_value::FormatError;

use super::Reader;
use crate::codes;

impl Reader<'_> {
    /// Skips any value.
    pub(crate) fn skip_value(&mut self) -> Result<(), FormatError> {
        match self.peek() {
            // Whatever the bytes are, they are a str.
            codes::SHORT_ASCII | codes::SHORT_ASCII_INTERNED => {
                self.advance();
                let len = self.byte()?;
                self.take(len.into())?;
            }
            codes::INT => {
                self.advance();
                self.int_value()?;
            }
            codes::FLOAT => {
                self.advance();
                self.float_value()?;
            }
            codes::NONE | codes::TRUE | codes::FALSE | codes::ELLIPSIS => self.advance(),
            codes::UNICODE | codes::INTERNED => {
                self.advance();
                self.unicode()?;
            }
            codes::BYTES | codes::ASCII | codes::ASCII_INTERNED => {
                self.advance();
                self.bytes()?;
            }
            codes::SMALL_TUPLE => {
                self.advance();
                let count = self.byte()?.into();
                self.skip_elements(count)?;
            }
            codes::TUPLE => self.skip_sized()?,
            codes::LIST => {
                self.check_hashable("list")?;
                self.skip_sized()?;
            }
            code @ (codes::SET | codes::FROZENSET) => {
                if code == codes::SET {
                    self.check_hashable("set")?;
                }
                let before = self.begin_hashing();
                self.skip_sized()?;
                self.end_hashing(before);
            }
            codes::DICT => {
                self.check_hashable("dict")?;
                self.advance();
                self.skip_pairs()?;
            }
            codes::REF | codes::STRING_REF => self.skip_reference()?,
            _ => {
                if self.number()?.is_none() {
                    return Err(self.no_value());
                }
            }
        }
        Ok(())
    }

    fn skip_sized(&mut self) -> Result<(), FormatError> {
        self.advance();
        let count = self.size()?;
        self.skip_elements(count)
    }

    fn skip_elements(&mut self, count: usize) -> Result<(), FormatError> {
        for _ in 0..self.enter(count)? {
            self.skip_value()?;
        }
        self.leave();
        Ok(())
    }

    fn skip_pairs(&mut self) -> Result<(), FormatError> {
        self.enter(0)?;
        while self.peek() != codes::NULL {
            let before = self.begin_hashing();
            self.skip_value()?;
            self.end_hashing(before);
            self.skip_value()?;
        }
        self.advance();
        self.leave();
        Ok(())
    }
}
