//! What the stack machine leaves behind: the values of a pickle, not yet decoded.
//!
//! A pickle is a program; only after it has run is it known which values are in which. So it runs once and notes the
//! structure: a [`Node`] is four bytes. Numbers, texts and bytes are no more than the place of their opcode, and are
//! decoded when they are asked for, borrowed from the input. Containers are ranges of a common list of nodes.

use std::borrow::Cow;

use firesteel_value::{FormatError, FormatErrorKind};

use crate::{
    globals::{Class, EXCEPTIONS, Global},
    op,
    scalar::{self, Scalar},
};

/// A value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node(u32);

/// Places in the input are below this.
pub(crate) const MAX_INPUT: usize = 1 << 31;

const OBJECT: u32 = 0b10 << 30;
const FIXED: u32 = 0b110 << 29;
const OWNED: u32 = 0b111 << 29;

impl Node {
    pub(crate) const NONE: Node = Node(FIXED);
    pub(crate) const TRUE: Node = Node(FIXED | 1);
    pub(crate) const ELLIPSIS: Node = Node(FIXED | 2);
    pub(crate) const EMPTY_TUPLE: Node = Node(FIXED | 3);
    pub(crate) const EMPTY_BYTES: Node = Node(FIXED | 4);

    const KEYS: u32 = FIXED | 16;
    const CLASSES: u32 = FIXED | 32;
    const EXCEPTIONS: u32 = FIXED | 64;

    /// The scalar whose opcode is at a place of the input.
    #[inline(always)]
    pub(crate) fn scalar(at: usize) -> Node {
        Node(at as u32)
    }

    /// A text that the program does not contain.
    pub(crate) fn key(key: Key) -> Node {
        Node(Node::KEYS + key as u32)
    }

    /// The name of a class.
    pub(crate) fn class(class: Class) -> Node {
        Node(Node::CLASSES + class as u32)
    }

    /// The name of an exception.
    pub(crate) fn exception(place: u8) -> Node {
        Node(Node::EXCEPTIONS + u32::from(place))
    }

    #[inline(always)]
    pub(crate) fn at(self) -> Option<usize> {
        (self.0 < OBJECT).then_some(self.0 as usize)
    }

    #[inline(always)]
    pub(crate) fn object(self) -> Option<usize> {
        (self.0 >> 30 == OBJECT >> 30).then_some((self.0 ^ OBJECT) as usize)
    }
}

/// The keys of the class dicts of Pyro.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key {
    Class,
    Exception,
    Args,
    Attributes,
    State,
}

const KEYS: [&str; 5] = ["__class__", "__exception__", "args", "attributes", "state"];

/// A container, or anything else that is made of other nodes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Object {
    pub(crate) kind: Kind,
    /// Whether Python can hash it.
    pub(crate) hashable: bool,
    /// Where it was made in the input.
    pub(crate) at: u32,
    /// The range of its nodes, and how much of what follows is kept free for more.
    pub(crate) start: u32,
    pub(crate) len: u32,
    pub(crate) spare: u32,
}

/// What an object is, and what its nodes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    List,
    Tuple,
    /// Keys and values in turn, as in the next two.
    Dict,
    /// The class dict of an exception.
    Exception,
    /// The class dict of an instance.
    Class(Class),
    Set,
    FrozenSet,
    /// A text whose characters are bytes.
    Latin1,
    /// Bytes, if any.
    ByteArray,
    /// Two floats.
    Complex,
    /// The state as bytes, and a timezone if there is one.
    DateTime,
    Time,
    Date,
    /// Up to three integers.
    TimeDelta,
    /// A timedelta.
    TimeZone,
    /// A text.
    Decimal,
    /// An integer, once it is known.
    Uuid,
    /// Bytes, and how the machine that wrote them puts numbers.
    Array(u8),
    /// Not a value.
    Global(Global),
}

impl Kind {
    /// Whether its nodes are keys and values.
    #[inline]
    pub(crate) fn is_dict(self) -> bool {
        matches!(self, Kind::Dict | Kind::Exception | Kind::Class(_))
    }

    /// What Python calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::List => "list",
            Kind::Tuple => "tuple",
            Kind::Dict => "dict",
            Kind::Exception => "exception",
            Kind::Class(class) => class.name(),
            Kind::Set => "set",
            Kind::FrozenSet => "frozenset",
            Kind::Latin1 => "bytes",
            Kind::ByteArray => "bytearray",
            Kind::Complex => "complex",
            Kind::DateTime => "datetime",
            Kind::Time => "time",
            Kind::Date => "date",
            Kind::TimeDelta => "timedelta",
            Kind::TimeZone => "timezone",
            Kind::Decimal => "decimal",
            Kind::Uuid => "UUID",
            Kind::Array(_) => "array",
            Kind::Global(_) => "class",
        }
    }
}

/// All values of a pickle.
#[derive(Clone, Debug)]
pub(crate) struct Arena<'de> {
    pub(crate) bytes: &'de [u8],
    pub(crate) nodes: Vec<Node>,
    pub(crate) objects: Vec<Object>,
    pub(crate) texts: Vec<Box<str>>,
    pub(crate) root: Node,
    /// Behind the last opcode.
    pub(crate) end: usize,
}

