//! The codes of types, as CPython's Python/marshal.c defines them.

/// Added to a code if references may follow. It means nothing for the types that are never referred to.
pub(crate) const FLAG_REF: u8 = 0x80;

pub(crate) const NULL: u8 = b'0';
pub(crate) const NONE: u8 = b'N';
pub(crate) const FALSE: u8 = b'F';
pub(crate) const TRUE: u8 = b'T';
pub(crate) const STOP_ITERATION: u8 = b'S';
pub(crate) const ELLIPSIS: u8 = b'.';
pub(crate) const INT: u8 = b'i';
/// Not written any more.
pub(crate) const INT64: u8 = b'I';
pub(crate) const LONG: u8 = b'l';
pub(crate) const TEXT_FLOAT: u8 = b'f';
pub(crate) const FLOAT: u8 = b'g';
pub(crate) const TEXT_COMPLEX: u8 = b'x';
pub(crate) const COMPLEX: u8 = b'y';
pub(crate) const BYTES: u8 = b's';
pub(crate) const INTERNED: u8 = b't';
pub(crate) const UNICODE: u8 = b'u';
pub(crate) const ASCII: u8 = b'a';
pub(crate) const ASCII_INTERNED: u8 = b'A';
pub(crate) const SHORT_ASCII: u8 = b'z';
pub(crate) const SHORT_ASCII_INTERNED: u8 = b'Z';
pub(crate) const TUPLE: u8 = b'(';
pub(crate) const SMALL_TUPLE: u8 = b')';
pub(crate) const LIST: u8 = b'[';
pub(crate) const DICT: u8 = b'{';
pub(crate) const SET: u8 = b'<';
pub(crate) const FROZENSET: u8 = b'>';
pub(crate) const CODE: u8 = b'c';
pub(crate) const SLICE: u8 = b':';
pub(crate) const REF: u8 = b'r';
/// Python 2: a reference to an interned string.
pub(crate) const STRING_REF: u8 = b'R';
