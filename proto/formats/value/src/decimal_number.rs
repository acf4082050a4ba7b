//! Decimal numbers, as data.

use std::{fmt, str::FromStr};

use crate::{BigInt, FormatError, FormatErrorKind, Radix};

/// The largest exponent of a number in scientific notation, `decimal.MAX_EMAX` on 64 bits.
const MAX_EMAX: i64 = 999_999_999_999_999_999;
/// The smallest exponent of a last digit, `decimal.MIN_ETINY` on 64 bits.
const MIN_ETINY: i64 = -1_999_999_999_999_999_997;

/// Python's `decimal.Decimal`: its text.
///
/// It only carries numbers; it does no arithmetic. `Display` is Python's `str`; [`FromStr`] reads what Python's
/// constructor reads from ASCII and brings it into that form: `1e5` is `1E+5`, and `1.50` keeps its zero. Equality is
/// Python's: `1.5` equals `1.50`, and NaN equals nothing.
///
/// ```
/// use firesteel_value::Decimal;
/// let price: Decimal = "19.90".parse().unwrap();
/// assert_eq!(price.as_str(), "19.90");
/// assert_eq!(price, "1990e-2".parse().unwrap());
/// ```
#[derive(Clone, Debug)]
pub struct Decimal(Box<str>);

impl Decimal {
    /// The text, as Python's `str` gives it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a number: neither infinite nor NaN.
    pub fn is_finite(&self) -> bool {
        self.0.ends_with(|last: char| last.is_ascii_digit()) && !self.is_nan()
    }

    /// Whether it is a NaN, quiet or signaling.
    pub fn is_nan(&self) -> bool {
        self.0.contains('N')
    }

    /// Whether it is a signaling NaN, the only decimal that Python cannot hash.
    pub fn is_signaling(&self) -> bool {
        self.0.contains("sN")
    }

    /// Whether it has a minus sign.
    pub fn is_sign_negative(&self) -> bool {
        self.0.starts_with('-')
    }

    /// The digits without zeros at either end and the exponent of the last one; `None` if not finite.
    fn reduced(&self) -> Option<Reduced> {
        if !self.is_finite() {
            return None;
        }
        let Ok(Number::Finite { digits, exponent }) = Number::parse(self.0.strip_prefix('-').unwrap_or(&self.0)) else {
            return None;
        };
        let len = digits.trim_end_matches('0').len();
        if len == 0 {
            return Some(Reduced { negative: false, digits: String::new(), exponent: 0 });
        }
        let exponent = exponent + (digits.len() - len) as i64;
        Some(Reduced { negative: self.is_sign_negative(), digits: digits[..len].into(), exponent })
    }

    /// What it is as a key of a dict.
    pub(crate) fn to_key(&self) -> DecimalKey {
        let Some(number) = self.reduced() else {
            return match &*self.0 {
                "Infinity" => DecimalKey::Float(f64::INFINITY),
                "-Infinity" => DecimalKey::Float(f64::NEG_INFINITY),
                _ => DecimalKey::Float(f64::NAN),
            };
        };
        number.to_int().map(DecimalKey::Int).or_else(|| number.to_float().map(DecimalKey::Float)).unwrap_or_else(|| {
            DecimalKey::Other(format!(
                "{}{}E{}",
                if number.negative { "-" } else { "" },
                number.digits,
                number.exponent
            ))
        })
    }
}

/// A decimal as a key: Python has one hash and one equality for all numbers.
pub(crate) enum DecimalKey {
    Int(BigInt),
    Float(f64),
    /// No other type has this number.
    Other(String),
}

struct Reduced {
    negative: bool,
    /// Without zeros in front and at the end; empty for zero.
    digits: String,
    exponent: i64,
}

impl Reduced {
    /// The integer that this is. Few bytes must not become many digits: beyond those of floats (308), numbers that
    /// are written with an exponent are only compared with other decimals.
    fn to_int(&self) -> Option<BigInt> {
        let zeros = usize::try_from(self.exponent).ok().filter(|zeros| *zeros <= 400)?;
        BigInt::from_digits(self.negative, format!("0{}{}", self.digits, "0".repeat(zeros)).as_bytes(), Radix::Decimal)
            .ok()
    }

