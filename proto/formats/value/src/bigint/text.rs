//! Decimal, hexadecimal, octal and binary text.

use std::{fmt, str::FromStr};

use super::BigInt;
use crate::{FormatError, FormatErrorKind};

/// The most decimal digits that are read or written, as in Python. Both directions are quadratic, so a cap is needed;
/// hexadecimal, octal and binary text is linear and has none.
pub const MAX_DIGITS: usize = 4300;

/// The largest power of ten in a limb.
const CHUNK: u64 = 10_000_000_000_000_000_000;
const CHUNK_DIGITS: usize = 19;

/// The base of the digits of an integer: those that Python's literals have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Radix {
    /// `0b1`
    Binary = 2,
    /// `0o7`
    Octal = 8,
    /// `9`
    Decimal = 10,
    /// `0xf`
    Hexadecimal = 16,
}

impl BigInt {
    /// Reads digits; underscores are skipped.
    ///
    /// # Errors
    /// `Syntax` for anything that is not a digit or if there is none, `NumberRange` above [`MAX_DIGITS`] decimal digits.
    pub fn from_digits(negative: bool, digits: &[u8], radix: Radix) -> Result<BigInt, FormatError> {
        let count = digits.iter().filter(|digit| **digit != b'_').count();
        if count == 0 {
            return Err(invalid());
        }
        let limbs = match radix {
            Radix::Binary => from_bits(digits, 1)?,
            Radix::Octal => from_bits(digits, 3)?,
            Radix::Decimal => from_decimal(digits, count)?,
            Radix::Hexadecimal => from_bits(digits, 4)?,
        };
        Ok(BigInt::from_limbs(negative, limbs))
    }

    /// Decimal text, as Python's `str` gives it.
    ///
    /// # Errors
    /// `NumberRange` above [`MAX_DIGITS`] digits, in Python's words.
    pub fn to_decimal(&self) -> Result<String, FormatError> {
        const BITS: u64 = 14_285; // 10 ** 4300 has so many
        if self.bits() > BITS {
            return Err(too_long());
        }
        let mut limbs = self.limbs.to_vec();
        let mut chunks = Vec::with_capacity(limbs.len() + limbs.len() / 64 + 1);
        while !limbs.is_empty() {
            chunks.push(divide_by_chunk(&mut limbs));
            while limbs.last() == Some(&0) {
                limbs.pop();
            }
        }
        let mut digits = itoa::Buffer::new();
        let mut text = String::with_capacity(chunks.len() * CHUNK_DIGITS + 1);
        if self.negative {
            text.push('-');
        }
        text.push_str(digits.format(chunks.pop().unwrap_or(0)));
        while let Some(chunk) = chunks.pop() {
            let digits = digits.format(chunk);
            text.extend(std::iter::repeat_n('0', CHUNK_DIGITS - digits.len()));
            text.push_str(digits);
        }
        if text.len() - usize::from(self.negative) > MAX_DIGITS {
            return Err(too_long());
        }
        Ok(text)
    }

    /// Hexadecimal text as Python's `hex` gives it: `-0x1f`.
    pub fn to_hex(&self) -> String {
        use fmt::Write;
        let mut text = String::from(if self.negative { "-0x" } else { "0x" });
        let mut limbs = self.limbs.iter().rev();
        // Writing into a String does not fail.
        let _ = write!(text, "{:x}", limbs.next().unwrap_or(&0));
        for limb in limbs {
            let _ = write!(text, "{limb:016x}");
        }
        text
    }

    /// Decimal text, or hexadecimal text for more than [`MAX_DIGITS`] digits. [`FromStr`] reads both.
    pub fn to_text(&self) -> String {
        self.to_decimal().unwrap_or_else(|_| self.to_hex())
    }
}

/// Reads `-123`, `+123`, `0x1f`, `-0o17`, `0b1`.
impl FromStr for BigInt {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<BigInt, FormatError> {
        let (negative, digits) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            all => (false, all),
        };
        match digits {
            [b'0', b'x' | b'X', rest @ ..] => BigInt::from_digits(negative, rest, Radix::Hexadecimal),
            [b'0', b'o' | b'O', rest @ ..] => BigInt::from_digits(negative, rest, Radix::Octal),
            [b'0', b'b' | b'B', rest @ ..] => BigInt::from_digits(negative, rest, Radix::Binary),
            all => BigInt::from_digits(negative, all, Radix::Decimal),
        }
    }
}

impl fmt::Display for BigInt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

