//! Numbers.

use firesteel_value::{BigInt, Complex, FormatError, FormatErrorKind};

use super::Reader;
use crate::codes;

/// Any number.
#[derive(Debug)]
pub(crate) enum Number {
    Int(i64),
    /// Any other integer that fits.
    Wide(i128),
    Big(BigInt),
    Float(f64),
    Complex(Complex),
}

/// How many bits there are in a digit of a long.
const DIGIT_BITS: usize = 15;
/// As many digits as fit an i128.
const WIDE_DIGITS: usize = 8;

impl<'de> Reader<'de> {
    /// The next value if it is a number; else nothing is consumed.
    #[inline]
    pub(crate) fn number(&mut self) -> Result<Option<Number>, FormatError> {
        let code = self.peek();
        let read = match code {
            codes::INT => Reader::int,
            codes::FLOAT => Reader::float,
            _ => return self.rare_number(code),
        };
        self.advance();
        read(self).map(Some)
    }

    fn rare_number(&mut self, code: u8) -> Result<Option<Number>, FormatError> {
        let read = match code {
            codes::LONG => Reader::long,
            codes::INT64 => Reader::int64,
            codes::TEXT_FLOAT => Reader::text_float,
            codes::COMPLEX => Reader::complex,
            codes::TEXT_COMPLEX => Reader::text_complex,
            _ => return Ok(None),
        };
        self.advance();
        read(self).map(Some)
    }

    #[inline(always)]
    fn int(&mut self) -> Result<Number, FormatError> {
        self.int_value().map(Number::Int)
    }

    #[inline(always)]
    fn float(&mut self) -> Result<Number, FormatError> {
        self.float_value().map(Number::Float)
    }

    /// Behind the code: an integer of four bytes.
    #[inline(always)]
    pub(crate) fn int_value(&mut self) -> Result<i64, FormatError> {
        Ok(i32::from_le_bytes(self.array()?).into())
    }

    /// Behind the code: a float of eight bytes.
    #[inline(always)]
    pub(crate) fn float_value(&mut self) -> Result<f64, FormatError> {
        Ok(f64::from_le_bytes(self.array()?))
    }

    fn int64(&mut self) -> Result<Number, FormatError> {
        Ok(Number::Int(i64::from_le_bytes(self.array()?)))
    }

    fn complex(&mut self) -> Result<Number, FormatError> {
        Ok(Number::Complex(Complex::new(self.float_value()?, self.float_value()?)))
    }

    /// A sign and digits of 15 bits, each in two bytes; the size has the sign of the number.
    fn long(&mut self) -> Result<Number, FormatError> {
        let size = i32::from_le_bytes(self.array()?);
        let Some(count) = usize::try_from(size.unsigned_abs()).ok().filter(|_| size != i32::MIN) else {
            return Err(self.syntax("the size of an integer is out of range"));
        };
        let digits = self.take(count.saturating_mul(2))?.as_chunks::<2>().0;
        if digits.iter().any(|digit| digit[1] & 0x80 != 0) {
            return Err(self.syntax("a digit of an integer is out of range"));
        }
        if digits.last() == Some(&[0, 0]) {
            return Err(self.syntax("an integer begins with a zero digit"));
        }
        if count > WIDE_DIGITS {
            return Ok(Number::Big(big(size < 0, digits)));
        }
        let digits = digits.iter().rev().map(|digit| i128::from(u16::from_le_bytes(*digit)));
        let magnitude = digits.fold(0_i128, |sum, digit| sum << DIGIT_BITS | digit);
        let number = if size < 0 { -magnitude } else { magnitude };
        Ok(i64::try_from(number).map_or(Number::Wide(number), Number::Int))
    }

    fn text_float(&mut self) -> Result<Number, FormatError> {
        self.float_from_text().map(Number::Float)
    }

    fn text_complex(&mut self) -> Result<Number, FormatError> {
        Ok(Number::Complex(Complex::new(self.float_from_text()?, self.float_from_text()?)))
    }

    fn float_from_text(&mut self) -> Result<f64, FormatError> {
        let len = self.byte()?;
        let text = self.take(len.into())?;
        // Rust reads the same words and digits as Python's C API.
        let float = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
        float.ok_or_else(|| {
            FormatError::at(FormatErrorKind::Syntax, self.offset() - text.len(), "could not convert string to float")
        })
    }
}

fn big(negative: bool, digits: &[[u8; 2]]) -> BigInt {
    let mut bytes = Vec::with_capacity(digits.len() * DIGIT_BITS / 8 + 1);
    // Eight digits are fifteen bytes.
    for some in digits.chunks(8) {
        let digits = some.iter().rev().map(|digit| u128::from(u16::from_le_bytes(*digit)));
        let bits = digits.fold(0_u128, |sum, digit| sum << DIGIT_BITS | digit);
        bytes.extend_from_slice(&bits.to_le_bytes()[..DIGIT_BITS]);
    }
    BigInt::from_magnitude_le(negative, &bytes)
}