    /// The float that this is exactly.
    fn to_float(&self) -> Option<f64> {
        let places = self.exponent.checked_neg().filter(|places| (1..=1074).contains(places))? as usize;
        // A fraction in powers of two has at least 0.69 digits for each decimal place, and ends with a 5.
        if self.digits.len() > 767 || self.digits.len() * 10 < places * 6 || !self.digits.ends_with('5') {
            return None;
        }
        let float: f64 = format!("{}e{}", self.digits, self.exponent).parse().ok()?;
        let exact = format!("{float:.766e}");
        let (digits, exponent) = exact.split_once('e')?;
        let same = digits.replace('.', "").trim_end_matches('0') == self.digits
            && exponent.parse::<i64>().ok()? == self.exponent + self.digits.len() as i64 - 1;
        same.then_some(if self.negative { -float } else { float })
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Decimal) -> bool {
        match (self.reduced(), other.reduced()) {
            (Some(a), Some(b)) => (a.negative, a.digits, a.exponent) == (b.negative, b.digits, b.exponent),
            (None, None) => !self.is_nan() && self.0 == other.0,
            _ => false,
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Decimal {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Decimal, FormatError> {
        let text = text.trim().replace('_', "");
        let (sign, unsigned) = match text.as_bytes().first() {
            Some(b'-') => ("-", &text[1..]),
            Some(b'+') => ("", &text[1..]),
            _ => ("", &*text),
        };
        let mut canonical = String::with_capacity(text.len() + 4);
        canonical.push_str(sign);
        Number::parse(unsigned)?.write(&mut canonical);
        Ok(Decimal(canonical.into()))
    }
}

macro_rules! from_ints {
    ($($int:ty)*) => {$(
        impl From<$int> for Decimal {
            fn from(number: $int) -> Decimal {
                Decimal(number.to_string().into())
            }
        }
    )*};
}

from_ints!(i8 i16 i32 i64 i128 u8 u16 u32 u64 u128);

/// A decimal without its sign.
enum Number {
    /// The digits without zeros in front, at least one, and the exponent of the last.
    Finite {
        digits: String,
        exponent: i64,
    },
    Infinity,
    Nan {
        signaling: bool,
        payload: String,
    },
}

impl Number {
    fn parse(text: &str) -> Result<Number, FormatError> {
        let lower = text.to_ascii_lowercase();
        if lower == "inf" || lower == "infinity" {
            return Ok(Number::Infinity);
        }
        let (signaling, quiet) = match lower.strip_prefix('s') {
            Some(rest) => (true, rest),
            None => (false, &*lower),
        };
        if let Some(payload) = quiet.strip_prefix("nan") {
            if !payload.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(wrong());
            }
            return Ok(Number::Nan { signaling, payload: payload.trim_start_matches('0').into() });
        }
        let (number, exponent) = match lower.split_once('e') {
            Some((number, exponent)) => (number, parse_exponent(exponent)?),
            None => (&*lower, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = [whole, fraction].concat();
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let stripped = digits.trim_start_matches('0');
        let digits = if stripped.is_empty() { "0".into() } else { stripped.into() };
        let exponent = exponent - fraction.len() as i64;
        if exponent < MIN_ETINY || exponent + stripped.len() as i64 > MAX_EMAX + 1 {
            return Err(FormatError::new(FormatErrorKind::NumberRange, "the exponent of the decimal is out of range"));
        }
        Ok(Number::Finite { digits, exponent })
    }

    /// The layout of Python's `Decimal.__str__`.
    fn write(&self, out: &mut String) {
        let (digits, exponent) = match self {
            Number::Infinity => return out.push_str("Infinity"),
            Number::Nan { signaling, payload } => {
                out.push_str(if *signaling { "sNaN" } else { "NaN" });
                return out.push_str(payload);
            }
            Number::Finite { digits, exponent } => (digits, *exponent),
        };
        let point = exponent + digits.len() as i64;
        if exponent <= 0 && point > 0 {
            let (whole, fraction) = digits.split_at(point as usize);
            out.push_str(whole);
            if !fraction.is_empty() {
                out.push('.');
                out.push_str(fraction);
            }
        } else if exponent <= 0 && point > -6 {
            out.push_str("0.");
            out.push_str(&"00000"[..point.unsigned_abs() as usize]);
            out.push_str(digits);
        } else {
            out.push_str(&digits[..1]);
            if digits.len() > 1 {
                out.push('.');
                out.push_str(&digits[1..]);
            }
            out.push_str(&format!("E{:+}", point - 1));
        }
    }
}

fn parse_exponent(text: &str) -> Result<i64, FormatError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    // What is too long for an i64 is out of range with any digits that fit into memory; half the range leaves room.
    let magnitude = digits.parse().unwrap_or(i64::MAX).min(i64::MAX / 2);
    Ok(if text.starts_with('-') { -magnitude } else { magnitude })
}

#[cold]
fn wrong() -> FormatError {
    FormatError::new(FormatErrorKind::Syntax, "expected a decimal such as 1.5, 1E+5, Infinity or NaN")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn texts_have_the_layout_of_python() {
        for (text, canonical) in [
            ("0", "0"),
            ("-0.00", "-0.00"),
            ("+1_000.50", "1000.50"),
            (" 1e5 ", "1E+5"),
            ("12e5", "1.2E+6"),
            ("0.000001", "0.000001"),
            ("0.0000001", "1E-7"),
            ("0.00000012", "1.2E-7"),
            ("00.10", "0.10"),
            (".5", "0.5"),
            ("5.", "5"),
            ("0e3", "0E+3"),
            ("0e-7", "0E-7"),
            ("0E-6", "0.000000"),
            ("inf", "Infinity"),
            ("-InFinity", "-Infinity"),
            ("nan", "NaN"),
            ("-sNaN007", "-sNaN7"),
            ("1e999999999999999999", "1E+999999999999999999"),
            ("1e-1999999999999999997", "1E-1999999999999999997"),
        ] {
            assert_eq!(decimal(text).as_str(), canonical, "{text}");
            assert_eq!(decimal(canonical).as_str(), canonical);
        }
        for text in ["", "-", ".", "1e", "e5", "1.2.3", "--1", "1e5.5", "nanx", "infin", "0x1", "1 2", "١", "ä"] {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
        for text in ["1e1000000000000000000", "12e999999999999999999", "1e-9999999999999999999999"] {
            assert_eq!(text.parse::<Decimal>().unwrap_err().category(), FormatErrorKind::NumberRange, "{text}");
        }
    }

    #[test]
    fn equality_is_that_of_numbers() {
        for (a, b) in [("1.5", "1.50"), ("0", "-0.000"), ("1E+3", "1000"), ("Infinity", "inf")] {
            assert_eq!(decimal(a), decimal(b));
        }
        for (a, b) in [("1.5", "-1.5"), ("NaN", "NaN"), ("Infinity", "-Infinity"), ("1", "1E+1"), ("1", "NaN")] {
            assert_ne!(decimal(a), decimal(b));
        }
    }
}
