//! CBOR (RFC 8949), with tags for the types of Python, as a serde format.
//!
//! This format is spoken between peers of firesteel; no Python reads it. It loses nothing: every
//! `firesteel_value::Value` comes back as it was.
//!
//! ```
//! use firesteel_cbor::{Options, from_slice, to_vec};
//!
//! let bytes = to_vec(&vec![("answer", 42)], &Options::default()).unwrap();
//! assert_eq!(bytes, b"\x81\xda\x46\x53\0\0\x82\x66answer\x18\x2a");
//! let pairs: Vec<(&str, i64)> = from_slice(&bytes).unwrap();
//! assert_eq!(pairs, [("answer", 42)]);
//! ```
//!
//! How Rust's types map to Python's stands in the documentation of `firesteel_value`. [`Reader`] walks through a
//! document step by step. Strings and bytes are borrowed from it (`&str`, `Cow<str>`).
//!
//! # What becomes of Python's types
//!
//! What CBOR has is written as RFC 8949 prefers it: integers, lengths and floats in the shortest form that is exact,
//! lengths always given. The rest is tagged:
//!
//! | Python | tag | content |
//! |---|---|---|
//! | int beyond 64 bits | 2, 3 | bytes, most significant first |
//! | set | 258 | array |
//! | UUID | 37 | 16 bytes |
//! | date | 1004 | text, `2024-01-02` |
//! | tuple | 0x46530000 | array |
//! | frozenset | 0x46530001 | array |
//! | complex | 0x46530002 | array of two floats |
//! | bytearray | 0x46530003 | bytes |
//! | `...` | 0x46530004 | null |
//! | datetime | 0x46530005 | text as of `isoformat()`, `[fold=1]` behind it if the fold is set |
//! | time | 0x46530006 | text as of `isoformat()`, `[fold=1]` behind it if the fold is set |
//! | timedelta | 0x46530007 | array of days, seconds, microseconds |
//! | Decimal | 0x46530008 | text as of `str(decimal)` |
//!
//! The tags that begin with 0x4653, ASCII for FS, are our own, from the range that is given to whoever comes first;
//! they are not registered with IANA. An instance is a map whose first key is `__class__`.
//!
//! # CBOR of others
//!
//! Everything that is well-formed is read: lengths that are not given, numbers in longer forms than needed, half floats,
//! `undefined` (as `None`), tag 0 (text of RFC 3339, a datetime). What stands behind any other tag is read as if the
//! tag were not there. Simple values without a meaning are refused, as are maps and sets as keys; arrays as keys are
//! tuples. Of repeated keys the last value counts.
//!
//! # Hostile input
//!
//! Nothing panics, nothing recurses without a bound, time is linear in the size of the input, and lengths that cannot
//! be true are refused before anything is allocated.

#![forbid(unsafe_code)]
// Nothing that a peer sends may end the program: what cannot happen is an error all the same.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::todo,
        clippy::unimplemented
    )
)]

mod de;
#[cfg(feature = "testing")]
#[doc(hidden)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    reason = "a test that fails is to panic"
)]
pub mod fuzzing;
mod reader;
mod ser;
mod tags;

pub use firesteel_value::{FormatError, FormatErrorKind, Limits};
pub use reader::Reader;
pub use ser::{Map, Options, Seq, Serializer, append, to_vec};

use serde::Deserialize;

/// Reads a document with the default limits.
///
/// # Errors
/// With the category and the byte offset of what is wrong.
pub fn from_slice<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, FormatError> {
    from_slice_with(bytes, Limits::default())
}

/// Reads a document with limits of its own.
///
/// # Errors
/// With the category and the byte offset of what is wrong.
pub fn from_slice_with<'de, T: Deserialize<'de>>(bytes: &'de [u8], limits: Limits) -> Result<T, FormatError> {
    let mut reader = Reader::new(bytes, limits)?;
    let value = reader.value()?;
    reader.end()?;
    Ok(value)
}
