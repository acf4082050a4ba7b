//! serpent as a serde format: Python literals, as Pyro sends them by default.
//!
//! Reading accepts what Python's `serpent.loads` accepts, which is any text that `ast.literal_eval` takes; writing
//! gives byte for byte what `serpent.dumps` gives (version 1.43, without indentation).
//!
//! ```
//! use firesteel_serpent::{Options, from_slice, to_vec};
//!
//! let text = to_vec(&("answer", 42, [0.1, 1e16]), &Options::default()).unwrap();
//! assert_eq!(text, b"# serpent utf-8 python3.2\n('answer',42,(0.1,1e+16))");
//! let (name, number, floats): (String, i64, Vec<f64>) = from_slice(&text).unwrap();
//! assert_eq!((&*name, number, &floats[..]), ("answer", 42, &[0.1, 1e16][..]));
//! ```
//!
//! How Rust's types map to Python's stands in the documentation of `firesteel_value`; its `Value` is any literal.
//! [`Reader`] walks through a text step by step. Strings without escapes are borrowed from the text (`&str`,
//! `Cow<str>`).
//!
//! # Bytes
//!
//! serpent writes bytes as a dict, `{'data': base64, 'encoding': 'base64'}`, unless [`Options::bytes_repr`] asks for
//! literals. A `Value` keeps that dict, as Python does (`Value::bytes` decodes it); typed targets (`Blob`,
//! `serde_bytes`, also `Vec<u8>`) accept both.
//!
//! # Dates, decimals and UUIDs
//!
//! serpent writes them as strs, and a timedelta as its seconds in a float: to a `Value`, they come back as such. Typed
//! targets (`DateTime`, `Date`, `Time`, `TimeDelta`, `Decimal`, `Uuid`) read those forms.
//!
//! # Differences from Python
//!
//! Reading:
//! - `\N{...}` in a string is refused as unsupported, and lone surrogates (`'\ud800'`) are refused as such.
//! - The name `set` in `set()` may not be put in parentheses, nor spelt with compatibility characters.
//! - `{'__class__': 'float', 'value': 'nan'}`, which serpent writes for NaN, is read as NaN, and its form for complex numbers
//!   with NaN likewise. Python leaves that to Pyro.
//! - The limit for nesting counts brackets, as Python's tokenizer does. Python's parser sometimes gives up one
//!   level earlier.
//!
//! Writing:
//! - What nobody could read back is refused: bytes as base64, NaN and dicts as keys of dicts or in sets.
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
pub use ser::{HEADER, Map, Options, Seq, Serializer, append, to_vec};

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
    match reader.value().and_then(|value| reader.end().map(|()| value)) {
        Ok(value) => Ok(value),
        Err(error) => from_bare_tuple(text, limits, error),
    }
}

/// What was no value may still be a tuple without parentheses.
#[cold]
fn from_bare_tuple<'de, T: Deserialize<'de>>(
    text: &'de [u8],
    limits: Limits,
    error: FormatError,
) -> Result<T, FormatError> {
    let start = Reader::new(text, limits)?;
    if !start.is_bare_tuple() {
        return Err(error);
    }
    let mut reader = start.into_bare();
    reader.value().and_then(|value| reader.end().map(|()| value))
}
