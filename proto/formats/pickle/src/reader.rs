//! The reader: a cursor over the values.

use std::borrow::Cow;

use firesteel_value::{FormatError, FormatErrorKind, Limits};
use serde::de::{Deserialize, Deserializer, IgnoredAny, Visitor};

use crate::{
    arena::{Arena, Item, Kind, Node},
    de::Cursor,
    machine,
    scalar::{Scalar, syntax},
};

/// A cursor over the values of a pickle.
///
/// It reads from front to back, value by value: as a serde deserializer (`T::deserialize(&mut reader)`), or step by
/// step through the outer containers, where a program decides between two values what to do next:
///
/// ```
/// use firesteel_pickle::Reader;
/// use firesteel_value::Limits;
///
/// // ('obj', 'add', (1, 2), {})
/// let pickle = b"\x80\x02(X\x03\x00\x00\x00objX\x03\x00\x00\x00addK\x01K\x02\x86}t.";
/// let mut reader = Reader::new(pickle, Limits::default()).unwrap();
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
/// A pickle is a program, which runs as a whole when the reader is made; what is wrong with its structure is found
/// then, and what is wrong within a single text or number when that is read. After an error the cursor stands
/// somewhere; nothing panics, but what it reads then means nothing.
#[derive(Clone, Debug)]
pub struct Reader<'de> {
    arena: Arena<'de>,
    /// The value at the cursor.
    node: Option<Node>,
    /// That value is a key.
    at_key: bool,
    /// The container that was entered last.
    inner: Frame,
    /// How many are around it, and the outermost of those.
    outer: usize,
    near: [Frame; NEAR],
    far: Vec<Frame>,
}

/// Calls are nested less deeply; for so many nothing is allocated.
const NEAR: usize = 3;

/// A container that was entered: the range of the nodes that are yet to come.
#[derive(Clone, Copy, Debug, Default)]
struct Frame {
    next: usize,
    end: usize,
    kind: Entered,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Entered {
    #[default]
    Nothing,
    Sequence,
    Dict,
}

impl<'de> Reader<'de> {
    /// Runs a pickle, and gives a reader positioned at its value.
    ///
    /// # Errors
    /// `Size` and `Depth` over the limits, also if values that are used repeatedly make it too large; `Unsupported`
    /// for names that are not data, and for containers that contain themselves; `Unhashable`; `Syntax` and
    /// `UnexpectedEnd` for what is no pickle.
    pub fn new(bytes: &'de [u8], limits: Limits) -> Result<Reader<'de>, FormatError> {
        let arena = machine::run(bytes, limits)?;
        let node = Some(arena.root);
        let near = [Frame::default(); NEAR];
        Ok(Reader { arena, node, at_key: false, inner: Frame::default(), outer: 0, near, far: Vec::new() })
    }

    /// The byte offset of what the value at the cursor begins or ends with; behind the pickle if there is none.
    pub fn offset(&self) -> usize {
        self.node.map_or(self.arena.end, |node| self.arena.offset(node))
    }

    /// Enters a list or a tuple; [`next_element`](Reader::next_element) goes to its first element.
    ///
    /// # Errors
    /// `Type` if something else stands here.
    pub fn open_sequence(&mut self) -> Result<(), FormatError> {
        let node = self.enterable()?;
        let (start, len) = match self.arena.item(node)? {
            Item::Object(object) if matches!(object.kind, Kind::List | Kind::Tuple) => (object.start, object.len),
            Item::Scalar(Scalar::EmptyTuple) => (0, 0),
            _ => return Err(self.wrong_type("a list or a tuple")),
        };
        self.open(start, len, Entered::Sequence);
        Ok(())
    }

    /// Goes to the next element; false if there is none: then the container is left.
    ///
    /// # Errors
    /// `Syntax` if no list or tuple was entered, or the element before was not read.
    #[inline]
    pub fn next_element(&mut self) -> Result<bool, FormatError> {
        self.step(Entered::Sequence)
    }

    /// Enters a dict; [`next_entry`](Reader::next_entry) goes to its first key.
    ///
    /// # Errors
    /// `Type` if something else stands here.
    pub fn open_dict(&mut self) -> Result<(), FormatError> {
        let node = self.enterable()?;
        match self.arena.object(node) {
            Some(object) if object.kind.is_dict() => {
                let (start, len) = (object.start, object.len);
                self.open(start, len, Entered::Dict);
                Ok(())
            }
            _ => Err(self.wrong_type("a dict")),
        }
    }

    /// Goes to the next key; false if there is none: then the dict is left. Behind the key stands its value.
    ///
    /// # Errors
    /// `Syntax` if no dict was entered, or the value before was not read.
    #[inline]
    pub fn next_entry(&mut self) -> Result<bool, FormatError> {
        self.step(Entered::Dict)
    }

    /// Reads a str, borrowed from the input where it stands there as it is.
    ///
    /// # Errors
    /// `Type` if something else stands here, `Utf8`, `Surrogate`.
    pub fn str(&mut self) -> Result<Cow<'de, str>, FormatError> {
        let node = self.here()?;
        let text = match self.arena.item(node)? {
            Item::Scalar(Scalar::Str(text)) => Cow::Borrowed(text),
            Item::Scalar(Scalar::Text(text)) => Cow::Owned(text),
            Item::Owned(text) => Cow::Owned(text.to_owned()),
            _ => return Err(self.wrong_type("a str")),
        };
        self.advance();
        Ok(text)
    }

