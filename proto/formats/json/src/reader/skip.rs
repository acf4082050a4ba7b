//! Skipping a value: everything is checked as if it were read, and nothing is kept.

use firesteel_value::{BigInt, FormatError, MAX_DIGITS, Radix};

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

    /// Skips a value of which only strings and brackets are looked at. If what is skipped is a value, this ends where the
    /// value ends; whether it is one turns out when it is read.
    pub(crate) fn skip_roughly(&mut self) -> Result<(), FormatError> {
        let outside = self.depth;
        loop {
            match self.peek() {
                Some(b'"') => self.skip_string()?,
                // Deeper nesting than is allowed is refused when it is read.
                Some(b'[' | b'{') => {
                    self.depth += 1;
                    self.pos += 1;
                }
                Some(b']' | b'}') if self.depth > outside => {
                    self.depth -= 1;
                    self.pos += 1;
                }
                _ if self.depth == outside => return self.skip_value(),
                Some(_) => self.pos += 1,
                None => return Err(self.unexpected("a closing bracket")),
            }
            if self.depth == outside {
                return Ok(());
            }
            self.pos += rough_len(&self.bytes()[self.pos..]);
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
                BigInt::from_digits(false, digits.as_bytes(), Radix::Decimal)
                    .map_err(|error| error.or_offset(start))?;
            }
        }
        Ok(())
    }
}

/// How much of a text comes before something that could be a quote or a bracket.
#[inline]
fn rough_len(text: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mut len = 0;
    for word in text.as_chunks().0 {
        let word = u64::from_le_bytes(*word);
        // These bits make all brackets one byte, which some letters become as well.
        let brackets = ((word | (ONES * 0x26)) ^ (ONES * 0x7f)).wrapping_sub(ONES);
        let quotes = (word ^ (ONES * 0x22)).wrapping_sub(ONES);
        let marks = (brackets | quotes) & !word & (ONES * 0x80);
        if marks != 0 {
            return len + marks.trailing_zeros() as usize / 8;
        }
        len += 8;
    }
    let rest = &text[len..];
    len + rest.iter().position(|byte| matches!(byte, b'"' | b'[' | b']' | b'{' | b'}')).unwrap_or(rest.len())
}