fn from_decimal(digits: &[u8], count: usize) -> Result<Vec<u64>, FormatError> {
    if count > MAX_DIGITS {
        return Err(FormatError::new(
            FormatErrorKind::NumberRange,
            format!(
                "Exceeds the limit ({MAX_DIGITS} digits) for integer string conversion: value has {count} digits; \
                 consider hexadecimal for large integer literals"
            ),
        ));
    }
    let mut limbs = Vec::with_capacity(count / CHUNK_DIGITS + 1);
    let (mut chunk, mut scale) = (0, 1);
    for digit in digits.iter().filter(|digit| **digit != b'_') {
        if !digit.is_ascii_digit() {
            return Err(invalid());
        }
        chunk = chunk * 10 + u64::from(digit - b'0');
        scale *= 10;
        if scale == CHUNK {
            multiply_add(&mut limbs, scale, chunk);
            (chunk, scale) = (0, 1);
        }
    }
    multiply_add(&mut limbs, scale, chunk);
    Ok(limbs)
}

fn from_bits(digits: &[u8], width: u32) -> Result<Vec<u64>, FormatError> {
    let mut limbs = Vec::with_capacity(digits.len() * width as usize / 64 + 1);
    let (mut limb, mut filled) = (0_u128, 0);
    for digit in digits.iter().rev().filter(|digit| **digit != b'_') {
        let digit = char::from(*digit).to_digit(1 << width).ok_or_else(invalid)?;
        limb |= u128::from(digit) << filled;
        filled += width;
        if filled >= 64 {
            limbs.push(limb as u64);
            limb >>= 64;
            filled -= 64;
        }
    }
    limbs.push(limb as u64);
    Ok(limbs)
}

fn multiply_add(limbs: &mut Vec<u64>, factor: u64, term: u64) {
    let mut carry = u128::from(term);
    for limb in limbs.iter_mut() {
        let product = u128::from(*limb) * u128::from(factor) + carry;
        *limb = product as u64;
        carry = product >> 64;
    }
    if carry != 0 {
        limbs.push(carry as u64);
    }
}

fn divide_by_chunk(limbs: &mut [u64]) -> u64 {
    let mut rest = 0_u128;
    for limb in limbs.iter_mut().rev() {
        let part = rest << 64 | u128::from(*limb);
        *limb = (part / u128::from(CHUNK)) as u64;
        rest = part % u128::from(CHUNK);
    }
    rest as u64
}

fn invalid() -> FormatError {
    FormatError::new(FormatErrorKind::Syntax, "invalid integer")
}

fn too_long() -> FormatError {
    FormatError::new(
        FormatErrorKind::NumberRange,
        format!("Exceeds the limit ({MAX_DIGITS} digits) for integer string conversion"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn big(text: &str) -> BigInt {
        text.parse().unwrap()
    }

    #[test]
    fn decimal_and_hex_agree() {
        assert_eq!(big("0x1_0000_0000_0000_0000"), big("18446744073709551616"));
        assert_eq!(big("-340282366920938463463374607431768211456").to_hex(), format!("-0x1{}", "0".repeat(32)));
        assert_eq!(big("0o7777777777777777777777777").to_decimal().unwrap(), "37778931862957161709567");
        assert_eq!(big("-0b0").to_decimal().unwrap(), "0");
        assert_eq!(big("10000000000000000000000000000000000000000").to_text(), format!("1{}", "0".repeat(40)));
    }

    #[test]
    fn the_cap_is_that_of_python() {
        let nines = "9".repeat(MAX_DIGITS);
        assert_eq!(big(&nines).to_decimal().unwrap(), nines);
        assert!(format!("1{}", "0".repeat(MAX_DIGITS)).parse::<BigInt>().is_err());
        let hex = format!("0x{}", "f".repeat(4000));
        assert_eq!(big(&hex).to_decimal().unwrap_err().category(), FormatErrorKind::NumberRange);
        assert_eq!(big(&hex).to_text(), hex);
        // 10 ** 4300 - 1 has the same number of bits as 10 ** 4300, which is refused.
        let hex = big(&nines).to_hex();
        let above = big(&format!("{}f", &hex[..hex.len() - 1]));
        assert!(above.to_decimal().is_ok() || above > big(&nines));
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in ["", "-", "0x", "1a", "0b2", "0o8", " 1", "--1"] {
            assert!(text.parse::<BigInt>().is_err(), "{text:?}");
        }
    }
}
