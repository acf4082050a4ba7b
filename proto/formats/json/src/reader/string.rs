//! Strings.

use std::borrow::Cow;

use firesteel_value::{FormatError, FormatErrorKind};

use super::Reader;
use crate::scan::plain_len;

impl<'de> Reader<'de> {
    /// At a quote: the string, borrowed if it has no escape.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<Cow<'de, str>, FormatError> {
        match self.plain_string() {
            Some(text) => Ok(Cow::Borrowed(text)),
            None => self.escaped_string().map(Cow::Owned),
        }
    }

    /// At a quote: a string without escapes; else nothing is consumed.
    #[inline]
    pub(crate) fn plain_string(&mut self) -> Option<&'de str> {
        let start = self.pos + 1;
        let end = start + plain_len(self.bytes().get(start..)?);
        if self.bytes().get(end) != Some(&b'"') {
            return None;
        }
        let text = self.text.get(start..end)?;
        self.pos = end + 1;
        Some(text)
    }

    /// At a quote: moves behind the string.
    #[inline]
    pub(super) fn skip_string(&mut self) -> Result<(), FormatError> {
        match self.plain_string() {
            Some(_) => Ok(()),
            None => self.escaped(&mut ()),
        }
    }

    #[inline(never)]
    fn escaped_string(&mut self) -> Result<String, FormatError> {
        let mut text = String::new();
        self.escaped(&mut text)?;
        Ok(text)
    }

    fn escaped(&mut self, out: &mut impl Sink) -> Result<(), FormatError> {
        let start = self.pos;
        self.pos += 1;
        loop {
            let rest = &self.text[self.pos..];
            let len = plain_len(rest.as_bytes());
            out.text(&rest[..len]);
            self.pos += len;
            match self.peek() {
                Some(b'"') => {
                    self.pos += 1;
                    return Ok(());
                }
                Some(b'\\') => out.char(self.escape(start)?),
                Some(_) => return Err(self.syntax("a control character in a string must be escaped")),
                None => return Err(unterminated(start)),
            }
        }
    }

    /// At a backslash: what the escape stands for.
    fn escape(&mut self, start: usize) -> Result<char, FormatError> {
        let Some(letter) = self.bytes().get(self.pos + 1) else {
            return Err(unterminated(start));
        };
        let char = match letter {
            b'"' | b'\\' | b'/' => char::from(*letter),
            b'b' => '\x08',
            b'f' => '\x0c',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.code_point(),
            _ => return Err(self.syntax("invalid escape in a string")),
        };
        self.pos += 2;
        Ok(char)
    }

    /// At the backslash of one or two escapes with `u`.
    fn code_point(&mut self) -> Result<char, FormatError> {
        let place = self.pos;
        let first = self.code_unit()?;
        if let Some(char) = char::from_u32(first) {
            return Ok(char);
        }
        if (0xd800..0xdc00).contains(&first) && self.bytes()[self.pos..].starts_with(b"\\u") {
            let second = self.code_unit()?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return char::from_u32(code).ok_or_else(|| self.syntax("invalid escape in a string"));
            }
        }
        let message = format!("lone surrogate U+{first:04X}");
        Err(FormatError::at(FormatErrorKind::Surrogate, place, message))
    }

    /// At a backslash: the four digits of an escape.
    fn code_unit(&mut self) -> Result<u32, FormatError> {
        let mut code = 0;
        for ahead in 2..6 {
            let digit = self.bytes().get(self.pos + ahead).and_then(|byte| char::from(*byte).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.syntax("invalid escape in a string: \\u needs four hexadecimal digits"));
            };
            code = code << 4 | digit;
        }
        self.pos += 6;
        Ok(code)
    }
}

/// Takes what a string is made of.
trait Sink {
    fn text(&mut self, text: &str);
    fn char(&mut self, char: char);
}

impl Sink for String {
    fn text(&mut self, text: &str) {
        self.push_str(text);
    }

    fn char(&mut self, char: char) {
        self.push(char);
    }
}

/// For strings that are skipped.
impl Sink for () {
    fn text(&mut self, _: &str) {}
    fn char(&mut self, _: char) {}
}

#[cold]
fn unterminated(start: usize) -> FormatError {
    FormatError::at(FormatErrorKind::UnexpectedEnd, start, "unterminated string")
}
