//! Python's JSON as a serde format, as Pyro sends it.
//!
//! Reading accepts exactly what Python's `json.loads` accepts; writing gives byte for byte what
//! `json.dumps(value, ensure_ascii=False)` gives.
//!
//! ```
//! use firesteel_json::{Options, from_slice, to_vec};
//!
//! let text = to_vec(&("answer", 42, [0.1, 1e16, f64::NAN]), &Options::default()).unwrap();
//! assert_eq!(text, br#"["answer", 42, [0.1, 1e+16, NaN]]"#);
//! let (name, number, floats): (String, i64, Vec<f64>) = from_slice(&text).unwrap();
//! assert_eq!((&*name, number, floats[1]), ("answer", 42, 1e16));
//! ```
//!
//! How Rust's types map to Python's stands in the documentation of `firesteel_value`; its `Value` is any value. [`Reader`]
//! walks through a text step by step, [`Call`] takes one of Pyro's calls apart. Strings without escapes are borrowed
//! from the text (`&str`, `Cow<str>`).
//!
//! # What JSON lacks
//!
//! Python's `json` module and the `JsonSerializer` of Pyro 5 (Pyro5/serializers.py) decide what becomes of types that JSON
//! lacks:
//!
//! | Python | JSON |
//! |---|---|
//! | tuple, set | array, which is read as a list |
//! | `nan`, `inf`, `-inf` | `NaN`, `Infinity`, `-Infinity` |
//! | int of up to 4300 digits | its digits |
//! | `datetime`, `date`, `UUID`, `Decimal` | their text |
//! | `None`, bool, int, float as a key | `"null"`, `"true"`, `"1"`, `"1.5"` |
//! | frozenset, complex, `time`, `timedelta`, `...`, other keys | refused |
//!
//! Keys that were numbers or bools come back as such if the type that is read asks for them.
//!
//! # Bytes
//!
//! Here alone Pyro is not followed, which refuses bytes and bytearrays: they are written as serpent does it, as a
//! dict `{"data": base64, "encoding": "base64"}`. A `Value` keeps that dict (`Value::bytes` decodes it); typed targets
//! (`Blob`, `serde_bytes`, also `Vec<u8>`) give the bytes.
//!
//! # Other differences from Python
//!
//! - Lone surrogates (`"\ud800"`) are refused as such.
//! - The limit for nesting is [`Limits::max_depth`] and [`Options::max_depth`], where Python has its recursion limit.
//!
//! # Hostile input
//!
//! Nothing panics, nothing recurses without a bound, and time is linear in the size of the text. Memory is bounded by
//! a small multiple of it (see `firesteel_value::Limits`).

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

mod call;
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
mod scan;
mod ser;

pub use call::Call;
pub use firesteel_value::{FormatError, FormatErrorKind, Limits};
pub use reader::Reader;
pub use ser::{Map, MapKey, Options, Seq, Serializer, append, to_vec};

use serde::Deserialize;

/// Reads a text with the default limits.
///
/// # Errors
/// With the category and the byte offset of what is wrong.
pub fn from_slice<'de, T: Deserialize<'de>>(text: &'de [u8]) -> Result<T, FormatError> {
    from_slice_with(text, Limits::default())
}

/// Reads a text with limits of its own.
///
/// # Errors
/// With the category and the byte offset of what is wrong.
pub fn from_slice_with<'de, T: Deserialize<'de>>(text: &'de [u8], limits: Limits) -> Result<T, FormatError> {
    let mut reader = Reader::new(text, limits)?;
    let value = reader.value()?;
    reader.end()?;
    Ok(value)
}
