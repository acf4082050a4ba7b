//! Python's pickle as a serde format, as data: no code ever runs.
//!
//! ```
//! use firesteel_pickle::{Options, from_slice, to_vec};
//!
//! let pickle = to_vec(&("answer", 42, [0.5]), &Options::default()).unwrap();
//! assert_eq!(pickle, b"\x80\x02X\x06\x00\x00\x00answerK\x2aG\x3f\xe0\0\0\0\0\0\0\x85\x87.");
//! let (name, number, floats): (String, i64, Vec<f64>) = from_slice(&pickle).unwrap();
//! assert_eq!((&*name, number, &floats[..]), ("answer", 42, &[0.5][..]));
//! ```
//!
//! How Rust's types map to Python's stands in the documentation of `firesteel_value`; its `Value` is any value.
//! [`Reader`] walks through the values step by step. Strings and bytes are borrowed from the input.
//!
//! # Reading
//!
//! A pickle is a program for a stack machine (`Lib/pickle.py`, `Modules/_pickle.c`), which can name any function of
//! Python and call it. Here the machine runs, protocols 0 to 5 and what Python 2 wrote, but the names are looked up in
//! a list and stand for values; every other name is refused as unsupported, whatever the pickle would do with it:
//!
//! | Name | Value |
//! |---|---|
//! | `set`, `frozenset`, `bytes`, `bytearray`, `complex`, `Ellipsis` | these |
//! | `datetime.*`, `decimal.Decimal`, `uuid.UUID` | these; a `timezone` only within another |
//! | `collections.OrderedDict`, `collections.deque`, `array.array` | dict, list, list or str |
//! | exceptions of `builtins`, `Pyro4.errors`, `Pyro5.errors` | Pyro's class dict: `__exception__`, `args`, `attributes` |
//! | `Pyro4.core.URI`, `Proxy`, `Daemon` | Pyro's class dict with its `state` |
//! | `Pyro4.futures._ExceptionWrapper` | Pyro's class dict with the `exception` |
//!
//! Names of Python 2 (`__builtin__`, `exceptions`, `copy_reg`) mean the same. The str of Python 2 is text if it is ASCII
//! and bytes if not. Persistent ids, the extension registry and out-of-band buffers are refused.
//!
//! Differences from Python: nothing may follow the pickle; containers that contain themselves are refused, and so are
//! values that grow too large because they are used again and again; lone surrogates are refused; texts of numbers are
//! decimal digits and nothing else; what the machine drops is not decoded, so that nothing wrong is found in it.
//!
//! # Writing
//!
//! Protocols 2 to 4, without a memo: everything is written where it stands. What is read from the names above is
//! written with them. Any other instance is written by the name of its class, see [`Options::any_class`].
//!
//! # Hostile input
//!
//! Nothing panics, nothing recurses without a bound, time is linear in the size of the input, and no length is believed
//! before as many bytes were seen. What sharing adds to the size of the values is bounded by 4 MiB and 32 times the
//! input.

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

mod arena;
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
mod globals;
mod machine;
mod op;
mod reader;
mod scalar;
mod ser;

pub use firesteel_value::{FormatError, FormatErrorKind, Limits};
pub use reader::Reader;
pub use ser::{Map, Options, Seq, Serializer, append, to_vec};

use de::Cursor;
use serde::Deserialize;

/// Reads a pickle with the default limits.
///
/// # Errors
/// With the category and the byte offset of what is wrong.
pub fn from_slice<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, FormatError> {
    from_slice_with(bytes, Limits::default())
}

/// Reads a pickle with limits of its own.
///
/// # Errors
/// With the category and the byte offset of what is wrong.
pub fn from_slice_with<'de, T: Deserialize<'de>>(bytes: &'de [u8], limits: Limits) -> Result<T, FormatError> {
    let arena = machine::run(bytes, limits)?;
    arena.check_end()?;
    let root = Cursor { arena: &arena, node: arena.root };
    T::deserialize(root).map_err(|error| error.or_offset(arena.offset(arena.root)))
}
