//! Looking ahead: is `(` a tuple or just parentheses, is `{` a dict or a set?
//!
//! serde wants to know before the first element is read. Where that is a string, a number or a name, a glance at what
//! follows it tells. A hopeful reader guesses a tuple unless it sees a number in parentheses (nobody puts them around
//! other single values), and whoever made it hopeful reads again if that proves wrong. A careful reader scans to the
//! first comma of the bracket. On its way it learns the same about every parenthesis inside of that first element and
//! keeps it, so that no byte is scanned twice for parentheses, however they are nested. Sets and dicts scan
//! only their first key, in which no other set or dict can stand.

use firesteel_value::{FormatError, FormatErrorKind, decimal::word_at};

use super::{Reader, is_space};

/// What scans have learned about parentheses ahead.
#[derive(Clone, Debug, Default)]
pub(super) struct Parens {
    /// Everything before here is known.
    until: usize,
    /// Offsets of opening parentheses times two, plus one for tuples; in order.
    known: Vec<usize>,
}

impl Reader<'_> {
    /// At `(`: whether it opens a tuple, be it an empty one.
    pub(crate) fn is_tuple(&mut self) -> Result<bool, FormatError> {
        let at = self.pos;
        if self.is_empty(b')')? {
            return Ok(true);
        }
        if self.hopeful {
            return Ok(self.guess(at + 1));
        }
        if let Some(tuple) = self.glance(at + 1) {
            return Ok(tuple);
        }
        if at >= self.parens().until {
            self.parens().known.clear();
            return Ok(self.scan(true)? == b',');
        }
        match self.parens().known.binary_search_by_key(&at, |known| known / 2) {
            Ok(index) => Ok(self.parens().known[index] & 1 != 0),
            // Learned scans cover whole elements; this cannot be.
            Err(_) => Err(self.syntax("unbalanced brackets")),
        }
    }

    /// At `{`: whether it opens a dict, be it an empty one.
    pub(crate) fn is_dict(&mut self) -> Result<bool, FormatError> {
        // Nothing that has to be hashed can be a dict or a set: saves the scan that could be repeated.
        self.check_hashable("set")?;
        if let Some(quote @ (b'\'' | b'"')) = self.peek_at(1)
            && self.peek_at(2) != Some(quote)
            && self.bytes().get(self.string_end(self.pos + 1)?) == Some(&b':')
        {
            return Ok(true);
        }
        if self.is_empty(b'}')? {
            return Ok(true);
        }
        let learn = self.pos >= self.parens().until;
        if learn {
            self.parens().known.clear();
        }
        Ok(self.scan(learn)? == b':')
    }

    /// At an opening bracket: whether the closing one follows, perhaps after blanks.
    #[inline]
    fn is_empty(&mut self, close: u8) -> Result<bool, FormatError> {
        match self.peek_at(1) {
            Some(byte) if byte == close => Ok(true),
            Some(byte) if is_space(byte) => {
                let at = self.pos;
                self.enter()?;
                self.skip_space()?;
                let empty = self.peek() == Some(close);
                self.pos = at;
                self.depth -= 1;
                Ok(empty)
            }
            _ => Ok(false),
        }
    }

    /// Whether the first element seems not to be a number in parentheses.
    #[inline]
    fn guess(&self, start: usize) -> bool {
        const ONES: u64 = 0x0101_0101_0101_0101;
        const WORDS: usize = 8;
        let rest = self.bytes().get(start..).unwrap_or_default();
        if !matches!(rest.first(), Some(b'0'..=b'9' | b'-' | b'+' | b'.')) {
            return true;
        }
        // The top bit of each byte that is the given one, or not ASCII.
        let marks = |word: u64, byte: u8| (word ^ (ONES * u64::from(byte))).wrapping_sub(ONES) & (ONES * 0x80);
        for at in (start..).step_by(8).take(WORDS) {
            let word = word_at(self.bytes(), at);
            let (commas, closes) = (marks(word, b','), marks(word, b')'));
            if commas | closes != 0 {
                return commas.trailing_zeros() < closes.trailing_zeros();
            }
        }
        true
    }

    /// Whether the first element is followed by a comma or by the closing parenthesis, if it is so simple that a
    /// glance tells.
    fn glance(&self, start: usize) -> Option<bool> {
        let bytes = self.bytes();
        let end = match bytes.get(start)? {
            b'\'' | b'"' => self.string_end(start).ok()?,
            _ => {
                let simple = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
                start + bytes[start..].iter().position(|byte| !simple(byte))?
            }
        };
        match bytes.get(end)? {
            b',' => Some(true),
            b')' => Some(false),
            _ => None,
        }
    }

    /// From an opening bracket to the first comma or colon in it, or to its end; gives that byte.
    fn scan(&mut self, learn: bool) -> Result<u8, FormatError> {
        let bytes = self.bytes();
        let room = self.max_depth - self.depth;
        // For each open bracket, the index of what is known about it, or none.
        let mut open: Vec<Option<usize>> = Vec::new();
        let mut at = self.pos + 1;
        let own = learn && bytes[self.pos] == b'(';
        if own {
            let at = self.pos;
            self.parens().known.push(at * 2);
        }
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'\'' | b'"' => {
                    at = self.string_end(at)?;
                    continue;
                }
                b'#' => {
                    let rest = &bytes[at..];
                    at += memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
                    continue;
                }
                b'(' | b'[' | b'{' => {
                    if open.len() + 1 >= room {
                        return Err(FormatError::too_deep(self.max_depth).or_offset(self.pos));
                    }
                    if *byte == b'(' && learn {
                        open.push(Some(self.parens().known.len()));
                        self.parens().known.push(at * 2);
                    } else {
                        open.push(None);
                    }
                }
                b')' | b']' | b'}' if open.pop().is_none() => return Ok(self.scanned(at, learn)),
                b',' | b':' => match open.last() {
                    None => {
                        if own {
                            self.parens().known[0] |= 1;
                        }
                        return Ok(self.scanned(at, learn));
                    }
                    Some(Some(index)) if *byte == b',' => self.parens().known[*index] |= 1,
                    Some(_) => {}
                },
                _ => {}
            }
            at += 1;
        }
        let message = "the text ends inside of brackets";
        Err(FormatError::at(FormatErrorKind::UnexpectedEnd, bytes.len(), message))
    }

    fn scanned(&mut self, at: usize, learn: bool) -> u8 {
        if learn {
            self.parens().until = at;
        }
        self.bytes()[at]
    }

    /// The offset behind a string that starts with the quote at an offset.
    fn string_end(&self, start: usize) -> Result<usize, FormatError> {
        let bytes = self.bytes();
        let quote = bytes[start];
        let triple = bytes[start..].starts_with(&[quote; 3]);
        let mut at = start + if triple { 3 } else { 1 };
        while let Some(found) = memchr::memchr2(quote, b'\\', &bytes[at..]) {
            at += found;
            if bytes[at] == b'\\' {
                at += 2;
                if at > bytes.len() {
                    break;
                }
            } else if !triple {
                return Ok(at + 1);
            } else if bytes[at..].starts_with(&[quote; 3]) {
                return Ok(at + 3);
            } else {
                at += 1;
            }
        }
        let message = "unterminated string";
        Err(FormatError::at(FormatErrorKind::UnexpectedEnd, start, message))
    }
}
