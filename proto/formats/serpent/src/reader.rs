//! The reader: a cursor over the text.
//!
//! `Reader` itself knows where it stands, how many brackets are open and what a look ahead has taught; the files below
//! read one kind of thing each.

mod cursor;
mod frames;
mod lookahead;
mod number;
mod skip;
mod space;
mod start;
mod string;

use firesteel_value::{FormatError, FormatErrorKind};

pub(crate) use cursor::Name;
use frames::{Frame, NEAR, Spare};
use lookahead::Parens;
pub(crate) use number::{Number, Quick};
pub(crate) use string::Text;

/// A cursor over a text in serpent.
///
/// It reads a text from front to back, value by value: as a serde deserializer (`T::deserialize(&mut reader)`), or
/// step by step through the outer containers, where a program decides between two values what to do next:
///
/// ```
/// use firesteel_serpent::Reader;
/// use firesteel_value::Limits;
///
/// let text = b"# serpent utf-8 python3.2\n('obj','add',(1,2),{})";
/// let mut reader = Reader::new(text, Limits::default()).unwrap();
/// reader.open_sequence().unwrap();
/// assert!(reader.next_element().unwrap());
/// assert_eq!(reader.str().unwrap(), "obj");
/// assert!(reader.next_element().unwrap());
/// assert_eq!(reader.str().unwrap(), "add");
/// // .. look up the method, keep the reader, and later:
/// assert!(reader.next_element().unwrap());
/// let (a, b): (i64, i64) = reader.value().unwrap();
/// assert_eq!(a + b, 3);
/// assert!(reader.next_element().unwrap());
/// reader.skip().unwrap();
/// assert!(!reader.next_element().unwrap());
/// reader.end().unwrap();
/// ```
///
/// After an error the cursor stands somewhere; nothing panics, but what it reads then means nothing.
#[derive(Clone, Debug)]
pub struct Reader<'de> {
    text: &'de [u8],
    /// The same text. None where it is short and known to be ASCII: then each string is checked when it is read, which
    /// costs less than to check everything.
    str: Option<&'de str>,
    pos: usize,
    /// How many brackets are open, those around single values included.
    depth: usize,
    max_depth: usize,
    /// In a key of a dict or an element of a set, where lists, dicts and sets are refused.
    hashing: bool,
    /// The text is a tuple without parentheses, not yet entered.
    bare: bool,
    /// Guesses that `(` before a container opens a tuple; whoever sets this reads again after an error.
    hopeful: bool,
    /// The cursor stands at a key of the innermost container that was entered step by step.
    at_key: bool,
    /// That container.
    inner: Frame,
    /// How many are around it, and the outermost of those.
    outer: usize,
    near: [Frame; NEAR],
    spare: Option<Box<Spare>>,
}

impl<'de> Reader<'de> {
    /// The byte offset of the cursor.
    pub fn offset(&self) -> usize {
        self.pos
    }

