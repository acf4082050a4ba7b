//! Python's data model for serde.
//!
//! Every format of firesteel reads and writes through serde. What a Python program sends is not known in advance, and
//! Python has types that serde's model lacks; this crate fills both gaps:
//!
//! - [`Value`] is any Python value. It reads from and writes to every serde format; [`to_value`] and [`from_value`]
//!   convert to and from Rust types. Its `Display` is Python's `repr`.
//! - [`names`] are the reserved names under which sets, complex numbers, large integers and so on travel through
//!   serde; [`Set`], [`FrozenSet`], [`Complex`], [`BigInt`], [`Blob`] (bytes), [`DateTime`], [`Date`], [`Time`],
//!   [`TimeDelta`], [`Decimal`] and [`Uuid`] are such types for typed code.
//! - [`FormatError`] and [`Limits`] are shared by all formats, [`pyrepr`] by all that write Python's literals.
//!
//! # How Rust maps to Python
//!
//! | Rust | Python |
//! |---|---|
//! | `Vec`, slices, any seq | list |
//! | tuples, tuple structs, arrays | tuple |
//! | maps, structs | dict |
//! | [`Instance`] | a dict with `__class__`, from which Pyro makes an instance |
//! | `Option::None`, `()`, unit structs | `None` |
//! | enums | as in `serde_json`: `'Unit'`, `{'Newtype': value}`, `{'Tuple': (..)}`, `{'Struct': {..}}` |
//! | integers up to 128 bits, [`BigInt`] | int |
//! | `f32`, `f64` | float |
//! | `char`, `str` | str |
//! | [`Blob`], `serialize_bytes` | bytes |
//! | [`DateTime`], [`Date`], [`Time`], [`TimeDelta`] | the types of `datetime` |
//! | [`Decimal`], [`Uuid`] | `decimal.Decimal`, `uuid.UUID` |
//!
//! Lone surrogates, which a Python `str` can hold, are refused in every format, in both directions.

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

mod bigint;
mod blob;
mod complex;
#[doc(hidden)]
pub mod content;
mod datetime;
mod de;
#[doc(hidden)]
pub mod decimal;
mod decimal_number;
mod dict;
mod display;
mod error;
mod forward;
mod from_value;
mod instance;
mod key;
mod limits;
pub mod names;
pub mod pyrepr;
mod rewrite;
mod ser;
#[doc(hidden)]
pub mod short;
mod special;
mod tagged;
mod to_value;
mod truth;
mod uuid;
mod value;
mod wrap;

pub use bigint::{BigInt, MAX_DIGITS, Radix};
pub use blob::{Blob, decode_base64};
pub use complex::Complex;
pub use datetime::{Date, DateTime, Time, TimeDelta};
pub use decimal_number::Decimal;
pub use dict::Dict;
pub use error::{FormatError, FormatErrorKind};
pub use from_value::from_value;
pub use instance::{CLASS, Instance};
pub use limits::Limits;
pub use rewrite::Rewrite;
pub use tagged::{Tagged, UnitContent, VariantContent};
pub use to_value::{ValueSerializer, to_value};
pub use uuid::Uuid;
pub use value::Value;
pub use wrap::{FrozenSet, Set};
