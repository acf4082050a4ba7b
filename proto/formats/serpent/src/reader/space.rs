//! Blanks, comments, line ends and indentation, as Python's tokenizer treats them.

use firesteel_value::{FormatError, FormatErrorKind};

use super::{Reader, is_space};

impl Reader<'_> {
    /// Skips what may stand between two tokens. Outside of brackets it stops at the end of the line.
    #[inline(always)]
    pub(crate) fn skip_space(&mut self) -> Result<(), FormatError> {
        match self.peek() {
            Some(byte) if is_space(byte) => self.skip_some_space(),
            _ => Ok(()),
        }
    }

    fn skip_some_space(&mut self) -> Result<(), FormatError> {
        // One blank is what people and repr write.
        if self.peek() == Some(b' ') && !self.peek_at(1).is_some_and(is_space) {
            self.pos += 1;
            return Ok(());
        }
        self.skip_much_space()
    }

    fn skip_much_space(&mut self) -> Result<(), FormatError> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\x0c') => self.pos += 1,
                Some(b'\n' | b'\r') if self.depth > 0 => self.pos += 1,
                Some(b'#') => self.skip_comment(),
                Some(b'\\') => self.continuation()?,
                _ => return Ok(()),
            }
        }
    }

    /// Goes to the start of the text, behind what `ast.literal_eval` strips, empty lines and comments.
    pub(super) fn start(&mut self) -> Result<(), FormatError> {
        while let Some(b' ' | b'\t') = self.peek() {
            self.pos += 1;
        }
        if self.line_starts()? {
            return Ok(());
        }
        Err(FormatError::at(FormatErrorKind::UnexpectedEnd, self.pos, "the text holds no value"))
    }

    /// Checks that nothing but empty lines and comments follows.
    ///
    /// # Errors
    /// `Trailing` if something follows, `Syntax` for indentation.
    #[inline]
    pub fn end(&mut self) -> Result<(), FormatError> {
        if self.depth > 0 {
            return Err(self.unexpected("a closing bracket"));
        }
        if self.pos == self.text.len() {
            return Ok(());
        }
        self.end_with_space()
    }

    fn end_with_space(&mut self) -> Result<(), FormatError> {
        self.skip_space()?;
        match self.peek() {
            None => return Ok(()),
            Some(b'\n' | b'\r') => {
                self.line_end();
                if !self.line_starts()? {
                    return Ok(());
                }
            }
            Some(_) => {}
        }
        Err(FormatError::at(FormatErrorKind::Trailing, self.pos, "something follows after the value"))
    }

    /// Skips empty lines and comments, and goes to the first token; false if there is none.
    fn line_starts(&mut self) -> Result<bool, FormatError> {
        loop {
            let column = self.indentation()?;
            match self.peek() {
                Some(b'#') => self.skip_comment(),
                Some(b'\n' | b'\r') => {}
                // Python takes even the indentation of nothing for an error.
                found if column == 0 => return Ok(found.is_some()),
                _ => return Err(self.syntax("unexpected indent")),
            }
            self.line_end();
        }
    }

    /// Whether the line is indented, in columns: a form feed goes back to the start, and where lines are continued
    /// the first one counts.
    fn indentation(&mut self) -> Result<usize, FormatError> {
        let (mut column, mut continued) = (0, 0);
        loop {
            match self.peek() {
                Some(b' ' | b'\t') => column += 1,
                Some(b'\x0c') => (column, continued) = (0, 0),
                Some(b'\\') => {
                    if continued == 0 {
                        continued = column;
                    }
                    self.continuation()?;
                    continue;
                }
                _ => return Ok(if continued != 0 { continued } else { column }),
            }
            self.pos += 1;
        }
    }

    /// A backslash at the end of a line.
    fn continuation(&mut self) -> Result<(), FormatError> {
        let backslash = self.pos;
        self.pos += 1;
        if !matches!(self.peek(), Some(b'\n' | b'\r')) {
            let message = "unexpected character after line continuation character";
            return Err(FormatError::at(FormatErrorKind::Syntax, backslash, message));
        }
        self.line_end();
        if self.peek().is_none() {
            return Err(self.unexpected("another line"));
        }
        Ok(())
    }

    fn skip_comment(&mut self) {
        let rest = &self.bytes()[self.pos..];
        self.pos += memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
    }

    /// One line end, of any of the three kinds, if it is there.
    pub(super) fn line_end(&mut self) {
        match self.peek() {
            Some(b'\r') => self.pos += if self.peek_at(1) == Some(b'\n') { 2 } else { 1 },
            Some(b'\n') => self.pos += 1,
            _ => {}
        }
    }
}
