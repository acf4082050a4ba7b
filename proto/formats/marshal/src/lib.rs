//! Python's marshal as a serde format, as Pyro's marshal serializer sends it.
//!
//! Reading accepts what `marshal.loads` of any Python accepts (versions 0 to 5 of the format, see CPython's
//! Python/marshal.c), but for code objects. Writing gives what every Python from 3.4 on reads: the codes of version 4,
//! without references.
//!
//! ```
//! use firesteel_marshal::{Options, from_slice, to_vec};
//!
//! let bytes = to_vec(&("answer", 42, [0.5]), &Options::default()).unwrap();
//! assert_eq!(bytes, b")\x03z\x06answeri\x2a\0\0\0)\x01g\0\0\0\0\0\0\xe0\x3f");
//! let (name, number, floats): (&str, i64, Vec<f64>) = from_slice(&bytes).unwrap();
//! assert_eq!((name, number, &floats[..]), ("answer", 42, &[0.5][..]));
//! ```
//!
//! How Rust's types map to Python's stands in the documentation of `firesteel_value`; its `Value` is anything that can
//! be read. [`Reader`] walks through a document step by step. Strings and bytes are borrowed from the input (`&str`,
//! `Cow<str>`, `&[u8]`).
//!
//! # What is lost
//!
//! Everything that a `Value` can be is written; these come back as something else. Pyro's serializer does the same,
//! or refuses where the last column says so.
//!
//! | written | read by either side | Pyro5's `MarshalSerializer` |
//! |---|---|---|
//! | bytearray | bytes | the same |
//! | `Instance` | a dict with `__class__`, which Pyro turns into an instance | the same for an argument or a result itself, refuses it inside of a container |
//! | uuid | its text | the same, refuses it inside of a container |
//! | datetime, date, time | ISO 8601 text, as `isoformat()`, without `fold` | refuses it |
//! | timedelta | a tuple (days, seconds, microseconds) | refuses it |
//! | Decimal | its text, as `str()` | refuses it |
//!
//! Nothing is lost of `...`, which Pyro refuses as an argument or a result itself, nor of integers of any size.
//!
//! # References
//!
//! Python writes an object that is shared within a call only once, and refers back to it. Such an object is read once
//! for each reference here. What that may cost is limited in proportion to the length of the input; beyond, reading
//! ends with an error of the kind `Size`. A list or dict that contains itself is refused as unsupported.
//!
//! # Differences from Python
//!
//! - Something behind the value is an error.
//! - Code objects, slices and `StopIteration` are refused as unsupported, and lone surrogates (`'\ud800'`) as such.
//! - A key without a value in a dict, which Python drops, is an error.
//! - `R`, a reference to an interned string, is read as Python 2 reads it; Python 3 knows it no more. Other
//!   strs of Python 2 are bytes.
//!
//! # Hostile input
//!
//! Nothing panics, nothing recurses without a bound, and time is linear in the size of the input, with references in
//! the size that they are limited to. No length that is claimed is believed beyond the length of the input. A `Value`
//! takes up to about fifty times the memory of its bytes, typically two to five times (see `firesteel_value::Limits`).

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

mod codes;
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

pub use firesteel_value::{FormatError, FormatErrorKind, Limits};
pub use reader::Reader;
pub use ser::{Map, Options, Seq, Serializer, append, to_vec};

use serde::Deserialize;

/// Reads a document with the default limits.
///
/// # Errors
/// With the category and the byte offset of what is wrong.
#[inline]
pub fn from_slice<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, FormatError> {
    from_slice_with(bytes, Limits::default())
}

/// Reads a document with limits of its own.
///
/// # Errors
/// With the category and the byte offset of what is wrong.
#[inline]
pub fn from_slice_with<'de, T: Deserialize<'de>>(bytes: &'de [u8], limits: Limits) -> Result<T, FormatError> {
    let mut reader = Reader::new(bytes, limits)?;
    let value = reader.value()?;
    reader.end()?;
    Ok(value)
}
