//! The reader: a cursor over the bytes.
//!
//! `Reader` itself knows what is left and how many containers are open; the files below read one kind of thing each.

mod cursor;
mod head;
mod text;

use firesteel_value::{FormatError, FormatErrorKind, Limits};
use smallvec::SmallVec;

use cursor::Frame;
pub(crate) use head::{Int, Items};

/// A cursor over a document in CBOR.
///
/// It reads the bytes from front to back, value by value: as a serde deserializer (`T::deserialize(&mut reader)`), or
/// step by step through the outer containers, where a program decides between two values what to do next:
///
/// ```
/// use firesteel_cbor::{Options, Reader, to_vec};
/// use firesteel_value::Limits;
///
/// let bytes = to_vec(&("obj", "add", (1, 2), ()), &Options::default()).unwrap();
/// let mut reader = Reader::new(&bytes, Limits::default()).unwrap();
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
/// assert!(reader.none().unwrap());
/// assert!(!reader.next_element().unwrap());
/// reader.end().unwrap();
/// ```
///
/// After an error the cursor stands somewhere; nothing panics, but what it reads then means nothing.
#[derive(Clone, Debug)]
pub struct Reader<'de> {
    /// What is not yet read.
    rest: &'de [u8],
    /// How long everything is.
    len: usize,
    /// How many containers are open.
    depth: usize,
    max_depth: usize,
    /// In a key of a dict or an element of a set, where dicts and sets are refused and arrays are tuples.
    hashing: bool,
    /// The cursor stands at a key of the innermost container that was entered step by step.
    at_key: bool,
    /// Those containers. Calls are nested less deeply than what is kept here without an allocation.
    entered: SmallVec<[Frame; 4]>,
}

impl<'de> Reader<'de> {
    /// A reader at the start of a document.
    ///
    /// # Errors
    /// `Size` if there are more bytes than the limit allows.
    pub fn new(bytes: &'de [u8], limits: Limits) -> Result<Reader<'de>, FormatError> {
        limits.check_size(bytes)?;
        Ok(Reader {
            rest: bytes,
            len: bytes.len(),
            depth: 0,
            max_depth: limits.max_depth,
            hashing: false,
            at_key: false,
            entered: SmallVec::new(),
        })
    }

    /// The byte offset of the cursor.
    #[inline]
    pub fn offset(&self) -> usize {
        self.len - self.rest.len()
    }

    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Begins a container, whose header was read.
    #[inline]
    pub(crate) fn enter(&mut self) -> Result<(), FormatError> {
        if self.depth >= self.max_depth {
            return Err(FormatError::too_deep(self.max_depth).or_offset(self.offset()));
        }
        self.depth += 1;
        Ok(())
    }

    #[inline]
    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
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

    #[inline]
    pub(crate) fn is_hashing(&self) -> bool {
        self.hashing
    }

    /// Refuses what Python cannot hash, where it would have to be hashed.
    #[inline]
    pub(crate) fn check_hashable(&self, class: &str) -> Result<(), FormatError> {
        if self.hashing {
            return Err(FormatError::unhashable(class).or_offset(self.offset()));
        }
        Ok(())
    }

    #[cold]
    pub(crate) fn syntax(&self, message: &'static str) -> FormatError {
        FormatError::at(FormatErrorKind::Syntax, self.offset(), message)
    }

    #[cold]
    pub(crate) fn unexpected_end(&self) -> FormatError {
        FormatError::at(FormatErrorKind::UnexpectedEnd, self.len, "the bytes end in the middle of a value")
    }

    #[cold]
    pub(crate) fn wrong_type(&self, expected: &str) -> FormatError {
        let Some(first) = self.peek() else {
            return self.unexpected_end();
        };
        let found = match first >> 5 {
            0 | 1 => "an integer",
            2 => "bytes",
            3 => "a text",
            4 => "an array",
            5 => "a map",
            6 => "a tag",
            _ => "a simple value or a float",
        };
        FormatError::at(FormatErrorKind::Type, self.offset(), format!("expected {expected}, found {found}"))
    }
}
