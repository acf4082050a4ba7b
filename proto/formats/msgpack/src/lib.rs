//! msgpack, with the extension types of Pyro, as a serde format.
//!
//! Reading accepts what Pyro's `MsgpackSerializer` accepts, and maps with any hashable keys; writing gives byte for byte
//! what it gives (`Pyro5/serializers.py` over msgpack-python's `packb` with `use_bin_type=True`).
//!
//! ```
//! use firesteel_msgpack::{Options, from_slice, to_vec};
//!
//! let bytes = to_vec(&("answer", 42, [0.5]), &Options::default()).unwrap();
//! assert_eq!(bytes, b"\x93\xa6answer\x2a\x91\xcb\x3f\xe0\0\0\0\0\0\0");
//! let (name, number, floats): (&str, i64, Vec<f64>) = from_slice(&bytes).unwrap();
//! assert_eq!((name, number, &floats[..]), ("answer", 42, &[0.5][..]));
//! ```
//!
//! How Rust's types map to Python's stands in the documentation of `firesteel_value`; its `Value` is any document.
//! [`Reader`] walks through a document step by step. Strings and bytes are borrowed from it (`&str`, `Cow<str>`).
//!
//! # What becomes of Python's types
//!
//! | Python | on the wire | read as |
//! |---|---|---|
//! | `None`, bool, str | nil, bool, str | the same |
//! | int | the shortest integer; beyond 64 bits extension 0x31, decimal text | int |
//! | float | float 64 | float; float 32 is read too |
//! | complex | extension 0x30, two f64 | complex |
//! | bytes, bytearray | bin | bytes |
//! | list, tuple, set | array | list; tuple in a key of a dict |
//! | dict, instance | map | the same; more than strs and bytes as keys only here, Python refuses to read them |
//! | datetime without a time zone | extension 0x32, seconds since 1970 as an f64 | datetime, see [times](#times) |
//! | date | extension 0x33, ordinal as an i64 | date |
//! | Decimal, UUID | str | str; typed targets (`Decimal`, `Uuid`) accept it |
//! | datetime with a time zone, time, timedelta, frozenset, `...` | refused, in Pyro's words | |
//! | (none) | extension -1, msgpack's own timestamp | datetime in UTC; `msgpack.Timestamp` in Python |
//!
//! The numbers in Pyro's extensions are in the byte order of the machine that wrote them, without a mark. Here they are
//! little-endian in both directions: a big-endian machine with Pyro would read others.
//!
//! # Times
//!
//! Pyro writes datetimes as `datetime.timestamp()` gives them and reads them with `datetime.fromtimestamp()`: seconds
//! in UTC on the wire, local time on both sides. Nothing here knows what the local time is, so a datetime is taken for
//! UTC. Where a Python peer runs with another `TZ`, set [`Options::utc_offset`] and [`Reader::with_utc_offset`], as
//! far as a fixed offset is right.
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
mod times;

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