    /// Reads one thing, hopefully at first and, if that fails, again with care (see `lookahead`).
    pub(crate) fn hopefully<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, FormatError>,
    ) -> Result<T, FormatError> {
        let (pos, depth, hashing, bare) = (self.pos, self.depth, self.hashing, self.bare);
        let was_hopeful = std::mem::replace(&mut self.hopeful, true);
        let mut result = read(self);
        if result.is_err() && !was_hopeful {
            (self.pos, self.depth, self.hashing, self.bare) = (pos, depth, hashing, bare);
            result = self.carefully(read);
        }
        self.hopeful = was_hopeful;
        result
    }

    #[cold]
    fn carefully<T>(&mut self, mut read: impl FnMut(&mut Self) -> Result<T, FormatError>) -> Result<T, FormatError> {
        if let Some(spare) = &mut self.spare {
            spare.parens = Parens::default();
        }
        self.hopeful = false;
        read(self)
    }

    /// Treats the whole text as a tuple without parentheses.
    pub(crate) fn into_bare(mut self) -> Reader<'de> {
        self.bare = true;
        self
    }

    /// Whether the text is one.
    pub(crate) fn is_bare_tuple(&self) -> bool {
        let mut ahead = self.clone();
        ahead.skip_value().is_ok() && ahead.skip_space().is_ok() && ahead.peek() == Some(b',')
    }

    /// At the start of a tuple without parentheses: enters it.
    pub(crate) fn take_bare(&mut self) -> bool {
        std::mem::take(&mut self.bare)
    }

    #[inline]
    fn bytes(&self) -> &'de [u8] {
        self.text
    }

    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes().get(self.pos).copied()
    }

    #[inline]
    fn peek_at(&self, ahead: usize) -> Option<u8> {
        self.bytes().get(self.pos + ahead).copied()
    }

    /// Consumes an opening bracket.
    #[inline]
    pub(crate) fn enter(&mut self) -> Result<(), FormatError> {
        if self.depth >= self.max_depth {
            return Err(FormatError::too_deep(self.max_depth).or_offset(self.offset()));
        }
        self.depth += 1;
        self.pos += 1;
        Ok(())
    }

    /// Consumes a closing bracket, if it is there.
    #[inline]
    pub(crate) fn leave(&mut self, close: u8) -> Result<(), FormatError> {
        self.skip_space()?;
        if self.peek() != Some(close) {
            return Err(self.expected_close(close));
        }
        self.pos += 1;
        self.depth -= 1;
        Ok(())
    }

    /// The colon between a key and its value.
    #[inline]
    pub(crate) fn colon(&mut self) -> Result<(), FormatError> {
        self.skip_space()?;
        if self.peek() != Some(b':') {
            return Err(self.unexpected("a colon"));
        }
        self.pos += 1;
        Ok(())
    }

    /// Moves on to the next element of a container; false at its closing bracket, which is not consumed.
    #[inline]
    pub(crate) fn next_in(&mut self, close: u8, progress: &mut Progress) -> Result<bool, FormatError> {
        // The usual cases first, all without blanks.
        match self.peek() {
            Some(byte) if byte == close => return Ok(false),
            Some(b',') if progress.started => {
                if let Some(next) = self.peek_at(1)
                    && !is_space(next)
                    && next != close
                {
                    progress.comma = true;
                    self.pos += 1;
                    return Ok(true);
                }
            }
            Some(byte) if !progress.started && !is_space(byte) => {
                progress.started = true;
                return Ok(true);
            }
            _ => {}
        }
        self.next_with_space(close, progress)
    }

    fn next_with_space(&mut self, close: u8, progress: &mut Progress) -> Result<bool, FormatError> {
        self.skip_space()?;
        if self.at_close(close) {
            return Ok(false);
        }
        if !progress.started {
            progress.started = true;
            return Ok(true);
        }
        if self.peek() != Some(b',') {
            return Err(self.unexpected("a comma or a closing bracket"));
        }
        progress.comma = true;
        self.pos += 1;
        self.skip_space()?;
        Ok(!self.at_close(close))
    }

    /// Consumes what may stand between the last element and the closing bracket, and the bracket.
    #[inline]
    pub(crate) fn finish(&mut self, close: u8, progress: &mut Progress) -> Result<(), FormatError> {
        let single = close == b')' && progress.started && !progress.comma;
        if self.peek() == Some(close) && !single && close != BARE {
            self.pos += 1;
            self.depth -= 1;
            return Ok(());
        }
        if single && self.peek() == Some(b',') && self.peek_at(1) == Some(close) {
            self.pos += 2;
            self.depth -= 1;
            return Ok(());
        }
        self.finish_with_space(close, progress)
    }

    fn finish_with_space(&mut self, close: u8, progress: &mut Progress) -> Result<(), FormatError> {
        self.skip_space()?;
        if progress.started && self.peek() == Some(b',') {
            progress.comma = true;
            self.pos += 1;
            self.skip_space()?;
        }
        if close == BARE {
            return if self.at_close(close) { Ok(()) } else { Err(self.expected_close(close)) };
        }
        if close == b')' && progress.started && !progress.comma {
            return Err(self.syntax("parentheses around a single value are no tuple"));
        }
        self.leave(close)
    }

    /// Enters parentheses around a single value; gives how many.
    #[inline(always)]
    pub(crate) fn open_groups(&mut self) -> Result<usize, FormatError> {
        self.skip_space()?;
        if self.peek() == Some(b'(') { self.open_some_groups() } else { Ok(0) }
    }

    fn open_some_groups(&mut self) -> Result<usize, FormatError> {
        let mut groups = 0;
        while self.peek() == Some(b'(') && !self.is_tuple()? {
            self.enter()?;
            self.skip_space()?;
            groups += 1;
        }
        Ok(groups)
    }

    #[inline]
    pub(crate) fn close_groups(&mut self, groups: usize) -> Result<(), FormatError> {
        (0..groups).try_for_each(|_| self.leave(b')'))
    }

    /// Consumes `(None)`; anything else stays.
    pub(crate) fn none_in_groups(&mut self) -> Result<bool, FormatError> {
        let (pos, depth) = (self.pos, self.depth);
        let groups = self.open_groups()?;
        if self.peek() == Some(b'N') {
            self.name()?;
            self.close_groups(groups)?;
            return Ok(true);
        }
        (self.pos, self.depth) = (pos, depth);
        Ok(false)
    }

    #[inline]
    fn at_close(&self, close: u8) -> bool {
        match self.peek() {
            Some(byte) if close != BARE => byte == close,
            Some(byte) => matches!(byte, b'\n' | b'\r'),
            None => close == BARE,
        }
    }

    /// Enters the key of a dict or an element of a set; gives back what to restore.
    #[inline]
    pub(crate) fn begin_hashing(&mut self) -> bool {
        std::mem::replace(&mut self.hashing, true)
    }

    #[inline]
    pub(crate) fn end_hashing(&mut self, before: bool) {
        self.hashing = before;
    }

    /// Refuses a container where it would have to be hashed.
    #[inline]
    pub(crate) fn check_hashable(&self, class: &str) -> Result<(), FormatError> {
        if self.hashing {
            return Err(FormatError::unhashable(class).or_offset(self.offset()));
        }
        Ok(())
    }

    /// An error about the byte at the cursor.
    #[cold]
    pub(crate) fn unexpected(&self, expected: &str) -> FormatError {
        let rest = self.text.get(self.pos..).unwrap_or_default();
        match String::from_utf8_lossy(&rest[..rest.len().min(4)]).chars().next() {
            None => FormatError::at(
                FormatErrorKind::UnexpectedEnd,
                self.pos,
                format!("the text ends where {expected} is expected"),
            ),
            Some(found) => self.syntax(format!("expected {expected}, found {found:?}")),
        }
    }

    #[cold]
    pub(crate) fn syntax(&self, message: impl Into<std::borrow::Cow<'static, str>>) -> FormatError {
        FormatError::at(FormatErrorKind::Syntax, self.pos, message)
    }

    #[cold]
    fn expected_close(&self, close: u8) -> FormatError {
        match (self.peek(), close) {
            // A value stands where the container should end: more elements than were asked for.
            (Some(byte), _) if !matches!(byte, b')' | b']' | b'}' | b':' | b',') => {
                FormatError::at(FormatErrorKind::Type, self.pos, "more elements than expected, or a missing comma")
            }
            (_, BARE) => self.unexpected("the end of the text"),
            _ => self.unexpected(&format!("{:?}", char::from(close))),
        }
    }
}

/// How far a container is read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    started: bool,
    /// A comma was seen, without which `(` opens no tuple.
    comma: bool,
}

/// What "closes" a tuple without parentheses: the end of the line.
pub(crate) const BARE: u8 = b'\n';

/// What stands between values: blanks, line ends, comments, continuations.
const SPACE: u8 = 1;
/// What ends a value.
const DELIMITER: u8 = 2;

static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte <= b' ' {
        classes[byte as usize] = SPACE;
        byte += 1;
    }
    classes[b'#' as usize] = SPACE;
    classes[b'\\' as usize] = SPACE;
    classes[b',' as usize] = DELIMITER;
    classes[b':' as usize] = DELIMITER;
    classes[b')' as usize] = DELIMITER;
    classes[b']' as usize] = DELIMITER;
    classes[b'}' as usize] = DELIMITER;
    classes
};

#[inline(always)]
fn is_space(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & SPACE != 0
}

#[inline(always)]
fn is_delimiter(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & DELIMITER != 0
}

/// Whether a byte can go on a name or a number, as Python's tokenizer sees it.
#[inline]
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}