/// A node looked at.
#[derive(Debug)]
pub(crate) enum Item<'a, 'de> {
    Scalar(Scalar<'de>),
    /// A text that is not in the input.
    Owned(&'a str),
    Object(&'a Object),
}

impl<'de> Arena<'de> {
    /// Looks at a node.
    #[inline]
    pub(crate) fn item(&self, node: Node) -> Result<Item<'_, 'de>, FormatError> {
        if let Some(at) = node.at() {
            return scalar::read(self.bytes, at).map(Item::Scalar);
        }
        if let Some(object) = node.object().and_then(|index| self.objects.get(index)) {
            return Ok(Item::Object(object));
        }
        Ok(self.fixed(node))
    }

    #[inline(never)]
    fn fixed(&self, node: Node) -> Item<'_, 'de> {
        let text = match node {
            Node::TRUE => return Item::Scalar(Scalar::Bool(true)),
            Node::ELLIPSIS => return Item::Scalar(Scalar::Ellipsis),
            Node::EMPTY_TUPLE => return Item::Scalar(Scalar::EmptyTuple),
            Node::EMPTY_BYTES => return Item::Scalar(Scalar::Bytes(&[])),
            Node(code) if code >= OWNED => {
                return self
                    .texts
                    .get((code ^ OWNED) as usize)
                    .map_or(Item::Scalar(Scalar::None), |text| Item::Owned(text));
            }
            Node(code) if code >= Node::EXCEPTIONS => EXCEPTIONS.get((code - Node::EXCEPTIONS) as usize),
            Node(code) if code >= Node::CLASSES => Class::NAMES.get((code - Node::CLASSES) as usize),
            Node(code) => code.checked_sub(Node::KEYS).and_then(|key| KEYS.get(key as usize)),
        };
        Item::Scalar(text.map_or(Scalar::None, |text| Scalar::Str(text)))
    }

    /// The nodes of an object.
    #[inline]
    pub(crate) fn nodes(&self, object: &Object) -> &[Node] {
        let start = object.start as usize;
        self.nodes.get(start..start + object.len as usize).unwrap_or_default()
    }

    /// The object that a node is, if it is one.
    #[inline]
    pub(crate) fn object(&self, node: Node) -> Option<&Object> {
        self.objects.get(node.object()?)
    }

    /// How many bytes stand for a node that is no object.
    pub(crate) fn size(&self, node: Node) -> usize {
        match node {
            _ if node.at().is_some() => scalar::size(self.bytes, node.0 as usize),
            Node(code) if code >= OWNED => self.texts.get((code ^ OWNED) as usize).map_or(8, |text| text.len() + 8),
            _ => 8,
        }
    }

    /// Whether it is None.
    #[inline]
    pub(crate) fn is_none(&self, node: Node) -> bool {
        node.at().map_or(node == Node::NONE, |at| self.bytes.get(at) == Some(&op::NONE))
    }

    /// Where a node stands in the input, as far as known.
    pub(crate) fn offset(&self, node: Node) -> usize {
        node.at().or_else(|| Some(self.object(node)?.at as usize)).unwrap_or(self.end)
    }

    /// Nothing may follow the pickle.
    pub(crate) fn check_end(&self) -> Result<(), FormatError> {
        if self.end < self.bytes.len() {
            return Err(FormatError::at(FormatErrorKind::Trailing, self.end, "something follows after the value"));
        }
        Ok(())
    }

    /// Keeps a text that the program does not contain.
    pub(crate) fn own(&mut self, text: impl Into<Box<str>>) -> Node {
        // There are less of them than opcodes.
        let index = self.texts.len() as u32 & !OWNED;
        self.texts.push(text.into());
        Node(OWNED | index)
    }

    /// The node of an object.
    #[inline]
    pub(crate) fn node_of(index: usize) -> Node {
        Node(OBJECT | index as u32)
    }

    /// Whether it is a str, which may yet turn out to be wrong when it is decoded.
    pub(crate) fn is_text(&self, node: Node) -> bool {
        match node.at().and_then(|at| self.bytes.get(at)) {
            Some(op) => matches!(
                *op,
                op::SHORT_BINUNICODE
                    | op::BINUNICODE
                    | op::BINUNICODE8
                    | op::UNICODE
                    | op::SHORT_BINSTRING
                    | op::BINSTRING
                    | op::STRING
            ),
            None => node.0 >= OWNED,
        }
    }

    /// The text of a str.
    pub(crate) fn str(&self, node: Node) -> Result<Option<Cow<'_, str>>, FormatError> {
        Ok(match self.item(node)? {
            Item::Scalar(Scalar::Str(text)) => Some(text.into()),
            Item::Scalar(Scalar::Text(text)) => Some(text.into()),
            Item::Owned(text) => Some(text.into()),
            _ => None,
        })
    }

    /// The content of bytes in any form. Python 2 wrote them as str, which may be read as text.
    pub(crate) fn raw(&self, node: Node) -> Result<Option<Cow<'de, [u8]>>, FormatError> {
        if let Some(at) = node.at() {
            return scalar::raw(self.bytes, at);
        }
        match self.object(node) {
            Some(object) if object.kind == Kind::Latin1 => self.latin1(object).map(|bytes| Some(bytes.into())),
            Some(object) if object.kind == Kind::ByteArray => match self.nodes(object) {
                [content] => self.raw(*content),
                _ => Ok(Some((&[]).into())),
            },
            _ if node == Node::EMPTY_BYTES => Ok(Some((&[]).into())),
            _ => Ok(None),
        }
    }

    /// The bytes that the characters of a text are.
    pub(crate) fn latin1(&self, object: &Object) -> Result<Vec<u8>, FormatError> {
        let wrong = || scalar::syntax(object.at as usize, "characters beyond latin1 in bytes");
        let text = match self.nodes(object) {
            [node] => self.str(*node)?,
            _ => None,
        };
        let text = text.ok_or_else(wrong)?;
        let mut bytes = Vec::with_capacity(text.len());
        for char in text.chars() {
            bytes.push(u8::try_from(u32::from(char)).map_err(|_| wrong())?);
        }
        Ok(bytes)
    }
}
