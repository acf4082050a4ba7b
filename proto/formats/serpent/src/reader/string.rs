//! Strings and bytes: prefixes, quotes, escapes, adjacent literals.

use std::borrow::Cow;

use firesteel_value::{FormatError, FormatErrorKind};

use super::{Reader, is_delimiter};

/// A string or bytes that was read, borrowed where the text has no escape.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Text<'de> {
    Str(Cow<'de, str>),
    Bytes(Cow<'de, [u8]>),
}

/// What stands in front of the opening quote, and that quote.
#[derive(Clone, Copy)]
struct Opening {
    bytes: bool,
    raw: bool,
    quote: u8,
    triple: bool,
}

impl<'de> Reader<'de> {
    /// Whether a string or bytes literal starts here, its prefix included.
    #[inline]
    pub(crate) fn at_string(&self) -> bool {
        match self.peek() {
            Some(b'\'' | b'"') => true,
            Some(b'r' | b'R' | b'b' | b'B' | b'u' | b'U' | b'f' | b'F') => self.prefix_len().is_some(),
            _ => false,
        }
    }

    /// A string or bytes, all adjacent literals together.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<Text<'de>, FormatError> {
        if let Some(text) = self.plain_string() {
            return Ok(Text::Str(Cow::Borrowed(text)));
        }
        self.any_string()
    }

    /// The usual case: one literal without prefix and escapes, followed by what ends a value. Else it does nothing.
    #[inline]
    pub(crate) fn plain_string(&mut self) -> Option<&'de str> {
        let [quote @ (b'\'' | b'"'), rest @ ..] = self.bytes().get(self.pos..)? else {
            return None;
        };
        let len = plain_len(rest, *quote);
        match rest.get(len..)? {
            [close, next, ..] if close == quote && is_delimiter(*next) => {}
            // Outside of brackets, the text may end here.
            [close] if close == quote => {}
            _ => return None,
        }
        // An empty string may be the start of three quotes, but not with nothing or a delimiter behind it.
        let start = self.pos + 1;
        let text = self.slice(start, start + len)?;
        self.pos = start + len + 1;
        Some(text)
    }

    fn any_string(&mut self) -> Result<Text<'de>, FormatError> {
        let start = self.pos;
        let opening = self.opening()?;
        let first = self.content(opening, start)?;
        if !self.another()? {
            return match first {
                Piece::Plain(text) if opening.bytes => Ok(Text::Bytes(text.as_bytes().into())),
                Piece::Plain(text) => Ok(Text::Str(text.into())),
                Piece::Built(content) => finish(opening.bytes, content, start),
            };
        }
        let mut all = Vec::new();
        first.append_to(&mut all);
        loop {
            let start = self.pos;
            let next = self.opening()?;
            if next.bytes != opening.bytes {
                let message = "cannot mix bytes and nonbytes literals";
                return Err(FormatError::at(FormatErrorKind::Syntax, start, message));
            }
            self.content(next, start)?.append_to(&mut all);
            if !self.another()? {
                return finish(opening.bytes, all, start);
            }
        }
    }

    /// Whether another literal follows, which then belongs to the same string.
    fn another(&mut self) -> Result<bool, FormatError> {
        self.skip_space()?;
        Ok(self.at_string())
    }

    /// The length of the prefix, if there is a quote behind it.
    fn prefix_len(&self) -> Option<usize> {
        let quote = |ahead| matches!(self.peek_at(ahead), Some(b'\'' | b'"'));
        let lower = |ahead| self.peek_at(ahead).map(|byte| byte.to_ascii_lowercase());
        match (lower(0), lower(1)) {
            (Some(b'\'' | b'"'), _) => Some(0),
            (Some(b'r' | b'b' | b'u' | b'f'), _) if quote(1) => Some(1),
            (Some(b'r'), Some(b'b' | b'f')) | (Some(b'b' | b'f'), Some(b'r')) if quote(2) => Some(2),
            _ => None,
        }
    }

    /// Consumes prefix and opening quote.
    fn opening(&mut self) -> Result<Opening, FormatError> {
        let Some(len) = self.prefix_len() else {
            return Err(self.unexpected("a string"));
        };
        let prefix = &self.bytes()[self.pos..self.pos + len];
        let has = |letter| prefix.iter().any(|byte| byte.eq_ignore_ascii_case(&letter));
        if has(b'f') {
            return Err(self.syntax("f-strings are not literals"));
        }
        let quote = self.bytes()[self.pos + len];
        let triple = self.bytes()[self.pos + len..].starts_with(&[quote; 3]);
        let opening = Opening { bytes: has(b'b'), raw: has(b'r'), quote, triple };
        self.pos += len + if triple { 3 } else { 1 };
        Ok(opening)
    }

    /// What stands between the quotes; the closing one is consumed.
    fn content(&mut self, opening: Opening, start: usize) -> Result<Piece<'de>, FormatError> {
        let bytes = self.bytes();
        let inside = self.pos;
        // What was built so far, and from where on the text is still to be added to it.
        let (mut built, mut done) = (None::<Vec<u8>>, inside);
        let end = loop {
            self.pos = self.plain_end(self.pos, opening.quote);
            let Some(byte) = self.peek() else {
                return Err(unterminated(start));
            };
            let line_end = match byte {
                b'\\' if opening.raw => {
                    self.pos += 1;
                    match self.peek() {
                        None => return Err(unterminated(start)),
                        Some(b'\r') => true,
                        Some(b'\\' | b'\n' | b'\'' | b'"') => {
                            self.pos += 1;
                            false
                        }
                        Some(_) => false,
                    }
                }
                b'\\' => {
                    let built = built.get_or_insert_default();
                    built.extend_from_slice(&bytes[done..self.pos]);
                    self.escape(opening.bytes, start, built)?;
                    done = self.pos;
                    false
                }
                b'\r' if opening.triple => true,
                b'\n' | b'\r' if !opening.triple => return Err(unterminated(start)),
                b'\n' => {
                    self.pos += 1;
                    false
                }
                _ if !opening.triple || bytes[self.pos..].starts_with(&[byte; 3]) => {
                    break self.pos;
                }
                _ => {
                    self.pos += 1;
                    false
                }
            };
            if line_end {
                // Python reads every kind of line end as a line feed.
                let built = built.get_or_insert_default();
                built.extend_from_slice(&bytes[done..self.pos]);
                built.push(b'\n');
                self.line_end();
                done = self.pos;
            }
        };
        self.pos += if opening.triple { 3 } else { 1 };
        if opening.bytes && !bytes[inside..end].is_ascii() {
            let message = "bytes can only contain ASCII literal characters";
            return Err(FormatError::at(FormatErrorKind::Syntax, start, message));
        }
        Ok(match built {
            None => Piece::Plain(self.checked_slice(inside, end)?),
            Some(mut built) => {
                built.extend_from_slice(&bytes[done..end]);
                Piece::Built(built)
            }
        })
    }

    /// At a backslash: adds what the escape stands for.
    fn escape(&mut self, bytes: bool, start: usize, out: &mut Vec<u8>) -> Result<(), FormatError> {
        self.pos += 1;
        let Some(letter) = self.peek() else {
            return Err(unterminated(start));
        };
        let plain = match letter {
            b'\\' | b'\'' | b'"' => letter,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'a' => 0x07,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'v' => 0x0b,
            b'\n' | b'\r' => {
                self.line_end();
                return Ok(());
            }
            b'0'..=b'7' => {
                let digits = self.bytes()[self.pos..].iter().take(3);
                let digits = digits.take_while(|byte| matches!(byte, b'0'..=b'7')).count();
                return self.code(bytes, digits, 8, out);
            }
            b'x' => {
                self.pos += 1;
                return self.code(bytes, 2, 16, out);
            }
            b'u' | b'U' if !bytes => {
                self.pos += 1;
                return self.code(false, if letter == b'u' { 4 } else { 8 }, 16, out);
            }
            b'N' if !bytes => {
                let message = "characters by name are not supported";
                return Err(FormatError::at(FormatErrorKind::Unsupported, self.pos - 1, message));
            }
            _ => {
                // An unknown escape is none: the backslash stays.
                out.push(b'\\');
                return Ok(());
            }
        };
        self.pos += 1;
        out.push(plain);
        Ok(())
    }

    /// The digits of an escape.
    fn code(&mut self, bytes: bool, digits: usize, radix: u32, out: &mut Vec<u8>) -> Result<(), FormatError> {
        let mut code = 0_u32;
        for _ in 0..digits {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(radix));
            let Some(digit) = digit else {
                return Err(self.unexpected("a digit of an escape"));
            };
            code = code.wrapping_mul(radix) | digit;
            self.pos += 1;
        }
        if bytes {
            out.push(code as u8);
            return Ok(());
        }
        match char::from_u32(code) {
            Some(char) => {
                out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                Ok(())
            }
            None if code <= 0xffff => {
                let message = format!("lone surrogate U+{code:04X}");
                Err(FormatError::at(FormatErrorKind::Surrogate, self.pos, message))
            }
            None => Err(self.syntax("illegal unicode character")),
        }
    }

    /// From inside of a string to its first quote, backslash or line end, or to the end of the text.
    #[inline]
    fn plain_end(&self, start: usize, quote: u8) -> usize {
        start + self.bytes().get(start..).map_or(0, |rest| plain_len(rest, quote))
    }
}

