//! Skipping a value: everything is checked as if it were read, and nothing is kept.

use firesteel_value::{BigInt, FormatError, MAX_DIGITS};

use super::{Progress, Reader, number::Form};

impl Reader<'_> {
    /// Skips any value.
    pub(crate) fn skip_value(&mut self) -> Result<(), FormatError> {
        match self.peek() {
            Some(b'"') => self.skip_string(),
            Some(b'0'..=b'9' | b'-') => self.skip_number(),
            Some(b'[') => {
                self.enter()?;
                let mut progress = Progress::default();
                while self.next_in(b']', &mut progress)? {
                    self.skip_value()?;
                }
                Ok(())
            }
            Some(b'{') => {
                self.enter()?;
                let mut progress = Progress::default();
                while self.next_in(b'}', &mut progress)? {
                    self.skip_key()?;
                    self.colon()?;
                    self.skip_value()?;
                }
                Ok(())
            }
            _ => self.literal().map(drop),
        }
    }

    fn skip_key(&mut self) -> Result<(), FormatError> {
        if self.peek() != Some(b'"') {
            return self.key().map(drop);
        }
        self.skip_string()
    }

    fn skip_number(&mut self) -> Result<(), FormatError> {
        let start = self.pos;
        if self.scan_number()? == Form::Int && self.pos - start > MAX_DIGITS {
            let text = &self.text[start..self.pos];
            let digits = text.strip_prefix('-').unwrap_or(text);
            if digits.len() > MAX_DIGITS {
                // Only for its error.
                BigInt::from_digits(false, digits.as_bytes(), 10).map_err(|error| error.or_offset(start))?;
            }
        }
        Ok(())
    }
}
