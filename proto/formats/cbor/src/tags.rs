//! The tags: those that are registered where there is one, else our own.
//!
//! Ours are in the range that anyone may register (first come, first served), at the letters `FS`, where the registry
//! of IANA has none. They are not registered: this format is spoken between peers of firesteel only.

/// Text as of RFC 3339: a datetime. Read only.
pub(crate) const RFC3339: u64 = 0;
/// Bytes, most significant first: an integer.
pub(crate) const BIG: u64 = 2;
/// Bytes, most significant first: an integer, -1 minus that.
pub(crate) const NEGATIVE_BIG: u64 = 3;
/// Sixteen bytes: a UUID.
pub(crate) const UUID: u64 = 37;
/// An array: a set.
pub(crate) const SET: u64 = 258;
/// Text as of RFC 3339: a date.
pub(crate) const DATE: u64 = 1004;

const OWN: u64 = 0x4653_0000;

/// An array: a tuple.
pub(crate) const TUPLE: u64 = OWN;
/// An array: a frozen set.
pub(crate) const FROZENSET: u64 = OWN + 1;
/// An array of two floats: a complex number.
pub(crate) const COMPLEX: u64 = OWN + 2;
/// Bytes: a bytearray.
pub(crate) const BYTEARRAY: u64 = OWN + 3;
/// Null: Python's `...`.
pub(crate) const ELLIPSIS: u64 = OWN + 4;
/// Text as of Python's `isoformat()`, with `[fold=1]` behind it if the fold is set: a datetime.
pub(crate) const DATETIME: u64 = OWN + 5;
/// Text as of Python's `isoformat()`, with `[fold=1]` behind it if the fold is set: a time of day.
pub(crate) const TIME: u64 = OWN + 6;
/// An array of days, seconds and microseconds: a timedelta.
pub(crate) const TIMEDELTA: u64 = OWN + 7;
/// Text as of Python's `str(decimal)`: a decimal.
pub(crate) const DECIMAL: u64 = OWN + 8;