/// How much of a string comes before its first quote, backslash or line end, or before the end of the text.
#[inline(always)]
fn plain_len(rest: &[u8], quote: u8) -> usize {
    let first = rest.first_chunk().map_or(0, |word| marks(word, quote));
    let len = first.trailing_zeros() as usize / 8;
    if rest.get(len) == Some(&quote) { len } else { longer_plain_len(rest, quote) }
}

fn longer_plain_len(rest: &[u8], quote: u8) -> usize {
    const NEAR: usize = 128;
    let mut at = 0;
    for word in rest.as_chunks().0 {
        let marks = marks(word, quote);
        if marks != 0 {
            at += marks.trailing_zeros() as usize / 8;
            return if rest[at] == quote { at } else { rough_len(rest, at, quote) };
        }
        at += 8;
        if at == NEAR {
            return far_len(rest, at, quote);
        }
    }
    rough_len(rest, at, quote)
}

/// Marks control characters, the quote, backslashes, and what is not ASCII. The lowest mark is exact; those above may
/// not be.
#[inline(always)]
fn marks(word: &[u8; 8], quote: u8) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_le_bytes(*word);
    let control = word.wrapping_sub(ONES * 0x10);
    let quotes = (word ^ (ONES * u64::from(quote))).wrapping_sub(ONES);
    let backslashes = (word ^ (ONES * 0x5c)).wrapping_sub(ONES);
    (word | control | quotes | backslashes) & (ONES * 0x80)
}

