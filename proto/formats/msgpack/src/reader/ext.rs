//! Extension types, as Pyro's `MsgpackSerializer.ext_hook` reads them.

use firesteel_value::{BigInt, Complex, Date, DateTime, FormatError, FormatErrorKind, Radix};

use super::Reader;
use crate::{codes, times};

/// The value of an extension type.
#[derive(Debug)]
pub(crate) enum Ext {
    Int(BigInt),
    Complex(Complex),
    DateTime(DateTime),
    Date(Date),
}

impl Reader<'_> {
    /// The code of the extension type at the cursor, if one stands there. Nothing is consumed.
    pub(crate) fn ext_code(&self) -> Option<u8> {
        let behind = match self.peek()? {
            0xd4..=0xd8 => 1,
            marker @ 0xc7..=0xc9 => 1 + (1 << (marker - 0xc7)),
            _ => return None,
        };
        self.rest.get(behind).copied()
    }

    /// An integer beyond 64 bits, if one stands at the cursor; else nothing is consumed.
    pub(crate) fn large_int(&mut self) -> Result<Option<BigInt>, FormatError> {
        if self.ext_code() != Some(codes::INT) {
            return Ok(None);
        }
        let len = match self.byte()? {
            marker @ 0xd4..=0xd8 => 1 << (marker - 0xd4),
            marker => self.length(marker - 0xc7)?,
        };
        match self.ext(len)? {
            Ext::Int(number) => Ok(Some(number)),
            _ => Ok(None),
        }
    }

    /// The code and data of an extension type, whose length was read.
    pub(crate) fn ext(&mut self, len: usize) -> Result<Ext, FormatError> {
        let start = self.offset();
        let code = self.byte()?;
        let data = self.take(len)?;
        self.decode(code, data).map_err(|error| error.or_offset(start))
    }

    fn decode(&self, code: u8, data: &[u8]) -> Result<Ext, FormatError> {
        let malformed = |what| Err(FormatError::new(FormatErrorKind::Syntax, what));
        match code {
            codes::COMPLEX => match data.as_chunks::<8>() {
                ([re, im], []) => Ok(Ext::Complex(Complex::new(f64::from_le_bytes(*re), f64::from_le_bytes(*im)))),
                _ => malformed("a complex number needs 16 bytes"),
            },
            codes::INT => integer(data).map(Ext::Int),
            codes::DATETIME => match <&[u8; 8]>::try_from(data).ok() {
                Some(data) => times::from_timestamp(f64::from_le_bytes(*data), self.utc_offset).map(Ext::DateTime),
                None => malformed("a datetime needs 8 bytes"),
            },
            codes::DATE => match <&[u8; 8]>::try_from(data).ok() {
                Some(data) => times::date(i64::from_le_bytes(*data)).map(Ext::Date),
                None => malformed("a date needs 8 bytes"),
            },
            codes::TIMESTAMP => match *data {
                [a, b, c, d] => times::from_utc(u32::from_be_bytes([a, b, c, d]).into(), 0).map(Ext::DateTime),
                [a, b, c, d, e, f, g, h] => {
                    let both = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
                    // 30 bits of nanoseconds above 34 bits of seconds.
                    times::from_utc((both & 0x3_ffff_ffff) as i64, (both >> 34) as u32).map(Ext::DateTime)
                }
                [a, b, c, d, e, f, g, h, i, j, k, l] => {
                    let seconds = i64::from_be_bytes([e, f, g, h, i, j, k, l]);
                    times::from_utc(seconds, u32::from_be_bytes([a, b, c, d])).map(Ext::DateTime)
                }
                _ => malformed("a timestamp needs 4, 8 or 12 bytes"),
            },
            code => {
                // Python's code is signed.
                let message = format!("invalid ext code for msgpack: {}", code as i8);
                Err(FormatError::new(FormatErrorKind::Unsupported, message))
            }
        }
    }
}

/// Decimal text as Python's `int` takes it: blanks around it, a sign, underscores between digits.
fn integer(text: &[u8]) -> Result<BigInt, FormatError> {
    let text = text.trim_ascii();
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let well_placed = digits.split(|byte| *byte == b'_').all(|part| !part.is_empty());
    if !well_placed {
        return Err(FormatError::new(FormatErrorKind::Syntax, "an integer needs decimal digits"));
    }
    BigInt::from_digits(negative, digits, Radix::Decimal)
}
