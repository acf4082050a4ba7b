//! The reader: a cursor over the bytes.
//!
//! `Reader` itself knows where it stands and how many containers are open; the files below read one kind of thing each.

mod cursor;
mod frames;
mod number;
mod refs;
mod shape;
mod skip;
mod text;

use firesteel_value::{FormatError, FormatErrorKind, Limits};

use crate::codes;
use frames::{Frame, NEAR, Spare};
pub(crate) use number::Number;

/// A cursor over a document in marshal.
///
/// It reads from front to back, value by value: as a serde deserializer (`T::deserialize(&mut reader)`), or step by
/// step through the outer containers, where a program decides between two values what to do next:
///
/// ```
/// use firesteel_marshal::Reader;
/// use firesteel_value::Limits;
///
/// let bytes = b"(\x04\0\0\0z\x03objz\x03add)\x02i\x01\0\0\0i\x02\0\0\0{0";
/// let mut reader = Reader::new(bytes, Limits::default()).unwrap();
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
    bytes: &'de [u8],
    /// What begins at the cursor: up to the end of the document, also where a reference has led back.
    rest: &'de [u8],
    /// How many containers are open.
    depth: usize,
    max_depth: usize,
    /// In a key of a dict or an element of a set, where lists, dicts and sets are refused.
    hashing: bool,
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
    /// A reader positioned at the value.
    ///
    /// # Errors
    /// `Size` over the limit, `UnexpectedEnd` if there is nothing.
    #[inline]
    pub fn new(bytes: &'de [u8], limits: Limits) -> Result<Reader<'de>, FormatError> {
        limits.check_size(bytes)?;
        let reader = Reader {
            bytes,
            rest: bytes,
            depth: 0,
            max_depth: limits.max_depth,
            hashing: false,
            at_key: false,
            inner: Frame::NONE,
            outer: 0,
            near: [Frame::NONE; NEAR],
            spare: None,
        };
        if bytes.is_empty() { Err(reader.cut()) } else { Ok(reader) }
    }

    /// The byte offset of the cursor. While something is read that a reference has led back to, it is there.
    #[inline]
    pub fn offset(&self) -> usize {
        self.bytes.len() - self.rest.len()
    }

    /// Makes sure that nothing follows.
    ///
    /// # Errors
    /// `Trailing`.
    #[inline]
    pub fn end(&self) -> Result<(), FormatError> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(FormatError::at(FormatErrorKind::Trailing, self.offset(), "something follows the value"))
    }

    /// The code of the next value without its flag; nothing is consumed. At the end it is zero, which is no code.
    #[inline(always)]
    pub(crate) fn peek(&self) -> u8 {
        self.rest.first().map_or(0, |byte| byte & !codes::FLAG_REF)
    }

    /// Consumes the code that [`Reader::peek`] has found.
    #[inline(always)]
    pub(crate) fn advance(&mut self) {
        self.rest = self.rest.get(1..).unwrap_or_default();
    }

    #[inline(always)]
    pub(crate) fn byte(&mut self) -> Result<u8, FormatError> {
        let Some((byte, rest)) = self.rest.split_first() else {
            return Err(self.cut());
        };
        self.rest = rest;
        Ok(*byte)
    }

    #[inline(always)]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        let Some((array, rest)) = self.rest.split_first_chunk() else {
            return Err(self.cut());
        };
        self.rest = rest;
        Ok(*array)
    }

    #[inline(always)]
    fn take(&mut self, len: usize) -> Result<&'de [u8], FormatError> {
        let Some((taken, rest)) = self.rest.split_at_checked(len) else {
            return Err(self.cut());
        };
        self.rest = rest;
        Ok(taken)
    }

    /// A length in four bytes.
    #[inline(always)]
    pub(crate) fn size(&mut self) -> Result<usize, FormatError> {
        let size = i32::from_le_bytes(self.array()?);
        usize::try_from(size).map_err(|_| self.syntax("a size is out of range"))
    }

    /// Enters a container of so many elements, each of which takes a byte at least.
    #[inline(always)]
    pub(crate) fn enter(&mut self, count: usize) -> Result<usize, FormatError> {
        if count > self.rest.len() {
            return Err(self.cut());
        }
        if self.depth >= self.max_depth {
            return Err(FormatError::too_deep(self.max_depth).or_offset(self.offset()));
        }
        self.depth += 1;
        Ok(count)
    }

    #[inline(always)]
    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Enters the key of a dict or the elements of a set; gives back what to restore.
    #[inline]
    pub(crate) fn begin_hashing(&mut self) -> bool {
        std::mem::replace(&mut self.hashing, true)
    }

    #[inline]
    pub(crate) fn end_hashing(&mut self, before: bool) {
        self.hashing = before;
    }

    /// Refuses a container where it would have to be hashed.
    #[inline(always)]
    pub(crate) fn check_hashable(&self, class: &str) -> Result<(), FormatError> {
        if self.hashing { Err(FormatError::unhashable(class).or_offset(self.offset())) } else { Ok(()) }
    }

    #[cold]
    pub(crate) fn cut(&self) -> FormatError {
        FormatError::at(FormatErrorKind::UnexpectedEnd, self.bytes.len(), "the data ends within a value")
    }

    #[cold]
    pub(crate) fn syntax(&self, message: &'static str) -> FormatError {
        FormatError::at(FormatErrorKind::Syntax, self.offset(), message)
    }

    /// An error about the value at the cursor: it is none, or of another type.
    #[cold]
    pub(crate) fn wrong_type(&self, expected: &str) -> FormatError {
        let found = match self.peek() {
            codes::NONE => "None",
            codes::TRUE | codes::FALSE => "a bool",
            codes::ELLIPSIS => "an ellipsis",
            codes::INT | codes::INT64 | codes::LONG => "an integer",
            codes::FLOAT | codes::TEXT_FLOAT => "a float",
            codes::COMPLEX | codes::TEXT_COMPLEX => "a complex number",
            codes::BYTES => "bytes",
            codes::TUPLE | codes::SMALL_TUPLE => "a tuple",
            codes::LIST => "a list",
            codes::DICT => "a dict",
            codes::SET | codes::FROZENSET => "a set",
            code if text::is_text(code) => "a str",
            _ => return self.no_value(),
        };
        FormatError::at(FormatErrorKind::Type, self.offset(), format!("expected {expected}, found {found}"))
    }

    /// An error about a code that stands for no value.
    #[cold]
    pub(crate) fn no_value(&self) -> FormatError {
        let unsupported = |what| FormatError::at(FormatErrorKind::Unsupported, self.offset(), what);
        match self.peek() {
            _ if self.rest.is_empty() => self.cut(),
            codes::NULL => self.syntax("NULL instead of a value"),
            codes::CODE => unsupported("code objects are not read"),
            codes::SLICE => unsupported("slices are not read"),
            codes::STOP_ITERATION => unsupported("StopIteration is not read"),
            code => {
                let message = format!("unknown type code {:?}", char::from(code));
                FormatError::at(FormatErrorKind::Syntax, self.offset(), message)
            }
        }
    }
}