/// The same with characters that are not ASCII, and near the end of the text.
fn rough_len(rest: &[u8], start: usize, quote: u8) -> usize {
    let mut at = start;
    while at < rest.len() && !is_stop(rest[at], quote) {
        at += 1;
        if at - start == 16 {
            return far_len(rest, at, quote);
        }
    }
    at
}

#[inline]
fn is_stop(byte: u8, quote: u8) -> bool {
    byte == quote || matches!(byte, b'\\' | b'\n' | b'\r')
}

/// The same for a long string.
fn far_len(rest: &[u8], start: usize, quote: u8) -> usize {
    let rest = &rest[start..];
    let end = memchr::memchr3(quote, b'\\', b'\n', rest).unwrap_or(rest.len());
    start + memchr::memchr(b'\r', &rest[..end]).unwrap_or(end)
}

/// What one literal holds.
enum Piece<'de> {
    Plain(&'de str),
    /// For a str, UTF-8.
    Built(Vec<u8>),
}

impl Piece<'_> {
    fn append_to(self, all: &mut Vec<u8>) {
        match self {
            Piece::Plain(text) => all.extend_from_slice(text.as_bytes()),
            Piece::Built(content) => all.extend_from_slice(&content),
        }
    }
}

fn finish<'de>(bytes: bool, content: Vec<u8>, start: usize) -> Result<Text<'de>, FormatError> {
    if bytes {
        return Ok(Text::Bytes(content.into()));
    }
    match String::from_utf8(content) {
        Ok(text) => Ok(Text::Str(text.into())),
        Err(_) => Err(FormatError::at(FormatErrorKind::Utf8, start, "invalid utf-8")),
    }
}

#[cold]
fn unterminated(start: usize) -> FormatError {
    FormatError::at(FormatErrorKind::UnexpectedEnd, start, "unterminated string")
}
