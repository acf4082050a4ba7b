//! The reserved names through which types that serde's model lacks travel in every format.
//!
//! **Writing**: such a type calls `serialize_newtype_struct` with its name. A format of firesteel intercepts the name;
//! any other format just writes the content, which is chosen to make sense there.
//!
//! **Reading**: a type asks with `deserialize_newtype_struct` and its name. A format of firesteel that needs to know
//! intercepts it; any other one answers with `visit_newtype_struct`, behind which the type asks `deserialize_any`.
//!
//! [`VALUE`] asks for everything: a format that intercepts it reports what serde cannot express through
//! `visit_enum` with a tag of [`tag`] (see [`Tagged`](crate::Tagged)), all else by the usual visits.

/// What all reserved names begin with.
pub const RESERVED: &str = "$firesteel::";

/// Reading only: any value, special types reported as tagged (see [`tag`]).
pub const VALUE: &str = "$firesteel::value";
/// A set; its content is a seq.
pub const SET: &str = "$firesteel::set";
/// A frozen set; its content is a seq.
pub const FROZENSET: &str = "$firesteel::frozenset";
/// A complex number; its content is a tuple of two f64. Read from such a tuple, a number, or a map `real`, `imag`.
pub const COMPLEX: &str = "$firesteel::complex";
/// An integer outside of i64 and u64; its content is a str, decimal up to 4300 digits, else `0x` and hexadecimal
/// digits, both with `-` in front if negative. Read from any integer or, in formats that intercept it, such a str.
pub const INT: &str = "$firesteel::int";
/// A bytearray; its content is bytes.
pub const BYTEARRAY: &str = "$firesteel::bytearray";
/// Python's `...`; its content is a unit.
pub const ELLIPSIS: &str = "$firesteel::ellipsis";
/// An instance of a class; its content is a map whose first key is `__class__`.
pub const INSTANCE: &str = "$firesteel::instance";
/// A `datetime.datetime`; its content is a str as of `isoformat()`. Formats report one with `fold` set to readers
/// with `[fold=1]` behind that text.
pub const DATETIME: &str = "$firesteel::datetime";
/// A `datetime.date`; its content is a str as of `isoformat()`.
pub const DATE: &str = "$firesteel::date";
/// A `datetime.time`; its content is a str as of `isoformat()`. Formats report one with `fold` set to readers with
/// `[fold=1]` behind that text.
pub const TIME: &str = "$firesteel::time";
/// Writing only: a datetime or a time whose `fold` is set; its content is that, under its own name.
pub const FOLD: &str = "$firesteel::fold";
/// A `datetime.timedelta`; its content is a tuple of days (i64), seconds and microseconds (u32), normalised as Python
/// does. Read from such a tuple, a number of seconds, or a str as of Python's `str(timedelta)`.
pub const TIMEDELTA: &str = "$firesteel::timedelta";
/// A `decimal.Decimal`; its content is a str as of Python's `str(decimal)`. Read from such a str or a number.
pub const DECIMAL: &str = "$firesteel::decimal";
/// A `uuid.UUID`; its content is a str as of Python's `str(uuid)`.
pub const UUID: &str = "$firesteel::uuid";

/// The tags that a format reports to a visitor that asked for [`VALUE`], and what the content behind each is.
pub mod tag {
    /// A tuple: a seq.
    pub const TUPLE: &str = "tuple";
    /// A set: a seq.
    pub const SET: &str = "set";
    /// A frozen set: a seq.
    pub const FROZENSET: &str = "frozenset";
    /// A complex number: a tuple of two f64.
    pub const COMPLEX: &str = "complex";
    /// An integer outside of i128: a str as in [`INT`](super::INT). Smaller ones are visited as i64, u64 or i128.
    pub const INT: &str = "int";
    /// A bytearray: bytes.
    pub const BYTEARRAY: &str = "bytearray";
    /// Python's `...`: a unit variant.
    pub const ELLIPSIS: &str = "ellipsis";
    /// An instance: a map with `__class__`. A map that is visited as such is looked at for `__class__` anyway.
    pub const INSTANCE: &str = "instance";
    /// A datetime: a str as in [`DATETIME`](super::DATETIME).
    pub const DATETIME: &str = "datetime";
    /// A date: a str as in [`DATE`](super::DATE).
    pub const DATE: &str = "date";
    /// A time: a str as in [`TIME`](super::TIME).
    pub const TIME: &str = "time";
    /// A timedelta: a tuple as in [`TIMEDELTA`](super::TIMEDELTA).
    pub const TIMEDELTA: &str = "timedelta";
    /// A decimal: a str as in [`DECIMAL`](super::DECIMAL).
    pub const DECIMAL: &str = "decimal";
    /// A UUID: a str as in [`UUID`](super::UUID).
    pub const UUID: &str = "uuid";
}
