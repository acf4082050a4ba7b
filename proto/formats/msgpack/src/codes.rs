//! The codes of extension types: those of Pyro (`Pyro5/serializers.py`), and the timestamp of msgpack itself.

/// Two f64: a complex number.
pub(crate) const COMPLEX: u8 = 0x30;
/// Decimal text: an integer beyond 64 bits.
pub(crate) const INT: u8 = 0x31;
/// An f64: seconds since 1970, a datetime without a time zone.
pub(crate) const DATETIME: u8 = 0x32;
/// An i64: days, of which 0001-01-01 is the first; a date.
pub(crate) const DATE: u8 = 0x33;
/// Seconds and nanoseconds since 1970 in UTC, in one of three forms. The code is -1.
pub(crate) const TIMESTAMP: u8 = 0xff;