    /// Reads a value.
    ///
    /// # Errors
    /// With the category and the byte offset of what is wrong.
    pub fn value<T: Deserialize<'de>>(&mut self) -> Result<T, FormatError> {
        let offset = self.offset();
        T::deserialize(&mut *self).map_err(|error| error.or_offset(offset))
    }

    /// Consumes `None` if it stands here; gives whether it does.
    ///
    /// # Errors
    /// `Syntax` if nothing stands here.
    pub fn none(&mut self) -> Result<bool, FormatError> {
        let none = self.arena.is_none(self.here()?);
        if none {
            self.advance();
        }
        Ok(none)
    }

    /// Reads a value and drops it.
    ///
    /// # Errors
    /// Those of [`value`](Reader::value).
    pub fn skip(&mut self) -> Result<(), FormatError> {
        self.value::<IgnoredAny>().map(drop)
    }

    /// Nothing may follow: all was read, and the input ends with the pickle.
    ///
    /// # Errors
    /// `Trailing` otherwise.
    pub fn end(&self) -> Result<(), FormatError> {
        if self.node.is_some() || self.inner.kind != Entered::Nothing {
            return Err(FormatError::at(FormatErrorKind::Trailing, self.offset(), "not all of the value was read"));
        }
        self.arena.check_end()
    }

    #[inline]
    fn here(&self) -> Result<Node, FormatError> {
        self.node.ok_or_else(|| syntax(self.arena.end, "no value stands at the cursor"))
    }

    fn enterable(&self) -> Result<Node, FormatError> {
        if self.at_key {
            return Err(syntax(self.offset(), "a key cannot be entered, only read"));
        }
        self.here()
    }

    #[cold]
    fn wrong_type(&self, expected: &str) -> FormatError {
        match self.here() {
            Ok(node) => Cursor { arena: &self.arena, node }.wrong_type(expected),
            Err(error) => error,
        }
    }

    fn open(&mut self, start: u32, len: u32, kind: Entered) {
        self.advance();
        let frame = Frame { next: start as usize, end: start as usize + len as usize, kind };
        let around = std::mem::replace(&mut self.inner, frame);
        if around.kind != Entered::Nothing {
            match self.near.get_mut(self.outer) {
                Some(near) => *near = around,
                None => self.far.push(around),
            }
            self.outer += 1;
        }
    }

    /// Behind the value at the cursor.
    #[inline]
    fn advance(&mut self) {
        self.node = None;
        if self.at_key {
            self.at_key = false;
            self.take();
        }
    }

    /// Goes to the next node of the container.
    #[inline]
    fn take(&mut self) {
        self.node = self.arena.nodes.get(self.inner.next).copied();
        self.inner.next += 1;
    }

    #[inline]
    fn step(&mut self, kind: Entered) -> Result<bool, FormatError> {
        if self.inner.kind != kind || self.node.is_some() {
            return Err(self.misstep(kind));
        }
        if self.inner.next < self.inner.end {
            self.take();
            self.at_key = kind == Entered::Dict;
            return Ok(true);
        }
        let Some(outer) = self.outer.checked_sub(1) else {
            self.inner = Frame::default();
            return Ok(false);
        };
        self.outer = outer;
        self.inner = match self.near.get(outer) {
            Some(near) => *near,
            None => self.far.pop().unwrap_or_default(),
        };
        Ok(false)
    }

    #[cold]
    fn misstep(&self, kind: Entered) -> FormatError {
        let message = match self.inner.kind {
            Entered::Nothing => "no container was entered",
            inner if inner != kind => "another kind of container was entered",
            _ => "the value at the cursor was not read",
        };
        syntax(self.offset(), message)
    }
}

macro_rules! forward {
    ($($method:ident($($arg:ident: $type:ty),*))*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, $($arg: $type,)* visitor: V) -> Result<V::Value, FormatError> {
            let node = self.here()?;
            let value = Cursor { arena: &self.arena, node }.$method($($arg,)* visitor)?;
            self.advance();
            Ok(value)
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = FormatError;

    forward! {
        deserialize_any() deserialize_bool() deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64()
        deserialize_i128() deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_u128()
        deserialize_f32() deserialize_f64() deserialize_char() deserialize_str() deserialize_string()
        deserialize_bytes() deserialize_byte_buf() deserialize_option() deserialize_unit() deserialize_seq()
        deserialize_map() deserialize_identifier() deserialize_ignored_any()
        deserialize_unit_struct(name: &'static str)
        deserialize_newtype_struct(name: &'static str)
        deserialize_tuple(len: usize)
        deserialize_tuple_struct(name: &'static str, len: usize)
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }
}
